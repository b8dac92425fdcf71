#!/usr/bin/env python3
"""Reads the golden files with rescue.py; argument: a new directory, for a vault made of them."""
import base64, hashlib, json, os, pathlib, struct, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / '../../rescue'))
import rescue

GOLDEN, VAULT = HERE / '../golden', pathlib.Path(sys.argv[1])


def hexed(raw):
    return hashlib.sha256(raw).hexdigest()


def golden(name):
    return (GOLDEN / 'vault' / name).read_bytes()


def put(name, raw):
    (VAULT / name).parent.mkdir(parents=True, exist_ok=True)
    (VAULT / name).write_bytes(raw)


def vectors(name):
    return json.loads((GOLDEN / 'manifest' / name).read_text('utf8'))


def noise(state, size):
    """mulberry32, as in the oracle of the vectors."""
    words, low = [], 0xffffffff
    for _ in range((size + 3) // 4):
        state = (state + 0x6d2b79f5) & low
        mixed = ((state ^ state >> 15) * (1 | state)) & low
        mixed = ((mixed + ((mixed ^ mixed >> 7) * (61 | mixed) & low)) & low) ^ mixed
        words.append((mixed ^ mixed >> 14) & low)
    return struct.pack('<%dI' % len(words), *words)[:size]


writer = hexed(base64.b64decode(json.loads(golden('writer'))['publicKey']))
sequence = json.loads(golden('snapshot').split(b'\n')[0])['seq']
name = '%s-%010d-%s' % (writer[:16], sequence, hexed(golden('snapshot'))[:32])
for side in ('', 'copy/'):
    put(side + 'header', golden('header'))
    put(side + 'keys/' + json.loads(golden('key-by-file'))['id'], golden('key-by-file'))
    put(side + 'writers/' + writer, golden('writer'))
put('snapshots/' + name, golden('snapshot'))
put('packs/' + hexed(golden('pack')), golden('pack'))
put('packs/' + '0' * 64, golden('group-zstd'))  # Without a trailer: it is searched.

for has_index in (True, False):
    if has_index:
        put('index/' + hexed(golden('index')), golden('index'))
    else:
        os.unlink(VAULT / 'index' / hexed(golden('index')))
    vault = rescue.Vault(str(VAULT), str(GOLDEN / 'vault/key-file'), [])
    snapshot = vault.snapshot(name)
    assert snapshot['why'] is None, snapshot['why']
    assert vault.content(snapshot)['roots']
    for raw in (golden('objects')[:3], golden('objects')[3:5003], golden('objects')[5003:]):
        assert vault.fetch(1, hashlib.sha256(raw).digest()) == raw
    assert vault.fetch(2, hashlib.sha256(golden('page')).digest()) == golden('page')

for line in vectors('lines.json'):
    assert rescue.octets(rescue.parse(line.encode()), 'path') is not None
for vector in vectors('blocks.json'):
    size, levels = int(vector['size']), {}
    if size < 1 << 21:
        data = bytes(size) if 'zeros' in vector else noise(vector['seed'], size)
        for at in range(0, size, rescue.BLOCK):
            rescue.add_block(levels, rescue.sha(data[at:at + rescue.BLOCK]))
        assert rescue.blocks_root(levels, size).hex() == vector['blocks'], vector
print('golden: all read')
