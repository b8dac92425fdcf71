"""SHA-256 and `blocks` digest (docs/format/manifest.md 4) of files, one line of JSON each.

Shares no code with src/. Reads paths from its input, each ended by a zero byte and relative to the
directory given. Runs of holes cost nothing: a sparse file of petabytes takes no longer than its data.
"""

import hashlib
import json
import os
import sys

BLOCK = 131072
SHA_MAX = 1 << 26


def segments(fd, size):
    found, at = [], 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        if start >= size:
            break
        end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        found.append((start, end))
        at = end
    return found


class Blocks:
    def __init__(self, fd, size):
        self.fd, self.size, self.data, self.zeros = fd, size, segments(fd, size), {}
        self.count = -(-size // BLOCK)

    def is_hole(self, start, end):
        return not any(a < end and start < b for a, b in self.data)

    def zero(self, level):
        if level not in self.zeros:
            self.zeros[level] = (
                hashlib.sha256(bytes(BLOCK)).digest()
                if level == 0
                else self.join(level, [self.zero(level - 1)] * 8)
            )
        return self.zeros[level]

    def join(self, level, children):
        return hashlib.sha256(b"\x01" + bytes([level]) + b"".join(children)).digest()

    def node(self, level, index):
        span = BLOCK * 8**level
        start = index * span
        if start + span <= self.size and self.is_hole(start, start + span):
            return self.zero(level)
        if level == 0:
            return hashlib.sha256(os.pread(self.fd, min(BLOCK, self.size - start), start)).digest()
        first, below = index * 8, -(-self.count // 8 ** (level - 1))
        return self.join(level, [self.node(level - 1, at) for at in range(first, min(first + 8, below))])

    def digest(self):
        level = 0
        while 8**level < self.count:
            level += 1
        head = b"holdfast blocks 0\n" + self.size.to_bytes(8, "little") + BLOCK.to_bytes(4, "little")
        return hashlib.sha256(head + self.node(level, 0)).hexdigest()


def whole(fd, size):
    sha = hashlib.sha256()
    at = 0
    while at < size:
        piece = os.pread(fd, 1 << 20, at)
        sha.update(piece)
        at += len(piece)
    return sha.hexdigest()


os.chdir(sys.argv[1])
for raw in sys.stdin.buffer.read().split(b"\0")[:-1]:
    # One component after the other: a path may be longer than the system takes.
    at = os.open(".", os.O_RDONLY)
    for name in raw.split(b"/"):
        below = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at)
        os.close(at)
        at = below
    size = os.fstat(at).st_size
    print(
        json.dumps(
            {
                "sha256": whole(at, size) if size <= SHA_MAX else None,
                "blocks": Blocks(at, size).digest() if size > 0 else None,
                "holes": [
                    [str(a), str(b - a)]
                    for a, b in zip(
                        [0] + [end for _, end in segments(at, size)],
                        [start for start, _ in segments(at, size)] + [size],
                    )
                    if b > a
                ],
            }
        )
    )
    os.close(at)
