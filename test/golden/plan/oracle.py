#!/usr/bin/env python3
"""Writes the files beside it from docs/format/plan.md, sharing no code with src/."""
import base64, hashlib, json, pathlib

HERE = pathlib.Path(__file__).parent


def sha(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    """RFC 8785, for texts without characters above U+FFFF as keys and integers only."""
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode('utf8')


def named(key, raw):
    try:
        return {key: raw.decode('utf8')}
    except UnicodeDecodeError:
        return {key + 'B64': base64.b64encode(raw).decode('ascii')}


def mth(leaves):
    """The Merkle tree hash of RFC 6962, as its text has it."""
    if not leaves:
        return sha(b'')
    if len(leaves) == 1:
        return sha(b'\0' + leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b'\1' + mth(leaves[:k]) + mth(leaves[k:]))


def op(n, path, **more):
    base = {
        'n': n, 'op': 'delete', 'kind': 'file', 'entries': 1, 'bytes': 100, 'owner': 'pipeline',
        'cause': 'absent-in-source', 'cascade': 'expanded', 'cls': 'data', 'live': {'state': 'idle'},
        'undo': {'kind': 'quarantine', 'verified': True, 'until': 1796209600000, 'fidelity': 'exact'},
    }
    base.update(named('path', path))
    base.update(more)
    return base


PRECOND = {'inode': '18446744073709551615', 'device': '66306', 'mode': 33188, 'size': '9007199254740993',
           'mtimeNs': '-1', 'ctimeNs': '1795000000123456789'}
OPS = [
    op(0, b'a "quoted"\\\n\x01', newest=1795000000000.5, precond=PRECOND),
    op(1, 'grüße/日本'.encode('utf8'), kind='dir', entries=5107, bytes=1288490188,
       live={'state': 'in-use', 'evidence': 'open in nginx (pid 812)'}, owner='other'),
    op(2, b'latin-\xff\xfe', op='rename', cause='new', bytes=0, **named('from', b'old-\xe9')),
    op(3, b'new', op='create', cause='new', undo={'kind': 'quarantine', 'verified': True, 'fidelity': 'exact'}),
    op(4, b'same', op='update', cause='differs', attributesOnly=True, bytes=0, cls='config'),
    op(5, b'x', op='replace', cause='differs', cascade='unexpanded', newest=-1, live={'state': 'unknown'},
       undo={'kind': 'none', 'verified': False, 'why': 'another file system \U0001f4be', 'fidelity': 'partial'}),
]
LINES = [canonical(each) + b'\n' for each in OPS]
ZERO = {'ops': 0, 'entries': 0, 'bytes': 0}


def total(verb):
    of = [each for each in OPS if each['op'] == verb]
    return {'ops': len(of), 'entries': sum(e['entries'] for e in of), 'bytes': sum(e['bytes'] for e in of)}


HEADER = {
    'format': 'holdfast-plan/0', 'id': 'p-19ee0a11', 'created': 1795000000000, 'expires': 1795604800000,
    'pipeline': 'rsync:/srv/release>/srv/mirror', 'actor': {'name': 'ann@hv1', 'kind': 'human'},
    'reason': 'release 41, the "big" one', 'command': ['rsync', '-a', '--delete', '/srv/release/', '/srv/mirror/'],
    'doneBy': 'command', 'undoOf': 'p-00000001',
    'source': {
        'place': 'build1:/srv/release', 'identity': 't-release', 'role': 'source', 'generation': 7,
        'listing': {'complete': 'no', 'filter': '--include=*.deb', 'filterNarrowsDeletes': False, 'seen': 692,
                    'expected': 48903, 'errors': ['rsync: opendir "/srv/release/x" failed: Permission denied (13)'],
                    'sentinels': [{'name': 'wikiversions.php', 'ok': False}], 'readAt': 1794999990000},
        'before': {'seen': 48891, 'generation': 7, 'at': 1794900000000},
        'differs': [{'what': 'machine', 'was': '0123', 'is': '4567'}, {'what': 'missing', 'was': 'wikiversions.php', 'is': ''}],
    },
    'target': {'place': '/srv/mirror', 'identity': 't-mirror', 'generation': 7, 'entries': 48903, 'bytes': 10522669875,
               'readAt': 1794999991000},
    'scope': [named('path', b'pool/main'), named('path', b'pool/\xff')],
    'summary': {verb: total(verb) for verb in ('create', 'update', 'delete', 'replace', 'rename', 'forget')},
    'ops': {'count': len(OPS), 'root': mth(LINES).hex()},
}
BARE = canonical(HEADER)
ROOTS = {str(n): mth([b'line %d\n' % i for i in range(n)]).hex() for n in list(range(18)) + [63, 64, 65, 100, 1000]}
VERDICT = {
    'plan': 'p-19ee0a11', 'decision': 'deny', 'judged': 1795000001000,
    'objections': [
        {'rule': 'eligible-source', 'effect': 'deny', 'mode': 'enforce', 'opCount': 4, 'sample': [0, 1, 4, 5],
         'why': 'the source is a candidate', 'fix': 'holdfast promote build1:/srv/release', 'isInvariant': True},
        {'rule': 'own:no-git', 'effect': 'hold', 'mode': 'observe', 'opCount': 0, 'sample': [],
         'why': 'wegen ü', 'fix': 'ask', 'isInvariant': False, 'releasedBy': 'ann'},
    ],
    'passed': ['complete', 'own:night'], 'needs': {'approvals': 2, 'coolOffMs': 600000, 'namesTarget': True},
}

(HERE / 'ops.ndjson').write_bytes(b''.join(LINES))
(HERE / 'header.json').write_bytes(BARE + b'\n')
(HERE / 'verdict.json').write_bytes(canonical(VERDICT) + b'\n')
(HERE / 'digests.json').write_text(json.dumps({
    'digest': sha(b'holdfast-plan/0\n' + BARE).hex(), 'roots': ROOTS}, indent=1) + '\n')
