#!/usr/bin/env python3
"""Writes the files beside it from docs/format/sync-stdio.md, sharing no code with src/."""
import base64, hashlib, json, pathlib, struct

HERE = pathlib.Path(__file__).parent


def canonical(value):
    """RFC 8785, for texts without characters above U+FFFF as keys and integers only."""
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode('utf8')


def sha(data):
    return hashlib.sha256(data).digest()


def frame(kind, rest):
    return struct.pack('<IB', len(rest) + 1, kind) + rest


def zstd(data):
    """RFC 8878: one segment, size in one byte, one raw block, the last."""
    return b'\x28\xb5\x2f\xfd\x20' + bytes([len(data)]) + struct.pack('<I', len(data) << 3 | 1)[:3] + data


CONTENT, PAGE = b'content', b'a page'
FILE_NOW, FILE_OLD = b'a file, changed', b'a file'
CHUNK_NOW, CHUNK_OLD = b'a chunk, changed', b'a chunk'
LOST = b'nobody has it'
WANT = b''.join([
    b'\0' + sha(CONTENT), b'\1' + sha(PAGE), b'\2' + sha(FILE_NOW), b'\3' + sha(CHUNK_NOW) + sha(CHUNK_OLD),
    b'\0' + sha(LOST)])
OFFER = {
    'root': sha(PAGE).hex(), 'isEdited': True, 'tellsChunks': True, 'pipeline': 'sync:build1:/srv/release',
    'source': {
        'place': 'build1:/srv/release', 'identity': 't-release', 'role': 'source', 'generation': 7, 'differs': [],
        'listing': {'complete': 'yes', 'filter': None, 'filterNarrowsDeletes': True, 'seen': 692, 'errors': [],
                    'sentinels': [{'name': 'wikiversions.php', 'ok': True}], 'readAt': 1794999990000}},
    'actor': {'name': 'ann@build1', 'kind': 'human'}, 'reason': 'größer', 'isNamed': False, 'isEnrolled': True,
    'sighting': {'machine': '0123', 'mount': 'ext4 at /srv', 'identity': 't-release'},
    'fromHosts': ['build1'], 'fromPath': base64.b64encode(b'/srv/\xff').decode(), 'excludes': ['*.tmp'],
    'options': {'readAll': False, 'allOrNothing': True, 'dryRun': False, 'wantsOps': True},
}
EDITS = b'+{"path":"a"}\n-"b/\xc3\xbf"\n'
NEAR = [
    frame(0x01, canonical(OFFER)), frame(0x02, zstd(EDITS)), frame(0x03, b''),
    frame(0x04, zstd(CONTENT)), frame(0x04, zstd(PAGE)), frame(0x08, zstd(FILE_NOW)), frame(0x08, zstd(CHUNK_NOW)),
    frame(0x05, canonical({'code': 'HF_OBJECT_MISSING', 'message': 'it is gone'})),
    frame(0x06, sha(b'plan')), frame(0x07, canonical({'outcome': 'held'})),
]
FAR = [
    b'holdfast-sync 0\n',
    frame(0x81, canonical({'software': '1', 'path': base64.b64encode(b'/srv/\xff').decode(), 'host': 'web1',
                           'base': sha(b'base').hex()})),
    frame(0x82, WANT),
    frame(0x83, b'HEADER\nVERDICT\n' + canonical({'left': [['a', 'why']], 'leftCount': 1, 'missed': ['so']}) + b'\n'),
    frame(0x84, zstd(b'{"n":0}\n')), frame(0x85, b''),
    frame(0x86, canonical({'done': 1, 'all': 2})), frame(0x87, canonical({'outcome': 'applied', 'done': 2})),
    frame(0xff, canonical({'code': 'HF_DISK_FULL', 'message': 'full', 'facts': {'path': '/srv'}})),
]
(HERE / 'near').write_bytes(b''.join(NEAR))
(HERE / 'far').write_bytes(b''.join(FAR))
