"""Makes the nodes given as JSON on standard input, and says what could not be made as asked.

Python, because the oracle must share no code with what it judges: no node, no koffi, no src/.
Every name is reached through directory descriptors, so paths may be longer than 4096 bytes.
"""

import base64
import fcntl
import json
import os
import random
import stat
import struct
import sys

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
GET_FLAGS, SET_FLAGS, IMMUTABLE = 0x80086601, 0x40086602, 0x10
WORDS = "vault place manifest snapshot drill evidence standing exposure plan verdict undo".split()


def raw(text):
    return text.encode("latin1")


def parent(root, path):
    """Descriptor of the directory that holds `path`, made where missing, and the last name."""
    *above, name = raw(path).split(b"/")
    fd = os.dup(root)
    for part in above:
        try:
            os.mkdir(part, 0o755, dir_fd=fd)
        except FileExistsError:
            pass
        below = os.open(part, DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = below
    return fd, name


def content(part):
    dice = random.Random(part["seed"])
    length = part["length"]
    if part["fill"] == "random":
        return dice.randbytes(length)
    if part["fill"] == "text":
        lines, size = [], 0
        while size < length:
            lines.append(" ".join(dice.choices(WORDS, k=8)) + "\n")
            size += len(lines[-1])
        return "".join(lines).encode()[:length]
    return bytes([part["fill"]]) * length


def write_file(node, fd, name):
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=fd)
    try:
        for part in node["parts"]:
            data = content(part)
            assert os.pwrite(file, data, part["offset"]) == len(data)
        os.ftruncate(file, node["size"])
    finally:
        os.close(file)


def make(root, node, fd, name):
    kind = node["kind"]
    if kind == "file":
        write_file(node, fd, name)
    elif kind == "directory":
        try:
            os.mkdir(name, 0o700, dir_fd=fd)
        except FileExistsError:
            pass  # An earlier case lies inside it.
    elif kind == "symlink":
        os.symlink(raw(node["target"]), name, dir_fd=fd)
    elif kind == "hardlink":
        source, source_name = parent(root, node["target"])
        try:
            os.link(source_name, name, src_dir_fd=source, dst_dir_fd=fd, follow_symlinks=False)
        finally:
            os.close(source)
    else:
        kinds = {"fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK}
        kinds.update({"character": stat.S_IFCHR, "block": stat.S_IFBLK})
        device = os.makedev(*node["device"]) if "device" in node else 0
        os.mknod(name, kinds[kind] | 0o600, device, dir_fd=fd)


def finish(node, fd, name):
    """Owner first (it drops capabilities), attributes while writable, mode, times last."""
    path = b"/proc/self/fd/%d/%s" % (fd, name)
    if "owner" in node:
        os.chown(name, *node["owner"], dir_fd=fd, follow_symlinks=False)
    for key, value in node.get("xattrs", {}).items():
        os.setxattr(path, raw(key), base64.b64decode(value), follow_symlinks=False)
    if "mode" in node:
        os.chmod(path, node["mode"])
    if "mtimeNs" in node:
        times = (1_000_000_000, int(node["mtimeNs"]))
        os.utime(name, ns=times, dir_fd=fd, follow_symlinks=False)
    if node.get("immutable"):
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd)
        try:
            flags = struct.unpack("l", fcntl.ioctl(file, GET_FLAGS, bytes(8)))[0]
            fcntl.ioctl(file, SET_FLAGS, struct.pack("l", flags | IMMUTABLE))
        finally:
            os.close(file)


def shortfall(node, fd, name):
    """What this file system or this user made of it, where that is not what was asked."""
    path = b"/proc/self/fd/%d/%s" % (fd, name)
    now = os.lstat(name, dir_fd=fd)
    seen = [
        ("mode", node.get("mode"), stat.S_IMODE(now.st_mode)),
        ("owner", node.get("owner"), [now.st_uid, now.st_gid]),
        ("mtime", int(node["mtimeNs"]) if "mtimeNs" in node else None, now.st_mtime_ns),
        ("device", node.get("device"), [os.major(now.st_rdev), os.minor(now.st_rdev)]),
        ("size", node.get("size"), now.st_size),
    ]
    for key, value in node.get("xattrs", {}).items():
        have = os.getxattr(path, raw(key), follow_symlinks=False)
        seen.append((key, base64.b64decode(value), have))
    wrong = [f"{what}: {got!r}" for what, asked, got in seen if asked is not None and asked != got]
    return ", ".join(wrong)


def attempt(problems, index, act):
    if index in problems:
        return
    try:
        problem = act()
    except OSError as error:
        problem = f"{error.strerror}"
    if problem:
        problems[index] = problem


def main():
    job = json.load(sys.stdin)
    os.umask(0)
    root = os.open(raw(job["dir"]), os.O_RDONLY | os.O_DIRECTORY)
    nodes = list(enumerate(job["nodes"]))
    problems = {}

    def at(node, act):
        def run():
            fd, name = parent(root, node["path"])
            try:
                return act(node, fd, name)
            finally:
                os.close(fd)

        return run

    for index, node in nodes:
        attempt(problems, index, at(node, lambda n, fd, name: make(root, n, fd, name)))
    # Directories last and from below: what is made inside changes their times and needs their mode.
    rest = [(i, n) for i, n in nodes if n["kind"] not in ("directory", "hardlink")]
    above = [(i, n) for i, n in nodes if n["kind"] == "directory"]
    above.sort(key=lambda it: -it[1]["path"].count("/"))
    for index, node in rest + above:
        attempt(problems, index, at(node, lambda n, fd, name: finish(n, fd, name)))
        attempt(problems, index, at(node, shortfall))
    json.dump([{"index": i, "problem": p} for i, p in sorted(problems.items())], sys.stdout)


main()
