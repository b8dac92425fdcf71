"""Mounts a FUSE file system that answers until it is asked one thing: `failing-fuse.py DIR WHEN`.

It holds the directories a, b and c with the files 1, 2 and 3 in each. WHEN is `read:b/2`,
`opendir:b`, `never`, ...: at that request it falls deaf. It goes on to take requests and answers
none, as a daemon in a deadlock does: whoever waits for it cannot even be killed. It ends by itself
after a minute and a half, and with it all waiting.
"""

import ctypes
import os
import signal
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH = 1, 2, 3, 14, 15, 17, 18, 25
INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 26, 27, 28, 29, 36, 42
ENOENT, ENOSYS = 2, 38

signal.alarm(90)
place, when = sys.argv[1].encode(), sys.argv[2]
fd = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"holdfast-failing", place, b"fuse", 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))

nodes = {1: ("", None)}
for directory in "abc":
    nodes[len(nodes) + 1] = (directory, None)
    for name in "123":
        nodes[len(nodes) + 1] = (f"{directory}/{name}", f"{directory}{name}\n".encode() * 1000)
numbers = {path: number for number, (path, _) in nodes.items()}


def attributes(number):
    content = nodes[number][1]
    size, mode = (0, 0o40755) if content is None else (len(content), 0o100644)
    times = [1_700_000_000] * 3
    return struct.pack("<6Q10I", number, size, 8, *times, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def children(number):
    path = nodes[number][0]
    prefix = f"{path}/" if path else ""
    below = [each for each in numbers if each.startswith(prefix) and each != path]
    return [each for each in below if "/" not in each[len(prefix):]]


def listing(number, offset):
    out = b""
    for at, path in enumerate(children(number)):
        if at < offset:
            continue
        name = path.rsplit("/", 1)[-1].encode()
        kind = 4 if nodes[numbers[path]][1] is None else 8
        entry = struct.pack("<QQII", numbers[path], at + 1, len(name), kind) + name
        out += entry + b"\0" * (-len(entry) % 8)
    return out


def answer(opcode, number, body):
    if opcode == INIT:
        return struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0, *[0] * 7)
    if opcode == LOOKUP:
        path = nodes[number][0]
        name = body.rstrip(b"\0").decode()
        found = numbers.get(f"{path}/{name}" if path else name)
        if found is None:
            return -ENOENT
        return struct.pack("<QQQQII", found, 0, 0, 0, 0, 0) + attributes(found)
    if opcode == GETATTR:
        return struct.pack("<QII", 0, 0, 0) + attributes(number)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<QII", 0, 1, 0)
    if opcode in (READ, READDIR):
        _, offset, size = struct.unpack_from("<QQI", body)
        if opcode == READDIR:
            return listing(number, offset)
        return nodes[number][1][offset:offset + size]
    if opcode == STATFS:
        return struct.pack("<5Q4I6I", 1000, 500, 500, 100, 50, 4096, 255, 4096, 0, *[0] * 6)
    return b"" if opcode in (RELEASE, RELEASEDIR, FLUSH) else -ENOSYS


print("begun", flush=True)
is_deaf = False
try:
    while True:
        request = os.read(fd, 1 << 20)
        _, opcode, unique, number = struct.unpack_from("<IIQQ", request)
        name = {READ: "read", OPENDIR: "opendir", OPEN: "open", GETATTR: "getattr"}.get(opcode)
        is_deaf = is_deaf or f"{name}:{nodes.get(number, ('',))[0]}" == when
        if is_deaf or opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        said = answer(opcode, number, request[40:])
        error, out = (said, b"") if isinstance(said, int) else (0, said)
        os.write(fd, struct.pack("<IiQ", 16 + len(out), error, unique) + out)
except OSError:
    pass  # It was unmounted.
