#!/usr/bin/env python3
"""Computes the vectors beside it from docs/format/manifest.md, sharing no code with src/."""
import hashlib, json, pathlib, struct

HERE = pathlib.Path(__file__).parent
M32 = 0xFFFFFFFF


def sha(data):
    return hashlib.sha256(data).digest()


def golden(name):
    return json.loads((HERE / name).read_text('utf8'))


def seeded(seed):
    """mulberry32"""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) & M32
        mixed = ((state ^ (state >> 15)) * (1 | state)) & M32
        mixed = ((mixed + (((mixed ^ (mixed >> 7)) * (61 | mixed)) & M32)) & M32) ^ mixed
        yield (mixed ^ (mixed >> 14)) & M32


def noise(seed, size):
    numbers = seeded(seed)
    return b''.join(struct.pack('<I', next(numbers)) for _ in range((size + 3) // 4))[:size]


def gear_lengths(data):
    gear = [struct.unpack('<I', sha(b'holdfast gear 1\n' + bytes([b]))[:4])[0] for b in range(256)]
    lengths, start = [], 0
    while start < len(data):
        h, n, end = 0, 524256, min(len(data) - start, 4194304)
        while n < end:
            h = ((h << 1) + gear[data[start + n]]) & M32
            n += 1
            if n >= 524288 and h >> (11 if n < 1048576 else 13) == 0:
                break
        lengths.append(min(n, end))
        start += lengths[-1]
    return lengths


def blocks(size, leaf_runs):
    """leaf_runs: (digest, count); equal nodes are computed once, runs stay runs."""
    level = 0
    while sum(count for _, count in leaf_runs) > 1:
        level += 1
        above, open_children = [], []

        def close():
            above.append((sha(b'\x01' + bytes([level]) + b''.join(open_children)), 1))
            open_children.clear()

        for digest, count in leaf_runs:
            while count and open_children:
                open_children.append(digest)
                count -= 1
                if len(open_children) == 8:
                    close()
            if count >= 8:
                above.append((sha(b'\x01' + bytes([level]) + digest * 8), count // 8))
            open_children.extend([digest] * (count % 8))
        if open_children:
            close()
        leaf_runs = above
    return sha(b'holdfast blocks 0\n' + struct.pack('<QI', size, 131072) + leaf_runs[0][0])


def chunk_list(records):
    """records: (span, digest, count); gives depth and digest of the top."""
    depth = 0
    while True:
        depth += 1
        above, part, part_count, part_span = [], [], 0, 0
        for span, digest, count in records:
            while count:
                if part_count == 4096:
                    above.append((part_span, sha(b''.join(part)), 1))
                    part, part_count, part_span = [], 0, 0
                if part_count == 0 and count > 8192:
                    full = count // 4096 - 1
                    record = struct.pack('<Q', span) + digest
                    above.append((span * 4096, sha(record * 4096), full))
                    count -= full * 4096
                take = min(count, 4096 - part_count)
                part.append((struct.pack('<Q', span) + digest) * take)
                part_count += take
                part_span += span * take
                count -= take
        above.append((part_span, sha(b''.join(part)), 1))
        if sum(count for _, _, count in above) == 1:
            return depth, above[0][1]
        records = above


def is_cut(level, path):
    f = 2166136261
    for byte in path:
        f = ((f ^ byte) * 16777619) & M32
    x = f ^ ((level * 0x9E3779B9) & M32)
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & M32
    x ^= x >> 13
    x = (x * 0xC2B2AE35) & M32
    x ^= x >> 16
    return x % 128 == 0


def named(key, path):
    try:
        return json.dumps(key) + ':' + json.dumps(path.decode('utf8'), ensure_ascii=False)
    except UnicodeDecodeError:
        import base64
        return f'"{key}B64":"{base64.b64encode(path).decode()}"'


def pages(level, lines):
    """lines: (path, text, entries, bytes); gives all pages of one level as such tuples."""
    header = b'{"holdfast":"page","version":0,"level":%d}\n' % level
    made, part = [], []

    def close():
        text = header + b''.join(line[1] for line in part)
        made.append((part[0][0], text, sum(x[2] for x in part), sum(x[3] for x in part)))
        part.clear()

    for line in lines:
        size = len(header) + sum(len(x[1]) for x in part) + len(line[1])
        if part and (is_cut(level, line[0]) or (size > 262144 and len(part) > (level > 0))):
            close()
        part.append(line)
    close()
    return made


def tree(lines):
    level, counts = 0, []
    while True:
        made = pages(level, lines)
        counts.append(len(made))
        if level == 0:
            leaves = made
        if len(made) == 1:
            return made[0], level, counts, leaves
        lines = [
            (p, ('{%s,"sha256":"%s","entries":%d,"bytes":"%d"}\n' % (named('first', p), sha(t).hex(), e, b)).encode(), e, b)
            for p, t, e, b in made
        ]
        level += 1


def seeded_tree(seed, count):
    numbers, entries = seeded(seed), {}

    def add(path, kind, mode, rest=''):
        text = '{%s,"type":"%s","mode":%d,"uid":1000,"gid":1000,"mtime":"1700000000123456789"%s}\n'
        entries[path] = (text % (named('path', path), kind, mode, rest)).encode('utf8')
        return path

    sizes = {add(b'', 'dir', 493): 0}
    for _ in range(count):
        folder = b'dir %d' % (next(numbers) % 100)
        name = folder + b'/%d' % next(numbers)
        if next(numbers) % 50 == 0:
            name += b'\xff'
        size = next(numbers) % 1048577
        sizes[add(folder, 'dir', 493)] = 0
        digest = sha(b'%d' % next(numbers)).hex()
        sizes[add(name, 'file', 420, f',"size":"{size}","sha256":"{digest}"')] = size
    order = sorted(entries, key=lambda path: path.replace(b'/', b'\0'))
    return [(path, entries[path], 1, sizes[path]) for path in order]


def main():
    example = golden('example.json')
    assert sha(example['page'].encode('utf8')).hex() == example['root']
    for case in golden('gear.json'):
        data = noise(case['seed'], case['size'])
        assert sha(data).hex() == case['sha256']
        assert gear_lengths(data) == case['lengths'], case['seed']
    for case in golden('blocks.json'):
        size = int(case['size'])
        if case.get('zeros'):
            runs = [(sha(bytes(131072)), size // 131072)]
        else:
            data = noise(case['seed'], size)
            runs = [(sha(data[at:at + 131072]), 1) for at in range(0, size, 131072)]
        assert blocks(size, runs).hex() == case['blocks'], size
    for case in golden('lists.json'):
        zeros = (131072, bytes(32), case['chunks'] - 2)
        made = chunk_list([(131072, sha(b'a'), 1), zeros, (5, sha(b'b'), 1)])
        assert (made[0], made[1].hex()) == (case['depth'], case['sha256']), case['chunks']
    case = golden('tree.json')
    (_, text, entries, total), level, counts, leaves = tree(seeded_tree(case['seed'], case['count']))
    found = [sha(text).hex(), level, entries, str(total), sum(counts), len(leaves)]
    assert found == [case[k] for k in ('root', 'level', 'entries', 'bytes', 'pages', 'leaves')], found
    print('all vectors agree')


main()
