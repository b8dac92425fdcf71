"""Exchanges two names in a directory as fast as it can, until it is killed: `exchange.py DIR A B`."""

import ctypes
import os
import sys

RENAME_EXCHANGE = 2
fd = os.open(sys.argv[1], os.O_RDONLY)
rename = ctypes.CDLL(None, use_errno=True).renameat2
a, b = sys.argv[2].encode(), sys.argv[3].encode()
if rename(fd, a, fd, b, RENAME_EXCHANGE) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("begun", flush=True)
while True:
    rename(fd, a, fd, b, RENAME_EXCHANGE)
