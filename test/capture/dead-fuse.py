"""Mounts a FUSE file system that never answers, until it is killed: `dead-fuse.py DIR silent|deaf`.

`silent` reads no request at all: whoever waits can be killed. `deaf` takes each request and never
answers, as a daemon in a deadlock does: who waits for that cannot even be killed. It ends by itself
after a minute, and with it all waiting.
"""

import ctypes
import os
import signal
import struct
import sys

signal.alarm(60)
place, manner = sys.argv[1].encode(), sys.argv[2]
fd = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"holdfast-dead", place, b"fuse", 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
if manner == "deaf":
    request = os.read(fd, 1 << 20)
    unique = struct.unpack_from("<IIQ", request)[2]
    init = struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0, *[0] * 7)
    os.write(fd, struct.pack("<IiQ", 16 + len(init), 0, unique) + init)
print("begun", flush=True)
try:
    while True:
        if manner == "deaf":
            os.read(fd, 1 << 20)
        else:
            signal.pause()
except OSError:
    pass  # It was unmounted.
