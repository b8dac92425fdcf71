# What every script that changes a host begins with. Each step can be done twice, and be killed anywhere.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
LC_ALL=C
export PATH LC_ALL
own=/var/lib/holdfast

say() { printf 'hf %s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 9
}
has() { command -v "$1" >/dev/null 2>&1; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
flush() { sync "$1" 2>/dev/null || sync; }
# Two of these at once would take each other's drafts away. The kernel keeps it until this shell ends.
one_at_a_time() {
  if ! has flock || ! [ -d "$own" ]; then return 0; fi
  exec 9<"$own"
  flock -n 9 || fail 'another enroll or remove of Holdfast is at work on this host'
}
# Never across a mount: what somebody mounted there is not ours.
remove_tree() {
  is_there "$1" || return 0
  rm -rf --one-file-system -- "$1" 2>/dev/null || rm -rf -- "$1"
}

# PATH MODE: a file has its content, from stdin, all at once or not at all.
put_file() {
  rm -f -- "$1.hf-new"
  cat >"$1.hf-new"
  chmod "$2" "$1.hf-new"
  flush "$1.hf-new"
  mv -f -- "$1.hf-new" "$1"
}
# PATH COPY: what lies there is kept, once.
keep_original() {
  ! is_there "$2" || return 0
  is_there "$1" || return 0
  mkdir -p "$own/replaced"
  rm -rf -- "$2.hf-new"
  cp -a -- "$1" "$2.hf-new"
  flush "$2.hf-new"
  mv -- "$2.hf-new" "$2"
}
# PATH COPY: what was replaced comes back; where nothing was kept, nothing had been replaced.
put_back() {
  rm -f -- "$1.hf-new"
  is_there "$2" || return 0
  cp -a -- "$2" "$1.hf-new"
  mv -f -- "$1.hf-new" "$1"
  rm -f -- "$2"
}
put_link() {
  rm -f -- "$2.hf-new"
  ln -s -- "$1" "$2.hf-new"
  mv -fT -- "$2.hf-new" "$2" 2>/dev/null || { rm -f -- "$2" && mv -f -- "$2.hf-new" "$2"; }
}
# PATH LEVEL COPY: what root wrote into ours since stays, but for the level; the whole text is on stdin.
put_config() {
  if [ -n "$3" ] && ! is_there "$3"; then
    keep_original "$1" "$3"
    put_file "$1" 0644
  elif [ -f "$1" ]; then
    cat >/dev/null
    sed "s/^level:.*/level: $2/" "$1" | put_file "$1" 0644
  else
    put_file "$1" 0644
  fi
}
# ARCHIVE SHA256 DIRECTORY: what was unpacked before is replaced as a whole.
unpack_tree() {
  [ "$(head -c 64 "$3/.package-sha256" 2>/dev/null || :)" != "$2" ] || return 0
  [ "$(sha256sum <"$1" | head -c 64)" = "$2" ] || fail "$1 is not what was sent"
  remove_tree "$3.hf-new"
  mkdir "$3.hf-new"
  gzip -dc <"$1" | tar -xf - -C "$3.hf-new" --no-same-owner --strip-components=1
  printf '%s\n' "$2" >"$3.hf-new/.package-sha256"
  chown -R 0:0 "$3.hf-new"
  sync
  remove_tree "$3.hf-old"
  if is_there "$3"; then mv -- "$3" "$3.hf-old"; fi
  mv -- "$3.hf-new" "$3"
  remove_tree "$3.hf-old"
}
make_user() {
  ! id -u "$1" >/dev/null 2>&1 || return 0
  nologin=/usr/sbin/nologin
  [ -x "$nologin" ] || nologin=/sbin/nologin
  [ -x "$nologin" ] || nologin=/bin/false
  if has useradd; then
    useradd --system --user-group --no-create-home --home-dir "$2" --shell "$nologin" "$1"
  elif has adduser; then
    addgroup -S "$1" 2>/dev/null || :
    adduser -S -D -H -h "$2" -s "$nologin" -G "$1" "$1"
  else
    fail "neither useradd nor adduser is here to make the user $1"
  fi
}
# As that user, with nothing of root's.
as_user() {
  who=$1
  shift
  if has setpriv; then
    setpriv "--reuid=$who" "--regid=$who" --init-groups -- "$@"
  else
    su -s /bin/sh "$who" -c 'exec "$0" "$@"' -- "$@"
  fi
}
processes_of() {
  uid=$1
  for each in /proc/[0-9]*; do
    [ "$(stat -c %u "$each" 2>/dev/null || :)" != "$uid" ] || printf '%s\n' "${each#/proc/}"
  done
}
end_processes() {
  uid=$(id -u "$1" 2>/dev/null) || return 0
  for signal in TERM TERM TERM KILL; do
    pids=$(processes_of "$uid")
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086
    kill -"$signal" $pids 2>/dev/null || :
    sleep 1
  done
}
remove_user() {
  end_processes "$1"
  if id -u "$1" >/dev/null 2>&1; then
    if has userdel; then userdel "$1"; else deluser "$1"; fi
  fi
  if grep -q "^$1:" /etc/group 2>/dev/null; then
    if has groupdel; then groupdel "$1"; else delgroup "$1"; fi
  fi
}
is_systemd() { [ -d /run/systemd/system ] && has systemctl; }
