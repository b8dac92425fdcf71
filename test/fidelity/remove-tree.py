"""Removes a tree whatever it holds: paths of any length, modes 0000, immutable files.

Never leaves the file system it began on, and follows no link. Missing is fine.
"""

import fcntl
import os
import resource
import stat
import struct
import sys

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
GET_FLAGS, SET_FLAGS, PROTECTED = 0x80086601, 0x40086602, 0x30  # Immutable, append only.


def release(fd):
    """Clears the flags that forbid removal; most files have none, and most cannot be asked."""
    try:
        flags = struct.unpack("l", fcntl.ioctl(fd, GET_FLAGS, bytes(8)))[0]
        if flags & PROTECTED:
            fcntl.ioctl(fd, SET_FLAGS, struct.pack("l", flags & ~PROTECTED))
    except OSError:
        return  # No such flags here, or not ours to clear: the removal itself will tell.


def enter(name, fd):
    try:
        return os.open(name, DIRECTORY, dir_fd=fd)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=fd)
        return os.open(name, DIRECTORY, dir_fd=fd)


def unlink(name, fd, kind):
    try:
        os.unlink(name, dir_fd=fd)
    except PermissionError:
        if not stat.S_ISREG(kind):
            raise
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fd)
        release(file)
        os.close(file)
        os.unlink(name, dir_fd=fd)


def remove(above, name):
    device = os.lstat(name, dir_fd=above).st_dev
    # Each level: the directory's descriptor, its name in the one above, what is still in it.
    levels = [(above, None, [name])]
    while levels:
        fd, own, names = levels[-1]
        if not names:
            levels.pop()
            if own is not None:
                os.close(fd)
                os.rmdir(own, dir_fd=levels[-1][0])
            continue
        child = names.pop()
        seen = os.lstat(child, dir_fd=fd)
        if not stat.S_ISDIR(seen.st_mode):
            unlink(child, fd, seen.st_mode)
            continue
        if seen.st_dev != device:
            sys.exit(f"{child!r} is another file system: not removed")
        below = enter(child, fd)
        release(below)
        if os.geteuid() != 0:
            os.fchmod(below, 0o700)
        levels.append((below, child, [os.fsencode(it) for it in os.listdir(below)]))


def main():
    path = sys.argv[1].encode("latin1")
    if not os.path.lexists(path):
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    above, name = os.path.split(os.path.abspath(path))
    if above in (b"/", b"") or not name:
        sys.exit(f"{path!r} is too near the root to be removed by a test")
    fd = os.open(above, os.O_RDONLY | os.O_DIRECTORY)
    remove(fd, name)
    os.close(fd)


main()
