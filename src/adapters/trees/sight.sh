# What a tree and its host say of themselves. Reads only; nothing need be installed. The lines that
# set $root, $state (or '') and the paths that must exist as arguments stand before this.
LC_ALL=C; export LC_ALL
bytes() { dd bs=4096 count="$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'; echo; }
install_in() { [ -r "$1/guard/install.json" ]; }
echo holdfast-tree-sight/0
if [ -d "$root" ]; then
  if [ -r "$root" ] && [ -x "$root" ]; then echo state directory; else echo state unreadable; fi
elif [ -e "$root" ] || [ -L "$root" ]; then echo state other
else echo state absent
fi
printf 'path '; (cd -- "$root" 2>/dev/null && pwd -P | bytes 2) || echo
[ -r /etc/machine-id ] && { printf 'machine '; bytes 1 </etc/machine-id; }
# Of a container it is that of whichever host runs it today.
contained() {
  [ -e /run/.containerenv ] || [ -e /run/systemd/container ] ||
    grep -q ' /sys ro[, ]' /proc/self/mountinfo ||
    { tr '\0' '\n' </proc/1/environ | grep -q '^container='; }
}
hardware=/sys/class/dmi/id/product_uuid
[ -r "$hardware" ] && ! contained 2>/dev/null && { printf 'hardware '; bytes 1 <"$hardware"; }
marker=$root/.holdfast-tree
if [ -L "$marker" ]; then echo marker other
elif [ -f "$marker" ] && [ -r "$marker" ]; then printf 'marker '; bytes 2 <"$marker"
elif [ -e "$marker" ]; then echo marker other
fi
if [ -z "$state" ]; then
  own=$(command -v holdfast 2>/dev/null) && own=$(readlink -f -- "$own" 2>/dev/null)
  named=$(sed -n 's/^state:[[:space:]]*["'\'']\{0,1\}\([^"'\'' #]*\).*/\1/p' /etc/holdfast/holdfast.yaml 2>/dev/null)
  for each in "${HOLDFAST_STATE-}" "$named" "${own:+${own%/*/*}/.holdfast}" /var/lib/holdfast \
    "${XDG_STATE_HOME:-$HOME/.local/state}/holdfast"; do
    if [ -n "$each" ] && install_in "$each"; then state=$each; break; fi
  done
fi
if [ -n "$state" ] && install_in "$state"; then
  printf 'install '; bytes 1 <"$state/guard/install.json"
  for each in "$state"/guard/trees/t-*.json; do
    [ -f "$each" ] && [ -r "$each" ] && { printf 'registry '; bytes 64 <"$each"; }
  done
fi
for each do
  if [ -e "$root/$each" ]; then echo must 1; else echo must 0; fi
done
sed 's/^/mount /' /proc/self/mountinfo 2>/dev/null
echo end
