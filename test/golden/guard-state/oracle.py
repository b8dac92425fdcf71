#!/usr/bin/env python3
"""Writes the files beside it from docs/format/guard-journal.md and rollout.md, sharing no code with src/."""
import base64, json, pathlib

HERE = pathlib.Path(__file__).parent
AT, UNTIL = 1795000000000, 1796209600000


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False) + '\n'


def write(name, *values):
    (HERE / name).write_text(''.join(map(canonical, values)), encoding='utf-8')


def b64(raw):
    return base64.b64encode(raw).decode()


write(
    'journal-1.ndjson',
    {'begin': {'at': AT, 'digest': '3f' * 32, 'holder': 'boot/812/99', 'permit': 'all', 'target': '/srv/höhe',
               'token': 3, 'until': UNTIL}},
    {'place': {'i': 0, 'path': '/srv/.holdfast-undo/p-7f3a9c41'}},
    {'place': {'i': 1, 'pathB64': b64(b'/srv/\xff/.holdfast-undo/p-7f3a9c41')}},
    {'dir': {'mtime': '1600000000000000001', 'path': ''}},
    {'intend': {'n': 0, 'place': 0}},
    {'intend': {'made': {'inode': str(2**64 - 1), 'mtime': '-7', 'size': str(2**53 + 1)}, 'n': 5, 'place': 1,
                'was': {'gid': 0, 'mode': 0o644, 'mtime': '7', 'uid': 33,
                        'xattrs': [[b64(b'user.a'), b64(b'\0\xff')]]}}},
    {'durable': 6},
    {'not': 5},
    {'left': {'mtime': '-1', 'pathB64': b64(b'a/\xff')}},
    {'end': {'at': AT + 1, 'outcome': 'stale', 'why': 'sie "wächst"'}},
)
write('result.json', {'asideBytes': 10522669875, 'asideEntries': 12, 'at': AT, 'done': 3, 'outcome': 'stopped',
                      'until': UNTIL, 'waiting': 4, 'why': 'web1 is frozen'})
write('about.json', {'bytes': 10522669875, 'plan': 'p-7f3a9c41', 'state': '/var/lib/holdfast/guard',
                     'target': '/srv/höhe', 'until': UNTIL})
write('rollout.json', {
    'format': 'holdfast-rollout/0', 'id': 'r-7f3a9c41', 'begun': AT, 'pid': 812, 'bootId': '0123-of-another-boot',
    'targets': [{'name': 'web1:/srv/www', 'phase': 'done', 'pooled': True},
                {'name': 'web2:/srv/höhe', 'phase': 'syncing', 'pooled': False}]})
write('stopped.json', {
    'v': 0, 'name': 'nightly', 'kind': 'timers', 'by': 'ann@hv1', 'reason': 'storage work',
    'made': {'at': AT, 'boot': '6c8b1a0e-7d11-4a53-9d50-1c3f0a3a9f10', 'upMs': 123456},
    'parts': ['mirror.timer', 'nightly.timer'], 'phase': 'stopping'})
