"""Lists a tree, one JSON object a line, with all that two trees can differ in.

Walks by directory descriptors: it sees paths of any length, which most tools do not. The digest
covers the content without its zeros (each 64 KiB block that is not all zeros, with its offset), so
a hole and written zeros count as the same content and 5 GiB of hole cost nothing; where the holes
are is listed apart.
"""

import base64
import errno
import hashlib
import json
import os
import resource
import stat
import sys

BLOCK = 65536
ZEROS = bytes(BLOCK)
KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
}


def segments(fd, size):
    found, at = [], 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break
            raise
        end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        found.append([start, end - start])
        at = end
    return found


def digest(fd, data):
    sha = hashlib.sha256()
    last = -1
    for start, length in data:
        # Blocks on the grid of the file, whole even where a segment holds part of them.
        for block in range(start // BLOCK, (start + length + BLOCK - 1) // BLOCK):
            if block == last:
                continue
            last = block
            piece = os.pread(fd, BLOCK, block * BLOCK)
            if piece != ZEROS[: len(piece)]:
                sha.update(b"%d:%d:" % (block, len(piece)))
                sha.update(piece)
    return sha.hexdigest()


def attributes(path):
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        return {"!": error.strerror}
    values = {}
    for name in names:
        key = os.fsencode(name).decode("latin1")
        try:
            value = os.getxattr(path, name, follow_symlinks=False)
            values[key] = base64.b64encode(value).decode()
        except OSError as error:
            values[key] = "!" + str(error.strerror)
    return values


def entry(path, fd, name):
    now = os.lstat(name, dir_fd=fd)
    kind = KINDS[stat.S_IFMT(now.st_mode)]
    at = b"/proc/self/fd/%d/%s" % (fd, name)
    seen = {
        "path": path.decode("latin1"),
        "kind": kind,
        "mode": stat.S_IMODE(now.st_mode),
        "owner": [now.st_uid, now.st_gid],
        "mtimeNs": str(now.st_mtime_ns),
        "inode": f"{now.st_dev}:{now.st_ino}",
        "xattrs": attributes(at),
    }
    if kind != "directory":
        seen["linkCount"] = now.st_nlink
    if kind == "symlink":
        seen["target"] = os.readlink(name, dir_fd=fd).decode("latin1")
    if kind in ("character", "block"):
        seen["device"] = [os.major(now.st_rdev), os.minor(now.st_rdev)]
    if kind == "file":
        seen["size"] = str(now.st_size)
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd)
        except OSError as error:
            seen["unreadable"] = error.strerror
            return seen
        try:
            seen["data"] = segments(file, now.st_size)
            seen["digest"] = digest(file, seen["data"])
        finally:
            os.close(file)
    return seen


def walk(root):
    stack = [(b"", root)]  # A loop, not recursion: trees may be deeper than Python's stack.
    while stack:
        above, fd = stack.pop()
        for raw in sorted(os.fsencode(it) for it in os.listdir(fd)):
            path = above + b"/" + raw if above else raw
            seen = entry(path, fd, raw)
            if seen["kind"] == "directory":
                try:
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                    stack.append((path, os.open(raw, flags, dir_fd=fd)))
                except OSError as error:
                    seen["unreadable"] = error.strerror
            print(json.dumps(seen))
        os.close(fd)


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    root = os.open(sys.argv[1].encode("latin1"), os.O_RDONLY | os.O_DIRECTORY)
    print(json.dumps(entry(b".", root, b".")))
    walk(root)


main()
