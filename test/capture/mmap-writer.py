"""Stores bytes into a mapped file when told to: `python3 mmap-writer.py FILE`.

Each line of input is a character, stored at offset 0, or `sync`, which makes the page clean. Answers
with the file's mtime and ctime in nanoseconds. It syncs only then, so that the page stays dirty.
"""

import mmap
import os
import sys

fd = os.open(sys.argv[1], os.O_RDWR)
mapped = mmap.mmap(fd, os.fstat(fd).st_size)
for line in sys.stdin:
    if line.strip() == "sync":
        mapped.flush()
    else:
        mapped[0] = ord(line[0])
    now = os.stat(sys.argv[1])
    print(now.st_mtime_ns, now.st_ctime_ns, flush=True)
