#!/usr/bin/env python3
"""Writes what docs/format/approval.md and guard-history.md describe, by the documents and not by our
code. Run in this directory; the key that signs is made anew and thrown away."""
import hashlib
import json
import os
import struct
import subprocess
import tempfile

AT = 1795000000000


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def run(*args, data=None):
    return subprocess.run(args, input=data, capture_output=True, check=True).stdout


statement = {
    "digest": "3f" * 32,
    "expires": AT + 3600000,
    "host": "0123456789abcdef0123456789abcdef",
    "named": True,
    "nonce": "00112233445566778899aabbccddeeff",
    "plan": "p-0123abcd",
    "releases": ["live", "own:no-git", "undo"],
    "target": "/srv/m\u00fcller \"x\"",
}
signed = ("holdfast-approval/0\n" + canonical(statement) + "\n").encode()
with tempfile.TemporaryDirectory() as scratch:
    key = os.path.join(scratch, "key")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann@laptop", "-f", key)
    signature = run("ssh-keygen", "-Y", "sign", "-q", "-n", "holdfast-approval@v1", "-f", key, data=signed)
    public = open(key + ".pub").read()
write("approval.txt", signed + signature)
write("allowed_signers", "ann,ann@example.org " + public)

made = {"at": AT, "boot": "6c8b1a0e-7d11-4a53-9d50-1c3f0a3a9f10", "upMs": 123456}
write("added.json", canonical(made) + "\n")
claim = {"by": "ann@hv1", "id": "c-7f3a9c41", "made": made, "reason": "re-imaging \u2192 12.11",
         "spanMs": 10800000, "v": 0}
write("claim.json", canonical({**claim, "on": {"host": "tin", "path": "/srv/m\u00fcller"}}) + "\n")
write("claim-bytes.json", canonical({**claim, "on": {"pathB64": "L3Nydi//"}}) + "\n")
write("freeze.json", canonical({"by": "ann@hv1", "made": made, "reason": "storage work",
                                "spanMs": 7200000, "v": 0}) + "\n")

nothing = {"ops": 0, "entries": 0, "bytes": 0}
summary = {verb: nothing for verb in ["create", "update", "delete", "replace", "rename", "forget"]}
first = {
    "v": 0, "id": "0123456789ab", "at": AT, "plan": "p-0123abcd", "digest": "3f" * 32,
    "actor": {"name": "root@mirror1", "kind": "service"}, "outcome": "applied", "decision": "allow",
    "isFirst": False,
    "source": {"place": "build1:/srv/release", "identity": "build1:/srv/release", "role": "unknown",
               "generation": 0, "complete": "yes", "filter": None, "filterNarrowsDeletes": False,
               "seen": 18961, "expected": 18961, "errors": 0, "missing": 0, "differs": [],
               "before": {"seen": 18950, "generation": 0, "at": AT - 3600000},
               "mark": {"machine": "0123456789abcdef0123456789abcdef", "mount": "ext4 at /srv"}},
    "target": {"place": "/srv/mirror", "identity": "/srv/mirror", "generation": 0,
               "entries": 18932, "bytes": 4000000000},
    "objections": [{"rule": "radius", "effect": "hold", "mode": "observe", "opCount": 2}],
    "summary": {**summary, "delete": {"ops": 2, "entries": 12, "bytes": 34000}},
    "groups": [{"op": "delete", "kind": "dir", "owner": "pipeline", "cause": "absent-in-source",
                "cascade": "expanded", "cls": "data", "live": "idle", "undo": "quarantine",
                "verified": True, "fidelity": "exact", "ops": 2, "entries": 12, "bytes": 34000,
                "newest": AT - 86400000, "sample": "extra/m\u00fcller", "within": True}],
    "deleted": {"entries": 12, "bytes": 34000},
}
second = {**first, "id": "ba9876543210", "at": AT + 60000, "plan": "p-89abcdef", "outcome": "undone"}
order = list(first)
order.insert(order.index("decision"), "undoOf")
second["undoOf"] = "p-0123abcd"
second["broken"] = {"by": "root@mirror1", "reason": "the disk is full", "rules": ["complete"]}
second = {key: second[key] for key in order + ["broken"]}
lines = "".join(json.dumps(each, separators=(",", ":"), ensure_ascii=False) + "\n" for each in (first, second))
write("history.runs", lines)

paths = [b"a", b"extra/one.iso", b"m\xc3\xbcller", b"\xff\xfe", b"a"]
words = sorted({hashlib.sha256(path).digest()[:8] for path in paths})
owned = b"HFOWNED0" + struct.pack(">Q", len(words)) + b"".join(words)
write("owned", owned + hashlib.sha256(owned).digest())
