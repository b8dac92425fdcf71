#!/bin/sh
# What `holdfast look HOST` runs on HOST, sent over ssh to `sh -s`. It reads and prints; it judges nothing, writes nothing, starts no
# service, uses no network, and ends within LIMIT seconds (first argument, else 30) whatever hangs. What it prints stands in
# docs/format/look.md. Secrets in configuration are masked here, before they leave this machine. Read it from the end: `main`, then
# `collect`. Any POSIX shell and awk will do (dash, bash, BusyBox, CentOS 7); no awk below ever sees a zero byte.
export LC_ALL=C PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin" QUOTING_STYLE=escape PAGER=cat GIT_PAGER=cat
export GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=none; nl=$(printf '\n_') nl=${nl%_}
# What every awk begins with. \002 stands for the zero byte.
lib='
function esc(s,  i) {
  if (s ~ /["\\]/) gsub(/["\\]/, "\\\\&", s)
  if (s ~ /[\001-\037]/) { gsub(/\002/, "\\u0000", s); for (i = 1; i < 32; i++) gsub(sprintf("%c", i), sprintf("\\u%04x", i), s) }
  return s }
function str(s) { return "\"" esc(s) "\"" }
function tell(kind, path, rest) { print "[\"" kind "\"," str(path) rest "]" }
function notseen(what, why, command, path) { tell("notseen", what, "," str(why) "," str(command) "," str(path)) }
function type_of(mode) { return mode ~ /^-/ ? "f" : mode ~ /^[dl]/ ? substr(mode, 1, 1) : "o" }
# Without the values of what is called password, secret, token, key or the like, nor passwords in addresses or after -p.
function mask(s,  low, out, pre, name) {
  low = tolower(s); if (hiding == "block" && s ~ /^[^ \t]/) hiding = ""
  if (hiding != "") { if (index(s, hiding)) hiding = ""; return "***" }
  if (s ~ /-----BEGIN/) hiding = "-----END"
  if (hiding != "" || low ~ /^[ \t]*#.*(pass|pwd|secret|token|key|cred|auth)/) return "# ***"
  if (low !~ /pass|pwd|secret|token|key|cred|auth|:\/\/|-u|-p/) return s
  for (; match(low, /(pass|pwd|secret|token|key|cred|auth)[a-z0-9_.-]*["\047]?([ \t]*[=:]|[ \t\002])[ \t]*/); low = tolower(s)) {
    pre = substr(low, 1, RSTART - 1); name = substr(low, RSTART, RLENGTH)
    out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
    # The name of a file with a password is none; a word after a blank is a value only where an option stands before it.
    if (name ~ /file["\047]?[ \t\002=:]*$/ || (name !~ /[=:]/ && pre !~ /(^|[ \t\002])--?[a-z0-9-]*$/)) continue
    if (is_args) match(s, /^[^\002]*/)
    else if (pre ~ /"[a-z0-9_.-]*$/ && name !~ /"/) match(s, /^[^"]*/)
    else if (name ~ /["\047]/) match(s, /^("([^"\\]|\\.)*"|[^ ,}]*)/)
    else if (s ~ /^(\$\(|`)/ || (name ~ /:|[ \t]$/ && s !~ /^["\047]/)) match(s, /.*/)
    else match(s, /^("([^"\\]|\\.)*"|\047[^\047]*\047|\\.|[^ \t;&|"\047\\])*/)
    if (s ~ /^[|>][-+0-9]*$/) hiding = "block"; s = substr(s, (RLENGTH > 0 ? RLENGTH : 0) + 1); out = out "***"
    if (!is_args && pre !~ /["\047][a-z0-9_.-]*$/ && s ~ /^["\047]/) { hiding = substr(s, 1, 1); s = "" } }
  for (s = out s; match(s, /:\/\/[^\/:@ \t\002"\047]*:[^ \t\002"\047]*@/); ) s = substr(s, 1, RSTART - 1) "://***@" substr(s, RSTART + RLENGTH)
  if (s !~ /mysql|maria|xtrabackup|mydumper|mongo|sshpass|7z|curl|wget|lftp|ncftp|smbclient|redis-cli|ldap|plink|pscp/) return s
  for (out = ""; match(s, /([ \t\002](-p|-pw|-u|-U|-w|--user)|redis-cli[^|;&]*[ \t\002]-a)[ \002=]?("[^"]*"|\047[^\047]*\047|[^ \t\002"\047])+/); s = substr(s, RSTART + RLENGTH))
    out = out substr(s, 1, RSTART + 2) "***"
  return out s }'
# notseen WHAT COMMAND PATH: for want of root. Words of this script only, in which nothing is to be escaped.
notseen() { [ "$me" = 0 ] || printf '["notseen","%s","not readable as %s","%s","%s"]\n' "$1" "$user" "$2" "$3"; }
safe() { # PATH: no part of it, links followed by hand, is a mount that may hang ($avoid). Such a mount is never touched.
  rest=${1#/} at='' hops=0
  while [ "$avoid" != "$nl" ] && [ -n "$rest" ]; do
    part=${rest%%/*}; case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case $part in '' | .) continue ;; ..) at=${at%/*}; continue ;; esac
    case $avoid in *"$nl$at/$part$nl"*) return 1 ;; esac
    if ! [ -L "$at/$part" ]; then at=$at/$part; continue; fi
    hops=$((hops + 1)) to=$(readlink "$at/$part") && [ $hops -le 8 ] && rest=$to/$rest || return 1
    case $to in /*) at='' ;; esac; done; }
# names PATH...: those that are there and safe, one a line. A name with a newline is never printed: it could forge a line.
names() { for name; do case $name in *"$nl"*) ;; *) safe "$name" && [ -e "$name" ] && printf '%s\n' "$name" ;; esac; done; }
only_safe() { while IFS= read -r name; do names "$name"; done; }
# send KIND: the files named on standard input. Of a `config` only what names a repository (the file beside it may be a password),
# of `paths` their stat, and the text of scripts; of others all.
send() {
  tr '\n' '\000' | xargs -0 stat -L -c '%A %s %b %Y %n' -- | awk -v kind="$1" "$lib"'match($0, / \//) && ++count <= 3000 {
    path = substr($0, RSTART + 1); is_proc = path ~ /^\/proc\//; wanted = kind != "config"; body = hiding = ""; size = 0
    if (kind == "paths") tell("stat", path, ",\"" type_of($1) "\"," $2 "," $3 "," $4)
    if (!/^-/ || $2 > (kind == "paths" ? 65536 : 1000000)) next
    while ((got = (getline line < path)) > 0 && (size += length(line) + 1) <= (is_proc ? 4000000 : 262144)) {
      if (kind == "paths" && body == "" && line !~ /^#!/) break
      if (line ~ /repositor|REPO|source_dir|PREFIX/) wanted = 1
      if (length(body) > 60000 && wanted) { tell("file", path, ",\"" body "\",2"); body = "" }
      body = body esc(is_proc ? line : mask(line)) "\\n" } close(path)
    if (got < 0) tell("denied", path); else if (wanted && (kind != "paths" || body != "")) tell("file", path, ",\"" body "\"," got) }'; }
lists() { # TYPE DIRECTORY...: the names in each, all of one type. It is not asked for: to look at a snapshot of ZFS mounts it.
  type=$1; shift; for folder; do safe "$folder" && [ -d "$folder" ] && [ -r "$folder" ] && printf '%s\0' "$folder"; done |
    xargs -0 ls -1A /proc/self/task | type=$type awk "$lib"'
      function finish() { if (path !~ /^\/proc|^$/) tell("list", path, ",\"" body "\""); body = "" }
      /^\// { finish(); path = substr($0, 1, length($0) - 1); next }
      $0 != "" && length(body) < 200000 { gsub(/\\ /, " "); body = body ENVIRON["type"] esc($0) "\\u0000" }
      END { finish() }'; }
record() { # NAME [COMMAND]: standard input, whose last line is an exit status, as what a command printed.
  name=$1 asked=${2:-$1} awk "$lib"'NR > 1 && length(body) < 200000 { body = body esc(substr(mask(last), 1, 2000)) "\\n" } { last = $0 } END {
    name = ENVIRON["name"]; sub(/(\\n)+$/, "\\n", body); print "[\"run\"," str(name) "," last + 0 ",\"" (body == "\\n" ? "" : body) "\"]"
    if (last ~ /^(124|137|143)$/) notseen(name, "it did not answer in time", ENVIRON["asked"], "")
    if (length(body) >= 200000) notseen("the rest of " name, "it is too long", ENVIRON["asked"], "") }'; }
# run NAME SECONDS COMMAND...: what it prints, where there is such a command. It ends after that, or when the time for it is over.
run() { name=$1 most=$2; shift 2; command -v "$1" >/dev/null && { timed "$most" "$@"; printf '\n%s\n' $?; } | record "$name" "$*"; }
timed() { now; left=$(($1 < until - now ? $1 : until - now)); shift
  if [ $left -le 0 ]; then return 124; elif [ -n "$timeout" ]; then timeout -s KILL $left "$@"; else "$@"; fi; }
now() { IFS=' ' read -r now _ </proc/uptime; now=${now%.*}; }
# mounts CLASS: where `local` file systems are, or what else `answers`, or what `may hang`: whatever is not known to answer.
# The kernel writes blanks as \040; for a name with a newline its directory stands.
mounts() {
  awk -v class="$1" '{
    for (i = 7; i < NF && $i != "-"; i++); type = $(i + 1); path = $5; is = "may hang"
    if (type ~ /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|nilfs2|bcachefs|ntfs3?|vfat|exfat|msdos|udf|fuseblk)$/) is = "local"
    if (type ~ /^(overlay|aufs|tmpfs|ramfs|hugetlbfs|devtmpfs|squashfs|iso9660|erofs|cramfs|romfs|proc|sysfs|devpts|cgroup2?|cpuset)$/ ||
      type ~ /^(securityfs|pstore|bpf|configfs|debugfs|tracefs|mqueue|fusectl|efivarfs|binfmt_misc|nfsd|selinuxfs|nsfs|rootfs)$/) is = "answers"
    if (is != class || shown[path]++) next
    sub(/\/[^\/]*\\012.*/, "", path); gsub(/\\040/, " ", path); gsub(/\\011/, "\t", path); gsub(/\\134/, "\\", path); print path }' /proc/self/mountinfo; }
trees() { # where data are likely to lie, as candidates.ts has it; what is no directory falls out in `walk`.
  names /etc /root /usr/local /var/mail /var/vmail /var/spool/cron /var/backups
  for each in docker/volumes containers/storage/volumes libvirt/images vz grafana gitea forgejo jenkins nextcloud redis ldap influxdb \
    prometheus elasticsearch rabbitmq mysql postgresql pgsql mongodb mongo; do names /var/lib/$each; done
  # A parent is one row itself where files lie loose in it, where there are too many directories, or none to be seen.
  for parent in /srv /home /opt /var/www /var/opt; do
    safe $parent || continue; n=0 rows=$(names $parent/* $parent/.[!.]*)
    case $rows in '') ;; *) n=$(printf '%s\n' "$rows" | while IFS= read -r each; do [ -f "$each" ] && seq 25; echo; done | wc -l) ;; esac
    if [ "$n" -gt 24 ] || { [ -d $parent ] && ! [ -r $parent ]; }; then echo $parent; else printf '%s\n' "$rows"; fi; done
  { names /*; mounts local | only_safe; } | grep -vxE -e '/|/(bin|lib|lib32|lib64|libx32|lost.found|media|mnt|root|sbin|sys)' \
    -e '/(boot|dev|etc|home|nix|opt|proc|run|snap|srv|tmp|usr|var)(/.*)?'; }
parts() { # DIRECTORY: itself, or what is in it where a mount that may hang lies below, which find would touch.
  case $avoid in *"$nl$1/"*) ;; *) printf '%s\n' "$1"; return ;; esac
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case $avoid in *"$nl$each$nl"*) continue ;; esac
    case $each in *"$nl"*) ;; *) { [ -L "$each" ] || [ -e "$each" ]; } && parts "$each" ;; esac; done; }
walk() { # stat of all in the trees on standard input, each in a quarter of the time left. A name with a newline is counted, not printed.
  sum='%A %u %g %s %b %Y' IFS=$nl; set -f
  set -- $(sort -u | while IFS= read -r each; do [ -L "$each" ] || ! [ -d "$each" ] || printf '%s\n' "$each"; done)
  { mounts answers; mounts local; printf '%s\n' "$@"; } | sed 's/^/skip /'
  for root; do
    now; share=$(((until - now) / ($# < 4 ? $# : 4))) found=$(set +f; parts "$root"); shift; printf 'root %s\n' "$root"
    timed $((share > 0 ? share : 1)) find $found -xdev -path "*$nl*" -exec stat -c "$sum" -- {} + -o -exec stat -c "$sum %n" -- {} +
    echo "over $?"; done; }
# Sums of what `walk` prints. A directory comes before what is in it: of those that are open sums are kept, as du does. The directory
# of a database or a repository of a backup tool, told by the names in it, has sums of its own.
sums='
function enter(path) { dir[++d] = path; bytes[d] = entries[d] = folders[d] = newest[d] = refused[d] = 0; told[d] = marks[d] = "" }
function leave(cut,  is) {
  is = told[d] ~ /\/(ibdata1|WiredTiger\.wt|pg_wal|pg_xlog|kopia\.repository(\.f)?|basebackups_005|\.chunks|wals|backup\.info|hints\.[0-9]+)\// ||
    told[d] ~ /\/((hourly|daily|weekly|monthly|alpha|beta|gamma|delta)\.0|duplicity-full[^\/]*)\/|\/keys\/.*\/snapshots\/|\/snapshots\/.*\/keys\//
  if (is) printf "%s", marks[d]
  if (is || d == 1) tell("tree", dir[d], sprintf(",%.0f,%d,%d,%d,%d,", bytes[d], entries[d], folders[d], newest[d], refused[d]) str(cut))
  else {
    bytes[d - 1] += bytes[d]; entries[d - 1] += entries[d]; folders[d - 1] += folders[d]; refused[d - 1] += refused[d]
    if (newest[d] > newest[d - 1]) newest[d - 1] = newest[d] }
  d-- }
function mark() { return "[\"mark\"," str(path) stat "]\n" }
function note(at) { # A borg repository is known by what its README says.
  if (length(told[at]) < 2000) { told[at] = told[at] "/" name "/"; marks[at] = marks[at] mark() (name == "README" ? "?head 200 " path "\n" : "") } }
function head(wanted) { if (++heads <= 3000) printf "%s", mark(); if (wanted && heads <= 150) print "?head", wanted, path }
function may_read() { return me == 0 || substr($1, $2 == me ? 2 : index(groups, " " $3 " ") ? 5 : 8, 3) ~ /^r.[xst]/ }
BEGIN { me = ENVIRON["me"]; groups = " " ENVIRON["groups"] " " } /^skip / { skip[substr($0, 6)] = 1; next } /^root / { enter(substr($0, 6)); next }
/^over / { while (d) leave($2 ~ /^(124|137|143)$/ ? "stopped at its time limit" : ""); outside = ""; fflush(); next }
{
  type = type_of($1); stat = ",\"" type "\"," $4 "," $5 "," $6; path = name = ""
  if (match($0, / \//)) {
    path = substr($0, RSTART + 1); if (outside != "" && index(path, outside) == 1) next
    match(path, /[^\/]*$/); name = substr(path, RSTART)
    for (parent = substr(path, 1, RSTART - 2); d > 1 && parent != dir[d]; ) leave("") }
  if (path != dir[1]) entries[d]++
  if (name ~ /^(PG_VERSION|base|global|pg_wal|pg_xlog|ibdata1|WiredTiger(\.wt)?|config|data|index|keys|snapshots|README|archive|backup)$/ ||
    name ~ /^(hints\.[0-9]+|kopia\.repository(\.f)?|wals|incoming|streaming|basebackups_005|\.chunks|\.lock|[a-z]+\.0|duplicity-full\..*)$/)
    note(d)
  if (name == "backup.info" && d > 2 && dir[d - 1] ~ /\/backup$/) note(d - 2)
  if (name ~ /^\.(git|hg|svn)$/ && type != "l") { printf "%s", mark(); if (name == ".git") print "?git", $2, $3, parent }
  if (type == "d") {
    if (path in skip && path != dir[1]) { outside = path "/"; next }
    if (path != "") { if (path != dir[1]) enter(path); marks[d] = mark() }
    if (may_read()) folders[d]++; else refused[d]++
    next }
  if ($6 > newest[d]) newest[d] = $6; if (type != "f") next
  held = $4 > 1048576 && $5 * 512 < $4 ? $5 * 512 : $4; bytes[d] += held; name = tolower(name)
  if (name ~ /\.(qcow2?|raw|img|vmdk|vdi|vhdx?)$/) { if (held >= 67108864) head(0) }
  else if (name ~ /\.(sqlite3?|db3?)$/) { if (held >= 16777216) head(16) }
  else if (name ~ /\.(sql|dump|pgdump|archive|bson)(\.(gz|bz2|xz|zst|lz4|gpg|age|enc))?$/) head(4096)
  else if (name ~ /^[a-z][a-z0-9_.-]*[-_][0-9][0-9][0-9]+$|^vzdump-(qemu|lxc|openvz)-[0-9]/ && held > 1048576) head(16) }'
data() { # sums; the first bytes of what may be a dump or an SQLite; the state of at most 40 Git trees.
  trees | walk | me=$me groups=$(id -G) awk "$lib$sums" | {
    gits='' && while IFS= read -r line; do
      case $line in "?git "*) gits=$gits${line#* }$nl ;; "?head "*) line=${line#* }; head_of "${line%% *}" "${line#* }" ;; *) printf '%s\n' "$line" ;; esac
    done; until=$((started + limit * 9 / 10))
    command -v git >/dev/null && printf %s "$gits" | head -n 40 | while read -r uid gid path; do git_tree "$uid" "$gid" "$path"; done
  }; }
head_of() {
  od -A n -v -t u1 -N "$1" -- "$2" | path=$2 awk "$lib"'{ for (i = 1; i <= NF; i++) body = body ($i + 0 ? esc(sprintf("%c", $i + 0)) : "\\u0000") }
    END { tell("file", ENVIRON["path"], ",\"" body "\",1") }'; }
git_tree() { # UID GID PATH: asked as its owner, since the configuration of a tree can name programs to run.
  as="setpriv --reuid=$1 --regid=$2 --clear-groups --no-new-privs env HOME=/nonexistent"
  if [ "$1" = "$me" ]; then as=''; elif ! $as true; then as=false; fi
  timed 4 $as sh -c 'ask() { git --no-optional-locks --no-pager -c core.fsmonitor=false -C "$0" "$@"; }
    changes=$(ask status --porcelain --ignore-submodules=all) || exit # As git before 2.15, which would write.
    printf "%s\n" "$changes" | awk "/^[?][?]/ { new++; next } /./ { old++ } END { print new + 0; print old + 0 }"
    ask rev-list --count HEAD --branches --not --remotes || echo -1; ask remote | wc -l
    ask config -f .gitmodules --get-regexp "^submodule[.].*[.]path$" | while read -r _ at; do [ -e "$0/$at/.git" ] || echo; done | wc -l' "$3" |
    path=$3 awk "$lib"'{ numbers = numbers "," $1 + 0 } END { path = ENVIRON["path"]
      if (NR == 5) tell("git", path, numbers); else notseen("a Git tree", "an old git, no answer in time, or of another user", "git status", path) }'; }
processes() { # their arguments, and what they have open that matters. $running was seen before this script started any.
  printf '%s\n' $running | awk '{
    file = $1 "/status"; pid = substr($1, 7); memory = 0   # Kernel threads have none.
    while ((getline < file) > 0) if (/^Uid:/) uid = $3; else if (/^VmSize:/) memory = 1
    close(file); if (memory) print pid, uid }' | while read -r pid uid; do
    printf '%s %s ' "$pid" "$uid"; tr '\000\n' '\002\001' <"/proc/$pid/cmdline"; echo; [ -r "/proc/$pid/fd" ] || echo "- $pid"
  done | awk "$lib"'BEGIN { is_args = 1 } $1 == "-" { tell("denied", "/proc/" $2 "/fd") } match($0, /^[0-9]+ [0-9]+ ./) {
    args = substr(mask(substr($0, RLENGTH)), 1, 60000); gsub(/\001/, "\n", args); print "[\"process\"," $1 "," $2 "," str(args) "]" }'
  ls -l /proc/[0-9]*/fd | awk "$lib"'/^\/proc\/[0-9]+\/fd:$/ { split($0, part, "/"); pid = part[3] }
    tolower($0) ~ / -> \/.*\.(qcow2?|raw|img|vmdk|vdi|vhdx?|sqlite3?|db3?)$/ {
      gsub(/\\ /, " "); print "[\"open\"," pid "," str(substr($0, index($0, " -> ") + 4)) "]" }'; }
configurations() { # KIND: of backup tools, as backup-configurations.ts looks for them; beside a `config` a password may lie.
  for at in /etc $homes; do [ "$at" = /etc ] || at=$at/.config
    if [ "$1" = config ]; then names $at/borgmatic/* $at/borgmatic.d/* $at/restic/* $at/resticprofile/* $at/wal-g/*; continue; fi
    names $at/rsnapshot.conf $at/pgbackrest.conf $at/pgbackrest/pgbackrest.conf $at/barman.conf $at/barman.d/* $at/duply/*/conf \
      $at/kopia/repository.config $at/bacula/*.conf $at/bareos/bareos-dir.d/fileset/* $at/bareos/bareos-sd.d/device/* $at/btrbk.conf \
      $at/bareos/bareos-fd.d/client/* $at/snapper/configs/* $at/btrbk/btrbk.conf $at/sanoid/sanoid.conf $at/zrepl/zrepl.yml \
      $at/pve/jobs.cfg $at/pve/vzdump.cron $at/proxmox-backup/datastore.cfg $at/postgresql/*/*/postgresql.conf $at/postgresql/*/*/conf.d/*.conf \
      $at/default/autopostgresqlbackup $at/default/automysqlbackup $at/borg/security/*/location; done; }
running() { ls -l /proc/[0-9]*/cwd | sed -n 's,.* -> /,/,p' | sort -u; }
clusters() { # configuration of PostgreSQL and MySQL beside their data, where they run; a link there may lead anywhere.
  running | while IFS= read -r at; do
    for at in "$at/postgresql.conf" "$at/postgresql.auto.conf" "$at/mysqld-auto.cnf"; do [ -L "$at" ] || names "$at"; done; done; }
unset_there() { # that nothing was set with SET PERSIST is told by a file that is empty.
  running | while IFS= read -r at; do case $at in *[!A-Za-z0-9/._-]*) ;; *)
    [ -e "$at/ibdata1" ] && [ ! -e "$at/mysqld-auto.cnf" ] && printf '["file","%s/mysqld-auto.cnf","",0]\n' "$at" ;; esac; done; }
schedules() { # files of cron, of units that are not the distribution's, and of its timers that are enabled.
  names /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/tabs/* /var/spool/cron/*
  for at in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system $homes; do
    case $at in */system) ;; *) at=$at/.config/systemd/user ;; esac; names "$at"/*.timer "$at"/*.service "$at"/*/*.conf; done
  for at in /etc/systemd/system/timers.target.wants/*.timer; do at=${at##*/}
    for unit in /usr/lib /lib; do [ -L $unit ] || names $unit/systemd/system/"${at%%[.@]*}"[.@]*; done; done; }
named_paths() { # [environment]: what the files on standard input name, outside comments: scripts, repositories; or EnvironmentFile=.
  tr '\n' '\000' | xargs -0 grep -hs / | awk -v wanted="$1" '/^[ \t]*#/ || (wanted != "") != /EnvironmentFile=/ { next } {
    sub(/EnvironmentFile=-?/, " ")
    for (; match($0, /(^|[ \t"\047=:<>;|&(])\/[^][ \t;|&<>"\047`$(){}=,:*?\\]+/); $0 = substr($0, RSTART + RLENGTH)) {
      path = substr($0, RSTART, RLENGTH); gsub(/^[^\/]|\/+$/, "", path); if (path !~ /^$|^\/(dev|proc|sys)\// && !seen[path]++) print path
    } }' | head -n 1000 | only_safe; }
sysfs() { # files of one line, in /sys. One grep prints them all, with their names, and stumbles over none.
  set -- block/*/dev block/*/*/dev block/*/size block/*/removable block/*/device/model block/*/queue/rotational block/*/dm/name \
    block/*/queue/write_cache block/*/slaves/*/dev block/*/*/slaves/*/dev block/*/dm/uuid block/*/loop/backing_file block/*/md/level \
    block/*/md/raid_disks block/*/md/degraded block/*/md/array_state block/*/md/sync_action block/*/md/dev-*/state fs/btrfs/*/label \
    fs/btrfs/*/devices/*/dev fs/btrfs/*/allocation/*/*/*_bytes fs/btrfs/*/devinfo/*/missing class/net/*/operstate class/net/*/speed \
    class/net/*/duplex class/net/*/address class/net/*/bonding/* class/net/*/bonding_slave/* class/dmi/id/sys_vendor module/zfs/parameters/zfs_txg_timeout
  grep -s '' "$@" | awk "$lib"'{ at = index($0, ":"); tell("file", "/sys/" substr($0, 1, at - 1), ",\"" esc(substr($0, at + 1)) "\\n\",0") }'; }
kernel_log() { # errors of storage, of seven days where there is a journal; the newest 200 lines.
  errors='(i/o|medium|scsi|nvme|ata[0-9.]+:|ext[234]|xfs|btrfs|jbd2|dm-|sd[a-z]+|md/|md:|zfs|zio|mmc).*(error|fail|corrupt|timeout|timed out|reset|abort)'
  errors="$errors|critical (medium|target)|unrecovered|remount.*read-only|lost .*page write|bad (block|sector)|degraded|server .* not responding"
  journal=$(ls /var/log/journal/*/system.journal /run/log/journal/*/system.journal | head -n 1)
  if [ -r "$journal" ]; then log='kernel log'; set -- journalctl -k --since -7days -n 20000 -o short-iso --no-pager -q
  elif timed 3 dmesg >/dev/null; then log=dmesg; set -- dmesg
  else notseen 'kernel log' 'sudo journalctl -k --since -7days -p warning' /dev/kmsg; return; fi
  { timed 6 "$@" | grep -iE "$errors" | tail -n 200; printf '\n0\n'; } | record "$log"; }
services() { # systemctl: where systemd does not run, it would read every unit by itself.
  [ ! -d /run/systemd/system ] || run 'systemctl unit-files' 8 systemctl list-unit-files --state=enabled --no-legend --no-pager
  [ ! -d /run/systemd/system ] || run 'systemctl units' 8 systemctl list-units --type=service,timer,socket,mount --no-legend --no-pager --plain
  run rc-status 4 rc-status -a; run systemd-detect-virt 3 systemd-detect-virt; run 'crontab -l' 3 crontab -l
  run 'ip addr' 3 ip -o addr show || run ifconfig 3 ifconfig -a; run ss 3 ss -t -u -l -n -p || run netstat 3 netstat -t -u -l -n -p
  run 'chronyc tracking' 3 chronyc -n -h 127.0.0.1 tracking; run 'ntpq -pn' 3 ntpq -pn 127.0.0.1
  run dpkg-query 5 dpkg-query -W -f '${Package}\t${Version}\n'; run apk 5 apk info -v
  as=''; [ "$me" = 0 ] && as='setpriv --reuid=65534 --clear-groups' # As root rpm would write lock files beside its database.
  command -v rpm >/dev/null && run rpm 8 $as rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\n'
  for at in $homes; do names "$at/.ssh/authorized_keys" "$at/.ssh/authorized_keys2"; done | while IFS= read -r at; do
    user_of=${at%/.ssh/*}; timed 2 ssh-keygen -l -f "$at" | sed "s,^,${user_of##*/}	$at	,"
  done | { head -n 1000; printf '\n0\n'; } | record 'authorized keys'
  notseen 'programs behind open ports' 'sudo ss -tulnp' ''
  notseen 'keys that let others in' 'sudo ssh-keygen -l -f /root/.ssh/authorized_keys' /root/.ssh/authorized_keys; }
firewall() { # Rules, as root, where the kernel has any: to ask would load its modules.
  notseen 'firewall rules' 'sudo nft list ruleset' ''; [ "$me" = 0 ] || return
  { [ ! -d /sys/module/nf_tables ] || timed 3 nft -s list ruleset || echo '# not seen'
    ! grep -q . /proc/net/ip_tables_names || timed 3 iptables-save || echo '# not seen'; printf '\n0\n'; } | record firewall; }
storage() { # --readonly takes no locks and writes no cache. A daemon or module is asked only where it runs: to ask would start it.
  lvm="--readonly --units b --nosuffix --separator | --config devices{write_cache_state=0}"
  if [ "$me" = 0 ]; then run lvs 5 lvs -a --segments $lvm -o vg_name,lv_name,lv_attr,segtype,stripes,lv_size,devices,lv_health_status
    run vgs 5 vgs $lvm; run pvs 5 pvs $lvm; fi
  command -v lvs >/dev/null && notseen LVM 'sudo lvs -a -o +devices' /dev/mapper/control
  [ ! -d /sys/module/zfs ] || { run 'zpool list' 4 zpool list -Hp -o name,size,health; run 'zpool status' 4 zpool status -P; }
  case $daemons in *libvirtd* | *virtqemud*) run 'virsh list' 5 virsh --readonly -c qemu:///system list --all ;; esac
  case $daemons in *dockerd*) run 'docker mounts' 5 sh -c \
    'docker ps -aq | xargs docker inspect -f "{{.Name}}{{range .Mounts}}	{{.Type}}:{{.Source}}{{end}}"' ;; esac
  [ -d /etc/libvirt/qemu ] && notseen 'guests that do not run' 'sudo virsh list --all' /etc/libvirt/qemu
  [ -d /var/lib/docker ] && notseen 'volumes of containers' 'sudo docker ps -a --format {{.Names}}:{{.Mounts}}' /var/lib/docker; }
collect() {
  avoid=$nl$(mounts 'may hang')$nl until=$((started + limit * 55 / 100)) daemons=$(cat /proc/[0-9]*/comm)
  homes=$(awk -F: '$6 ~ /^\/(root$|home\/)/ && $6 !~ /[ *?,&\[\\]/ && !seen[$6]++ { print $6 }' /etc/passwd | only_safe)
  names /proc/self/mountinfo /proc/self/mounts /proc/mdstat /proc/uptime /proc/sys/kernel/hostname /proc/sys/kernel/osrelease \
    /proc/sys/kernel/random/boot_id /proc/sys/vm/dirty_*_centisecs /proc/sys/fs/xfs/xfssyncd_centisecs /proc/net/bonding/* /etc/os-release \
    /etc/redhat-release /etc/alpine-release /etc/my.cnf /etc/mysql/my.cnf /etc/mysql/*.d/*.cnf /etc/my.cnf.d/*.cnf /etc/mongod.conf \
    /etc/lvm/backup/* /var/lib/glusterd/vols/*/info /var/lib/glusterd/vols/*/bricks/* /etc/puppet/puppet.conf /etc/puppetlabs/puppet/puppet.conf \
    /etc/chef/client.rb /etc/salt/minion /etc/ansible/ansible.cfg | send text; names /etc/libvirt/qemu/*.xml | head -n 500 | send text
  names /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/yum.repos.d/*.repo /etc/zypp/repos.d/*.repo /etc/apk/repositories /etc/pip.conf \
    /etc/npmrc /etc/docker/daemon.json | send text; clusters | send text; unset_there; (cd /sys && sysfs)
  { { echo 'holdfast look'; cat /etc/machine-id; } | sha256sum | cut -c 1-64; echo 0; } | record machine-id
  awk -F: "$lib"'{ if (length(s) < 200000) s = s esc($1 ":x:" $3 ":" $4 "::" $6 ":" $7) "\\n" } END { tell("file", "/etc/passwd", ",\"" s "\",0") }' /etc/passwd
  lists l /etc/systemd/system/timers.target.wants /etc/libvirt/qemu/autostart /run/openrc/started; lists f /etc/postgresql/*/*/conf.d /etc/mysql/*.d /etc/my.cnf.d
  lists d /var/lib/docker/volumes /var/lib/containers/storage/volumes /var/lib/lxc /var/lib/glusterd/vols
  lists d $(for at in .zfs/snapshot .snapshots @snapshots .btrbk btrbk_snapshots timeshift-btrfs/snapshots; do
    mounts local | sed "/[][ *?]/d; s,/*\$,/$at,"; done)
  { mounts answers; mounts local; } | only_safe | tr '\n' '\000' | xargs -0 stat -f -c '%S %b %a %n' -- | awk "$lib"'
    match($0, / \//) && $2 { tell("statfs", substr($0, RSTART + 1), sprintf(",%.0f,%.0f", $1 * $2, $1 * $3)) }'
  schedules | sort -u | send text; schedules | named_paths environment | send text
  configurations config | send config; configurations text | send text
  { schedules; configurations config; configurations text; } | named_paths | send paths
  { for at in $homes; do names $at/.config/borg/security/*/manifest-timestamp; done; names /etc/cron.hourly/* /etc/cron.daily/* \
    /etc/cron.weekly/* /etc/cron.monthly/* /var/lib/systemd/timers/stamp-* /run/systemd/timesync/*; } | send paths
  { names /etc/nginx/*.conf /etc/nginx/conf.d/* /etc/nginx/sites-enabled/* /etc/apache2/sites-enabled/* /etc/httpd/conf*/*.conf |
    tr '\n' '\000' | xargs -0 grep -sE '^[[:space:]]*(root|DocumentRoot)[[:space:]]' /dev/null | head -n 500; printf '\n0\n'; } | record 'web roots'
  for at in /var/spool/cron /var/spool/cron/crontabs; do [ -d $at ] && ! [ -r $at ] && printf '["denied","%s"]\n' $at; done
  notseen 'crontabs of others' 'sudo ls -l /var/spool/cron' /var/spool/cron
  processes; services; firewall; kernel_log; storage; until=$((started + limit * 80 / 100)); data; }
family() { # PID: it and all that it started: only that the watchdog ends. In `stat` a name with a newline could forge parents.
  grep -s ^PPid: /proc/[0-9]*/status | awk -F '[/:\t]+' -v root="$1" '{ parent[$3] = $6 } END {
    for (pid in parent) { hops = 0; for (at = pid; at > 1 && at != root && ++hops < 999; at = parent[at]); if (at == root) print pid } }'; }
main() {
  limit=${1:-30} cut='' timeout='' me=$(id -u) running=$(echo /proc/[0-9]*); now; started=$now
  timeout -s KILL 5 true && timeout=1; renice -n 19 -p $$ >/dev/null; ionice -c 3 -p $$
  user=$(id -un | tr '"\\' '//') time=$(date +%s.%N); case $time in *[!0-9.]* | *.) time=$(date +%s) ;; esac
  printf '["look",1,%s,%s,"%s"]\n' "$time" "$me" "$user"
  [ -r /proc/self/mountinfo ] || { echo '["end",0,"this is no Linux with a /proc"]'; return; }
  collect & work=$! # Ended, it is a zombie: nothing waits for it.
  while read -r _ _ state _ <"/proc/$work/stat" && [ "$state" != Z ]; do
    now; if [ $now -ge $((started + limit)) ]; then cut='something hung, and was left out'; kill -KILL $(family $work); echo; break; fi
    sleep 0.2 || sleep 1; done
  now; printf '["end",%s,"%s"]\n' $((now - started)) "$cut"
} 2>/dev/null </dev/null # Not in the last line, which, were it cut off on its way, would write to another file.
main "$@"
