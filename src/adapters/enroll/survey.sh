# What a host is, and what of Holdfast is on it. Reads and prints; writes nothing. As root, by sh -s.
# Its arguments are paths: which of them are there is said.
set -u
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
LC_ALL=C
export PATH LC_ALL
own=/var/lib/holdfast

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'hf %s\n' "$*"; }

say begin 0
say uid "$(id -u)"
say kernel "$(uname -s)"
say machine "$(uname -m)"
libc=$( (getconf GNU_LIBC_VERSION || ldd --version 2>&1 | sed -n '1s/.*(.*) *\([0-9.]*\)$/glibc \1/p') 2>/dev/null)
say libc "${libc:-none}"
say free "$(df -Pk /opt 2>/dev/null | awk 'NR==2 {print $4}' || :)" \
  "$(df -Pk /var/lib 2>/dev/null | awk 'NR==2 {print $4}' || :)"
for each in systemctl sha256sum tar gzip dpkg rpm useradd userdel adduser setpriv; do
  ! has "$each" || say tool "$each"
done
[ ! -d /run/systemd/system ] || say systemd running
for each in holdfast holdfast-server; do
  ! id -u "$each" >/dev/null 2>&1 || say user "$each"
done
for each in "$@"; do
  if [ -e "$each" ] || [ -L "$each" ]; then say there "$each"; fi
done
[ ! -e /opt/holdfast/.package-sha256 ] || say unpacked "$(head -c 64 /opt/holdfast/.package-sha256)"
! has dpkg-query || case $(dpkg-query -W -f '${db:Status-Status} ${Version}' holdfast 2>/dev/null) in
  'installed '*) say package dpkg ;;
esac
! has rpm || ! rpm -q holdfast >/dev/null 2>&1 || say package rpm
[ ! -e "$own/agent/enrolled.json" ] || say agent enrolled

# What a removal keeps, and what it meets.
for each in "$own"/vault "$own"/vaults; do
  [ ! -e "$each" ] || say kept vault "$each"
done
undo=0
for each in "$own"/guard/plans/*/; do
  ls "$each" 2>/dev/null | grep -q '^journal-' || continue
  grep -qs '"outcome":"\(released\|undone\)"' "$each/result.json" || undo=$((undo + 1))
done
[ "$undo" = 0 ] || say kept undo "$undo"
if [ -d "$own" ]; then
  for each in "$own"/* "$own"/.[!.]*; do
    case ${each##*/} in
      agent | incoming | replaced | installed.json* | finish.sh | guard | vault | vaults) continue ;;
      state.db* | looks | scratch | frozen | connect | connect.lock | places) continue ;;
    esac
    [ ! -e "$each" ] || say kept other "$each"
  done
fi
behind=/usr/local/lib/holdfast/behind
if [ -d "$behind" ]; then
  find "$behind" -type f -name '*.original' | while read -r each; do
    each=${each#"$behind"}
    say wrapped "${each%.original}"
  done
fi
for each in /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* \
  /etc/cron.monthly/* /var/spool/cron/crontabs/* /var/spool/cron/* /etc/systemd/system/*.service \
  /etc/sudoers.d/*; do
  [ -f "$each" ] || continue
  case ${each##*/} in holdfast*) continue ;; esac
  ! grep -qs '^[^#]*holdfast ' "$each" || say caller "$each"
done
if [ -f "$own/installed.json" ]; then
  say list
  head -c 65537 "$own/installed.json"
fi
say end
