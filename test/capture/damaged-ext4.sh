# Makes an ext4 image in the file $1, mounted for that at $2, in which one file and one directory are
# damaged: `closed` cannot be looked up, and of `comb.img` nothing can be read.
set -e
truncate -s 200M "$1"
mkfs.ext4 -q -O '^has_journal,^metadata_csum,^64bit,^dir_index,^inline_data' -b 1024 "$1"
mount -o loop "$1" "$2"
python3 - "$2" <<'PYTHON'
import os, sys

os.chdir(sys.argv[1])
fd = os.open("comb.img", os.O_RDWR | os.O_CREAT)
for at in range(40):
    os.pwrite(fd, bytes([at + 1]) * 4096, at << 20)
    os.fsync(fd)
os.close(fd)
fd = os.open("long.txt", os.O_RDWR | os.O_CREAT)
for at in range(40):
    os.pwrite(fd, bytes([at + 1]) * 65000, at * 65536)
    os.fsync(fd)
    os.pwrite(fd, bytes([at + 1]) * 536, at * 65536 + 65000)
os.close(fd)
os.mkdir("closed")
open("closed/inside", "w").write("x")
open("sound", "w").write("sound")
PYTHON
# A namespace that another process made meanwhile may hold the mount for longer: so all of it is
# written, and what is damaged is a copy.
sync -f "$2"
umount "$2"
cp --sparse=always "$1" "$1.copy"
mv "$1.copy" "$1"
leaf=$(debugfs -R 'ex /comb.img' "$1" 2>/dev/null | awk '$1 == "0/" { print $(NF - 1); exit }')
test -n "$leaf"
dd if=/dev/zero of="$1" bs=1024 seek="$leaf" count=1 conv=notrunc status=none
# A kind that nothing has.
debugfs -w -R 'sif /closed mode 0170755' "$1" 2>/dev/null >/dev/null
