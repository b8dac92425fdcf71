#!/usr/bin/env python3
"""Writes the golden files of docs/format/tree-marker.md from the document alone; shares no code."""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
HOST = {"machine": "0f1e2d3c4b5a49688776655443322110", "install": "00112233445566778899aabbccddeeff"}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def write(name, value):
    (HERE / name).write_text(canonical(value), encoding="utf-8")


write("marker.json", {"format": "holdfast-tree/0", "identity": "t-0123456789abcdef", "role": "source",
                      "generation": 3, "host": HOST})
write("install.json", {"format": "holdfast-install/0", **HOST})
HARDWARE = {"hardware": "ffeeddccbbaa49988776655443322110"}
write("install-hardware.json", {"format": "holdfast-install/0", **HOST, **HARDWARE})
write("registry.json", {
    "format": "holdfast-trees/0", "identity": "t-0123456789abcdef",
    "places": [
        {"place": "/srv/höhe", "role": "source", "generation": 3, **HOST, "mount": "ext4 at /srv",
         "mustExist": ["wikiversions.php"], "at": 1795208054363},
        {"placeB64": "L3Nydi//", "role": "replica", "generation": 2, **HOST, "mount": "", "mustExist": [], "at": 1},
        {"place": "/srv/www", "role": "source", "generation": 1, **HOST, **HARDWARE, "mount": "", "mustExist": [],
         "at": 2},
    ],
    "history": [{"at": 1795208054363, "by": "ann@hv1", "place": "/srv/höhe", "role": "source", "generation": 3,
                 "reason": "re-imaged, restored, \"verified\""}],
})
