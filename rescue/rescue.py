#!/usr/bin/env python3
"""Gets files back from a Holdfast vault without Holdfast. Written from FORMAT.md and MANIFEST.md
alone, by other hands than Holdfast and rescue.mjs. Needs Python 3.9 or newer, the package
cryptography (Debian: python3-cryptography), and zstandard, Python 3.14 or the program zstd."""
import base64, contextlib, errno, getopt, getpass, hashlib, hmac, importlib, itertools, json, os
import re, resource, sqlite3, stat, struct, subprocess, sys, tempfile
try:
    from cryptography.exceptions import InvalidSignature, InvalidTag
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    sys.exit('rescue: the Python package cryptography is needed (Debian: python3-cryptography)')
USAGE = '''Usage: python3 rescue.py list VAULT [OPTION...]
       python3 rescue.py restore VAULT SNAPSHOT|latest TARGET [OPTION...]
TARGET must be new or empty. The content of one saved directory goes directly into it; a single
file, or several roots, each under its name. SNAPSHOT: the first digits of its name or of its id.
  --key-file FILE       the key file; without it the passphrase in HOLDFAST_PASSPHRASE, or asked for
  --writer FINGERPRINT  trust this writer only (64 hex digits, repeatable), not all vouched for
  --unsigned            take what no trusted writer has signed: anyone may have made it
  --keep-damaged        keep files of which pieces are lost, with zeros in their place
Exit code 0: done; 1: refused or failed; 6: done, with gaps that were named.'''
MIB, BLOCK, GROUP, MEMBERS, REFERENCES = 1 << 20, 131072, 17 << 18, 4096, 131072
HEX16, HEX32, HEX64 = (re.compile('[0-9a-f]{%d}' % n) for n in (16, 32, 64))
TIME = re.compile(r'[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}\.[0-9]{3}Z')
VOUCH = re.compile('[0-9a-f]{64}-[0-9]{6}')
NAME = re.compile('([0-9a-f]{16})-([0-9]{10})-([0-9a-f]{32})')
DIRECTORY, CREATE = os.O_DIRECTORY | os.O_NOFOLLOW, os.O_WRONLY | os.O_CREAT | os.O_EXCL
ZERO, ANY, U32 = bytes(32), (0, (1 << 53) - 1), (0, (1 << 32) - 1)
TYPES = {'fifo': stat.S_IFIFO, 'char': stat.S_IFCHR, 'block': stat.S_IFBLK}
PAIRS, COUNTS = struct.Struct('<QQ'), {'restored': {}, 'note': {}, 'GAPS': {}}
class Bad(Exception):
    """What was read is not what the format says, or is not to be trusted."""
FAULTS = (Bad, OSError, ValueError, OverflowError, TypeError, AttributeError, LookupError,
          struct.error)
def need(good, why):
    if not good: raise Bad(why)
def clean(text):  # A vault may hold text that steers a terminal: only what can be seen is printed.
    return ''.join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))
def quote(path): return '"%s"' % clean(path.decode('utf-8', 'backslashreplace').replace('"', '\\"'))
def words(fault):
    name = errno.errorcode.get(getattr(fault, 'errno', None))
    return '%s: %s' % (name, fault.strerror) if name else clean(fault)
def warn(text): print('rescue: ' + text, file=sys.stderr)
def count(table, kind, number=1): COUNTS[table][kind] = COUNTS[table].get(kind, 0) + number
def gap(kind, what):
    warn('gap: %s: %s' % (kind, what))
    count('GAPS', kind)
@contextlib.contextmanager
def noted(before, kind=None, after=''):  # Goes on after a fault, which is told.
    try: yield
    except FAULTS as fault:
        if kind: gap(kind, before + words(fault))
        else: warn(before + words(fault) + after)
def unique(items):
    need(len(items) == len(dict(items)), 'an odd line: a member stands twice')
    return dict(items)
def parse(raw):
    try:  # 21 digits of a number are more than any may have, and are not too many to read.
        value = json.loads(raw.decode(), object_pairs_hook=unique, parse_constant=int,
                           parse_int=lambda text: int(text[:21]))
    except (ValueError, RecursionError): raise Bad('damaged: no JSON') from None
    need(isinstance(value, dict) and raw[:1] + raw[-1:] == b'{}', 'no JSON object')
    return value
def get(value, key, rule):
    """A member: a text of this pattern, a number in these bounds, or a thing of this type."""
    found = value.get(key) if isinstance(value, dict) else None
    good = (type(found) is int and rule[0] <= found <= rule[1] if isinstance(rule, tuple) else
            isinstance(found, rule) if isinstance(rule, type) else
            isinstance(found, str) and rule.fullmatch(found))
    need(good, 'missing or not as it should be: ' + key)
    return found
def decimal(text, low=0):
    need(isinstance(text, str) and len(text) < 21 and re.fullmatch('-?[0-9]+', text)
         and str(int(text)) == text and low <= int(text) < 1 << 63, 'a number is out of bounds')
    return int(text)
def b64(text, size=None):
    raw = base64.b64decode(text.encode(), validate=True) if isinstance(text, str) else None
    need(raw is not None and base64.b64encode(raw).decode() == text, 'no base64')
    need(size in (None, len(raw)), 'base64 of a wrong length')
    return raw
def octets(value, key):  # Bytes stand as text, or in base64 where they are not UTF-8.
    need((key in value) != (key + 'B64' in value), 'neither or both: %s, %sB64' % (key, key))
    return get(value, key, str).encode() if key in value else b64(value[key + 'B64'])
def digest_of(value, key='sha256'): return bytes.fromhex(get(value, key, HEX64))
def line(raw, kind, last):
    """A line of which the last member is over the rest: the object, and the rest as bytes."""
    need(raw.endswith(b'\n') and raw.count(b'\n') == 1, 'damaged: not one line')
    value = parse(raw[:-1])
    tail = (',"%s":"%s"}\n' % (last, get(value, last, str))).encode()
    need(raw.endswith(tail), 'an odd line: %s is not its last member' % last)
    need(value.get('holdfast') == kind, 'it is no ' + kind)
    need(kind == 'vault' or get(value, 'format', ANY) == 0, 'its format is not 0')
    return value, raw[:-len(tail)] + b'}'
def sha(raw): return hashlib.sha256(raw).digest()
def mac(key, raw): return hmac.new(key, raw, hashlib.sha256).digest()
def hkdf(secret, salt, info): return mac(mac(salt, secret), info + b'\x01')
def gcm(key, nonce, sealed, extra):
    try: return AESGCM(key).decrypt(nonce, sealed, extra)
    except InvalidTag: raise Bad('damaged, or not of this key (tag)') from None
def unzstd(raw, limit):  # At most so many bytes of what is in a frame.
    for name in ('zstandard', 'compression.zstd'):
        try: module = importlib.import_module(name)
        except ImportError: continue
        with contextlib.suppress(module.ZstdError):
            reader = module.ZstdDecompressor()
            if name == 'zstandard': return reader.stream_reader(raw).read(limit)
            return reader.decompress(raw, limit)
        raise Bad('damaged: no zstd')
    with tempfile.TemporaryFile() as file:
        file.write(raw), file.seek(0)
        try: program = subprocess.Popen(['zstd', '-dcq'], stdin=file, stdout=-1, stderr=-3)
        except FileNotFoundError: sys.exit('rescue: there is no program zstd, and no module of it')
        with program: return program.stdout.read(limit)
def sealed_keys(raw):  # They lie one after the other.
    at = 0
    while at < len(raw):
        suite, scope, number, _ = struct.unpack_from('<BBH16s', raw, at)
        at, start = at + 20 + number * 108, at
        need(suite == 1 and scope in (1, 2) and 0 < number < 65 and at <= len(raw), 'damaged keys')
        yield raw[start:at]
def group_head(raw):
    magic, suite, kind, codec, zero, head, body, plain, key, nonce, m, r = struct.unpack_from(
        '<4s4B3I16s12s2I', raw)
    need(magic == b'HFG0' and suite == 1 and kind in (1, 2) and codec in (0, 1) and zero == 0
         and 1 <= m <= MEMBERS and r <= REFERENCES and head == 56 + m * 36 + r * 16
         and m <= plain <= GROUP and (16 < body <= GROUP + 4096 if codec else body == plain + 16),
         'damaged: the header of a group')
    return kind, codec, head, body, plain, key, nonce, m
def members(raw, plain, number):
    """The ids that the header of a group lists, and where each member begins and ends."""
    pairs = list(struct.iter_unpack('<32sI', raw[56:56 + number * 36]))
    bounds = [0, *itertools.accumulate(size for _, size in pairs)]
    need(len(pairs) == number and all(size for _, size in pairs) and bounds[-1] == plain,
         'damaged: the header of a group')
    return [found for found, _ in pairs], bounds
class Vault:
    """A vault opened with a key: finds objects by their digest, and checks them."""
    def __init__(self, path, key_file, named):
        self.path, self.key_file, self.named, self.asked = path, key_file, named, None
        self.groups, self.cached, self.stage, self.packs, self.all_keys = {}, 0, -1, [], False
        self.sealed, self.opened, self.number, self.writers, self.faults = {}, {}, {}, {}, {}
        self.db = sqlite3.connect('')  # A file without a name: memory stays flat.
        self.db.executescript('PRAGMA journal_mode=OFF; CREATE TABLE at (id BLOB, pack, start, '
                              'head, body, member, PRIMARY KEY (id, pack, start, member)) '
                              'WITHOUT ROWID')
        self.unlock()
        self.last = self.last_words()
        for name in {*self.names('writers', HEX64), *self.names('copy/writers', HEX64)}:
            found, faults = self.either('writers/' + name, self.writer)
            if found and (not named or name in named): self.writers[name] = found[0]
            if not found: self.faults[name] = '; '.join(faults)
    @contextlib.contextmanager
    def open(self, name):
        file = os.open(os.path.join(self.path, name), os.O_RDONLY | os.O_NONBLOCK)
        try:
            need(stat.S_ISREG(os.fstat(file).st_mode), 'it is not a file')
            yield file, os.fstat(file).st_size
        finally: os.close(file)
    def read(self, name, limit):
        with self.open(name) as (file, size), os.fdopen(os.dup(file), 'rb') as reader:
            need(0 < size <= limit, 'too large' if size else 'empty')
            return reader.read(limit)
    def names(self, folder, pattern):
        with contextlib.suppress(FileNotFoundError):
            for name in sorted(os.listdir(os.path.join(self.path, folder))):
                if pattern.fullmatch(name): yield name
                else: warn('%s/%s: no name of such an object, ignored' % (folder, clean(name)))
    def either(self, name, check, limit=1 << 16):
        """All that can be read of what lies twice (one, if both are the same), and the faults."""
        found, faults, seen = [], [], None
        for path in (name, 'copy/' + name):
            try:
                raw = self.read(path, limit)
                if raw != seen: found.append(check(raw, os.path.basename(name)))
                need(seen in (None, raw), 'it differs from the other one')
                seen = raw
            except FAULTS as fault: faults.append('%s: %s' % (path, words(fault)))
        for fault in faults if found else (): warn(fault + '; going by the other one')
        return found, faults
    def unlock(self):
        headers, faults = self.either('header', self.header)
        if not headers:
            warn('; '.join(faults) + ': going by the keyring alone, it may be of a later format')
        rings, tried = [], ['']
        for name in sorted({*self.names('keys', HEX16), *self.names('copy/keys', HEX16)}):
            if not rings: rings, faults = self.either('keys/' + name, self.ring)
            tried += faults if not rings else ()
        tried = '\n  '.join(tried) or ' it has none'
        need(rings, 'no key of this vault could be opened:' + tried)
        ring, self.id = rings[0], rings[0]['vault']
        need(not headers or any(one['vault'] == self.id and one['domain'] == ring['domain']
                                for one in headers), 'header and keyring are of different vaults')
        need('contentKey' in ring, 'this key is not for reading content')
        names = ('idKey', 'contentKey', 'namesKey')
        self.id_key, *raw = (b64(ring.get(name), 32) for name in names)
        self.vouch_key = b64(ring['vouchKey'], 32) if 'vouchKey' in ring else None
        self.voucher = self.vouch_public(ring)
        self.private = [X25519PrivateKey.from_private_bytes(key) for key in raw]
        self.public = [one.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
                       for one in self.private]
    def header(self, raw, _):  # A good one of another time ends it, so that none is read wrong.
        value, rest = line(raw, 'vault', 'sha256')
        need(sha(rest).hex() == value['sha256'], 'damaged')
        get(value, 'vault', HEX32), get(value, 'domain', HEX32)
        unknown = ', '.join(clean(name) for name in get(value, 'required', list))
        if get(value, 'format', ANY) > 1: unknown = 'format %d' % value['format']
        if unknown: sys.exit('rescue: the vault requires %s, which this does not know' % unknown)
        return value
    def secret(self, wrap):
        if wrap == 'file':
            need(self.key_file, 'it needs a key file: --key-file')
            with open(self.key_file, 'rb') as file:
                found = re.fullmatch(rb'holdfast-key-0 ([A-Za-z0-9+/]{43}=)\n', file.read(61))
            need(found, '%s is no key file' % clean(self.key_file))
            return b64(found[1].decode(), 32)
        self.asked = self.asked or os.environb.get(b'HOLDFAST_PASSPHRASE')
        if not self.asked and not self.key_file and sys.stdin and sys.stdin.isatty():
            self.asked = getpass.getpass('Passphrase: ').encode('utf-8', 'surrogateescape')
        need(self.asked, 'it needs the passphrase in HOLDFAST_PASSPHRASE')
        return self.asked
    def ring(self, raw, name):
        """The keyring that lies wrapped in a key."""
        value, rest = line(raw, 'key', 'sealed')
        wrap, salt = get(value, 'wrap', str), b64(value.get('salt'), 16)
        need(value.get('id') == name and wrap in ('file', 'scrypt'), 'another name, unknown wrap')
        if wrap == 'file': kek = hkdf(self.secret(wrap), salt, b'holdfast 0 key file')
        else:
            n, r, p = (get(value, key, (1, 1 << 20)) for key in 'nrp')
            need(n > 1 and n & (n - 1) == 0 and r <= 32 and p <= 16 and 128 * n * r <= 1 << 30,
                 'the numbers of its scrypt are out of bounds')
            kek = hashlib.scrypt(self.secret(wrap), salt=salt, n=n, r=r, p=p, dklen=32,
                                 maxmem=65 << 24)
        ring = parse(gcm(kek, b64(value.get('nonce'), 12), b64(value['sealed']), rest))
        need(ring.get('holdfast') == 'keyring' and get(ring, 'format', ANY) == 0, 'no keyring')
        need(get(ring, 'vault', HEX32) == value.get('vault') and get(ring, 'domain', HEX32),
             'its keyring is of another vault')
        return ring
    def vouch_public(self, ring):
        """Whose word for a writer counts."""
        if not self.vouch_key:
            return Ed25519PublicKey.from_public_bytes(b64(ring.get('vouchPublic'), 32))
        seed = hkdf(self.vouch_key, bytes.fromhex(self.id), b'holdfast 0 vouch key')
        return Ed25519PrivateKey.from_private_bytes(seed).public_key()
    def vouch(self, raw, name):
        value, rest = line(raw, 'vouch', 'signature')
        try: self.voucher.verify(b64(value['signature'], 64), b'holdfast vouch 0\n' + rest)
        except InvalidSignature: raise Bad('wrong signature') from None
        own = '%s-%06d' % (sha(b64(value.get('publicKey'), 32)).hex(), get(value, 'n', (1, 999999)))
        need(own == name and value.get('vault') == self.id, 'its name is that of another')
        if 'from' in value: get(value, 'from', TIME)
        if 'until' in value: get(value, 'until', TIME), get(value, 'kept', list)
        return value
    def last_words(self):
        """The last word of those who hold a full keyring on each writer."""
        words_on = {}
        for name in sorted({*self.names('vouches', VOUCH), *self.names('copy/vouches', VOUCH)}):
            found, faults = self.either('vouches/' + name, self.vouch, 1 << 26)
            if found: words_on[name[:64]] = found[0]
            else: warn('; '.join(faults))
        return words_on
    def writer(self, raw, name):
        value, rest = line(raw, 'writer', 'mac')
        public, is_vouched = b64(value.get('publicKey'), 32), name in self.last
        if self.vouch_key and not is_vouched:
            is_vouched = value.get('vault') == self.id and hmac.compare_digest(
                mac(self.vouch_key, rest), b64(value['mac'], 32))
        need(sha(public).hex() == name, 'it is the key of another writer')
        need(name in self.named or is_vouched, 'the keyring does not vouch for it')
        return Ed25519PublicKey.from_public_bytes(public)
    def is_trusted(self, writer, time, found):
        """As far as it is, by what was said of the writer last."""
        word = {} if writer in self.named else self.last.get(writer, {})
        return time >= word.get('from', '') and ('until' not in word or found[:32] in word['kept'])
    def snapshot(self, name):
        """The clear part of a snapshot; `why` says why it is not believed."""
        raw, found = self.read('snapshots/' + name, 64 * MIB), NAME.fullmatch(name)
        need(found and sha(raw).hex().startswith(found[3]), 'damaged')
        need(raw.count(b'\n') == 2 and raw.endswith(b'\n'), 'damaged: not two lines')
        first, second, _ = raw.split(b'\n')
        value, rest = line(first + b'\n', 'snapshot', 'sealed')
        writer, why = get(value, 'writer', HEX64), None
        key, = sealed_keys(b64(value.get('dataKey')))
        self.note_keys([key])  # It is that of the pages of its run, too.
        need(writer[:16] == found[1] and get(value, 'seq', (1, 10 ** 10)) == int(found[2])
             and value.get('vault') == self.id, 'its name is that of another')
        try:
            public, signature = self.writers.get(writer), b64(parse(second).get('signature'), 64)
            need(public, self.faults.get(writer) or 'its writer %s is not trusted' % writer)
            need(self.is_trusted(writer, get(value, 'time', TIME), sha(raw).hex()),
                 'its writer is not trusted for that time')
            public.verify(signature, b'holdfast snapshot 0\n' + first + b'\n')
        except (*FAULTS, InvalidSignature) as fault: why = words(fault) or 'wrong signature'
        return {'name': name, 'id': sha(raw).hex(), 'writer': writer, 'seq': value['seq'],
                'why': why, 'time': get(value, 'time', TIME), 'line': (value, rest, key)}
    def content(self, snapshot):
        value, rest, key = self.snapshot(snapshot['name'])['line']
        nonce, sealed = b64(value.get('nonce'), 12), b64(value['sealed'])
        said = parse(gcm(self.data_key(key, 2), nonce, sealed, rest))
        named = mac(self.id_key, b'\x03' + get(said, 'dataSet', str).encode())[:16].hex()
        need(named == value.get('dataSet') and get(said, 'roots', list), 'damaged: its data set')
        return said
    def note_keys(self, keys):
        for key in keys: self.sealed.setdefault(key[4:20], {})[key] = True
    def data_key(self, sealed, scope):
        need(sealed[1] == scope, 'its data key is of the other scope')
        private, public = self.private[scope - 1], self.public[scope - 1]
        info = b'holdfast 0 data key' + bytes.fromhex(self.id) + sealed[1:2] + sealed[4:20]
        for who, point, nonce, box in struct.iter_unpack('16s32s12s48s', sealed[20:]):
            if who == sha(public)[:16] and sealed not in self.opened:
                shared = private.exchange(X25519PublicKey.from_public_bytes(point))
                self.opened[sealed] = gcm(hkdf(shared, point + public, info), nonce, box, None)
        need(sealed in self.opened, 'its data key is not for this key')
        return self.opened[sealed]
    def load_index(self, name, file, size):
        """Takes down what an index says; none of it is believed until an object is found there."""
        hashed, read = hashlib.sha256(), lambda count, at: os.pread(file, count, at)
        for at in range(0, size if size <= 1 << 30 else 0, MIB): hashed.update(read(MIB, at))
        magic, p, g, n, k = struct.unpack('<8s4I', read(24, 0))
        group_at = (24 + p * 40 + k + 7) // 8 * 8
        first = group_at + g * 16
        need(hashed.hexdigest() == name and magic == b'HFINDEX0' and size == first + n * 24,
             'damaged')
        packs = [raw.hex() for raw, _ in struct.iter_unpack('<32sQ', read(p * 40, 24))]
        self.note_keys(sealed_keys(read(k, 24 + p * 40)))
        groups = [(packs[pack], *where) for pack, *where in
                  struct.iter_unpack('<4I', read(g * 16, group_at))]
        for at in range(first, size, 24 << 12):
            self.note((found, *groups[group], member) for found, group, member, _ in
                      struct.iter_unpack('<16sIHH', read(min(24 << 12, size - at), at)))
        return packs
    def note(self, rows):
        self.db.executemany('INSERT OR IGNORE INTO at VALUES (?, ?, ?, ?, ?, ?)', (
            (found[:16], self.number.setdefault(pack, len(self.number)), *where)
            for found, pack, *where in rows))
    def search_more(self):
        """First what index/ says, then packs that no index names, then all: an index may lie."""
        self.stage += 1
        if self.stage == 0:
            self.left = set(self.names('packs', HEX64))
            self.packs = sorted(self.left)
            for name in self.names('index', HEX64):
                with noted('index/%s: ' % name, None, '; its packs are scanned'):
                    with self.open('index/' + name) as at:
                        self.left -= set(self.load_index(name, *at))
        for pack in self.packs if self.stage else ():
            if (pack in self.left) == (self.stage == 1):
                with noted('packs/%s: ' % pack), self.open('packs/' + pack) as at:
                    self.note(self.scan(pack, *at))
        self.pack_of = list(self.number)
    def trailer(self, file, size):
        """Where the groups of a pack lie; takes down its data keys."""
        need(os.pread(file, 16, 0) == b'HOLDFAST PACK 0\n' and size < 1 << 32, 'damaged: no pack')
        length, magic = struct.unpack('<I4s', os.pread(file, 8, size - 8))
        start, end = size - 4 - length, 16
        need(magic == b'HFE0' and length <= 64 * MIB and start >= 16, 'damaged: no trailer')
        raw = os.pread(file, length, start)
        magic, number = struct.unpack_from('<4sI', raw)
        keys, = struct.unpack_from('<I', raw, 8 + number * 12)
        groups = list(struct.iter_unpack('<3I', raw[8:8 + number * 12]))
        need(magic == b'HFT0' and 16 + number * 12 + keys == length, 'damaged: its trailer')
        for at, head, body in groups:
            need(end <= at and at + head + body <= start, 'damaged: its trailer')
            end = at + head + body
        self.note_keys(sealed_keys(raw[12 + number * 12:-4]))
        return groups
    def scan(self, pack, file, size):
        """What lies in a pack, by the clear headers of its groups."""
        try: return [row for at, *said in self.trailer(file, size)
                     for row in self.rows(pack, file, size, at, said)]
        except FAULTS as fault:
            warn('packs/%s: %s; searching for the next group, and all' % (pack, words(fault)))
        rows = []
        for block in range(0, size, MIB):
            with noted('packs/%s at %d: ' % (pack, block)):
                for hit in re.finditer(b'HFG0', os.pread(file, MIB + 3, block)):
                    with contextlib.suppress(Bad, struct.error):
                        rows += self.rows(pack, file, size, block + hit.start())
        return rows
    def rows(self, pack, file, size, at, said=None):
        _, _, head, body, plain, _, _, number = group_head(os.pread(file, 56, at))
        need(at + head + body <= size and said in (None, [head, body]), 'damaged: a group')
        ids, _ = members(os.pread(file, head, at), plain, number)
        return [(found, pack, at, head, body, i) for i, found in enumerate(ids)]
    def fetch(self, kind, digest):
        """The object of this digest, from whichever place has it whole."""
        want, tried, why = mac(self.id_key, bytes([kind]) + digest), set(), ''
        ask = 'SELECT pack, start, head, body, member FROM at WHERE id = ?'
        while True:
            for where in {*self.db.execute(ask, (want[:16],))} - tried:
                tried.add(where)
                try: return self.member(self.pack_of[where[0]], where, kind, want, digest)
                except FAULTS as fault:
                    why += ': packs/%s: %s' % (self.pack_of[where[0]], words(fault))
            need(self.stage < 2, '%s %s%s' % (('chunk', 'page or list')[kind - 1], digest.hex(),
                                              why or ': it is in no pack'))
            self.search_more()
    def member(self, pack, where, kind, want, digest):
        """An object from a group. Groups stay in memory: the next object often lies in the last."""
        key, at = where[:2], where[4]
        if key not in self.groups:
            while self.cached > 32 * MIB:
                self.cached -= cost(self.groups.pop(next(iter(self.groups))))
            try: self.groups[key] = self.load_group(pack, *where[1:4])
            except FAULTS as fault: self.groups[key] = (fault, [], [], b'')
            self.cached += cost(self.groups[key])
        self.groups[key] = self.groups.pop(key)  # Now it is the one that was used last.
        found, ids, bounds, plain = self.groups[key]
        if isinstance(found, Exception): raise found
        need(found == kind and ids[at:at + 1] == [want], 'it is not where the index says')
        raw = plain[bounds[at]:bounds[at + 1]]
        need(sha(raw) == digest, 'not what its id says')
        return raw
    def load_group(self, pack, start, head, body):
        need(head < 3 * MIB and body <= GROUP + 4096, 'a length is out of bounds')
        need(pack in self.packs, 'it is in no pack that is there')
        with self.open('packs/' + pack) as (file, _): raw = os.pread(file, head + body, start)
        kind, codec, *lengths, plain, key, nonce, number = group_head(raw)
        need(lengths == [head, body] and len(raw) == head + body, 'damaged: too short')
        ids, bounds = members(raw[:head], plain, number)
        why = Bad('its data key is in no pack and no index, or damaged in all of them')
        for _ in range(2):
            for sealed in list(self.sealed.get(key, ())):
                try:
                    opened = gcm(self.data_key(sealed, kind), nonce, raw[head:], raw[:head])
                    opened = unzstd(opened, plain + 1) if codec else opened
                    need(len(opened) == plain, 'damaged: another length')
                    return kind, ids, bounds, opened
                except FAULTS as fault: why = fault
            for other in () if self.all_keys else self.packs:  # Perhaps a trailer has a good one.
                with contextlib.suppress(*FAULTS), self.open('packs/' + other) as at:
                    self.trailer(*at)
            self.all_keys = True
        raise why
def cost(group): return 1000 + len(group[3]) + len(group[1]) * 100
def in_order(snapshots, unsigned):
    """By time; a snapshot is no later than those of its writer with a higher number."""
    low = {}
    for one in sorted(snapshots, key=lambda one: (one['seq'], one['time']), reverse=True):
        one['since'] = min(one['time'], low.get(one['writer'], '~'))
        if unsigned or not one['why']: low[one['writer']] = one['since']
    return sorted(snapshots, key=lambda one: (one['since'], one['name']))
def split(path):
    parts = path.split(b'/') if path else []
    need(not {b'', b'.', b'..'} & set(parts) and b'\0' not in path, 'refused: no path of a tree')
    return parts
def add_block(levels, digest, level=0):
    """Adds a leaf to the Merkle tree of an image; of each level only what is not yet a node."""
    levels.setdefault(level, []).append(digest)
    if len(levels[level]) == 8: close_level(levels, level)
def close_level(levels, level):
    add_block(levels, sha(bytes([1, level + 1]) + b''.join(levels.pop(level))), level + 1)
def blocks_root(levels, size):
    for level in itertools.count():
        if len(levels) == 1 and len(levels.get(level, ())) == 1:
            return sha(b'holdfast blocks 0\n' + struct.pack('<QI', size, BLOCK) + levels[level][0])
        if level in levels: close_level(levels, level)
class Root:
    """Restores one root below a directory that is open."""
    def __init__(self, vault, target, keep, root, name, alone):
        self.vault, self.target, self.keep, self.alone = vault, target, keep, alone
        self.stack, self.last, self.lost = [], None, False
        self.name = name
        vault.db.executescript('DROP TABLE IF EXISTS link;'
                               'CREATE TABLE link (first BLOB PRIMARY KEY, at BLOB, what TEXT)')
        self.page(digest_of(root), None, b'', get(root, 'entries', ANY), decimal(root.get('bytes')))
        while self.stack: self.leave()
    def page(self, digest, level, first, entries, size):
        """All entries of a page and of the pages below it, one after the other."""
        try:
            title, *lines = self.vault.fetch(2, digest).split(b'\n')
            title = parse(title)
            need(title.get('holdfast') == 'page' and get(title, 'version', ANY) == 0
                 and get(title, 'level', (0, 40)) == (title['level'] if level is None else level)
                 and lines[1:] and lines.pop() == b'', 'it is no page of this level, or not whole')
            level, key = title['level'], 'first' if title['level'] else 'path'
            need(octets(parse(lines[0]), key) == first, 'it begins elsewhere')
        except FAULTS as fault:
            self.lost, what = True, (entries, size, quote(first), words(fault))
            return gap('page', '%d entries, %d bytes from %s on: %s' % what)
        for raw in lines:
            kind, path = 'page', b'?'
            try:
                need(len(raw) < MIB, 'it is too long')
                value = parse(raw)
                path = octets(value, key)
                if level: self.page(digest_of(value), level - 1, path, get(value, 'entries', ANY),
                                    decimal(value.get('bytes')))
                else:
                    kind = clean(get(value, 'type', str))
                    self.entry(path, value, kind)
            except FAULTS as fault:
                full = getattr(fault, 'errno', 0) in (errno.ENOSPC, errno.EDQUOT)
                if full: sys.exit('rescue: %s: %s' % (quote(path), words(fault)))
                self.lost = self.lost or kind in ('dir', 'page')
                gap(kind, '%s: %s' % (quote(path), words(fault)))
    def entry(self, path, value, kind):
        parts, size = split(path), decimal(value.get('size')) if kind == 'file' else 0
        need(self.last is None or parts > self.last, 'refused: it is not in order')
        self.last = parts
        get(value, 'mode', (0, 0o7777)), decimal(value.get('mtime'), -1 << 63)
        get(value, 'uid', (0, U32[1] - 1)), get(value, 'gid', (0, U32[1] - 1))
        while [one[0] for one in self.stack[1:]] != parts[:-1][:max(0, len(self.stack) - 1)]:
            self.leave()
        own = b'' if self.alone and (kind == 'dir' or parts) else self.name
        for name in [own, *parts[:-1]][len(self.stack):] if parts else ():
            need(self.lost, 'refused: its directory is not in the manifest')
            self.enter(name, None)
        if kind == 'dir':
            self.enter(parts[-1] if parts else own, value)
            count('restored', 'dir')
        why = value.get('unreadable')
        need('unreadable' not in value, 'could not be read by the backup: %s' % why)
        if kind != 'dir':
            top, name = self.stack[-1][1] if parts else self.target, parts[-1] if parts else own
            first = octets(value, 'link') if 'link' in value or 'linkB64' in value else None
            same = json.dumps([kind, *(value.get(key) for key in (
                'size', 'sha256', 'blocks', 'target', 'targetB64'))])
            if first in (None, path) or not self.linked(top, name, path, first, same):
                self.make(top, name, value, kind, size)
                if first is not None: self.vault.db.execute(
                    'INSERT OR IGNORE INTO link VALUES (?, ?, ?)', (first, path, same))
            count('restored', kind)
    def enter(self, name, value):
        top = self.stack[-1][1] if self.stack else self.target
        if name: os.mkdir(name, 0o700, dir_fd=top)
        self.stack.append((name, os.open(name or b'.', DIRECTORY, dir_fd=top), value))
    def leave(self):
        _, folder, value = self.stack.pop()
        with noted('%s: ' % quote(octets(value, 'path')) if value else '', 'dir'):
            if value: self.attributes(value, folder)
        os.close(folder)
    def linked(self, top, name, path, first, same):
        """Makes a hard link to the first entry of the same inode, where that one is there."""
        ask = 'SELECT at FROM link WHERE first = ? AND what = ?'
        with contextlib.ExitStack() as stack, contextlib.suppress(*FAULTS):
            *parents, last = split(self.vault.db.execute(ask, (first, same)).fetchone()[0])
            folder = self.stack[0][1]
            for part in parents:
                folder = os.open(part, DIRECTORY, dir_fd=folder)
                stack.callback(os.close, folder)
            os.link(last, name, src_dir_fd=folder, dst_dir_fd=top, follow_symlinks=False)
            return True
        gap('hard link', quote(path) + ': made as a file of its own')
        return False
    def make(self, top, name, value, kind, size):
        if kind == 'symlink': os.symlink(octets(value, 'target'), name, dir_fd=top)
        elif kind != 'file':
            need(kind in TYPES, 'cannot be restored')
            device = [get(value, key, U32) if kind != 'fifo' else 0 for key in ('major', 'minor')]
            os.mknod(name, TYPES[kind] | 0o600, os.makedev(*device), dir_fd=top)
        if kind != 'file': return self.attributes(value, name, top)
        file = os.open(name, CREATE, 0o600, dir_fd=top)
        try:
            lost = self.write(file, value, size)
            self.attributes(value, file)
            need(not lost, lost)
            count('restored', 'bytes', size)
        except BaseException as fault:
            if not self.keep or not isinstance(fault, Bad): os.unlink(name, dir_fd=top)
            raise
        finally: os.close(file)
    def attributes(self, value, at, top=None):
        """Owner, extended attributes, mode, time: in this order, as each changes those after."""
        where, same = ({}, {}) if top is None else ({'dir_fd': top}, {'follow_symlinks': False})
        mode, path = value['mode'], at if top is None else b'/proc/self/fd/%d/%s' % (top, at)
        try: os.chown(at, value['uid'], value['gid'], **where, **same)
        except OSError as fault:
            mode &= 0o1777  # Not with the rights of another than it was.
            if os.geteuid(): count('note', 'owner not set (only root can)')
            else: gap('attribute', '%s: %s' % (quote(octets(value, 'path')), words(fault)))
        for key, read in ('xattrs', str.encode), ('xattrsB64', b64):
            for name, raw in value.get(key, ()):
                with noted('%s: ' % clean(name), 'xattr'):
                    os.setxattr(path, read(name), b64(raw), **same)
        if value['type'] != 'symlink': os.chmod(at, mode, **where)
        os.utime(at, ns=(int(value['mtime']),) * 2, **where, **same)
    def records(self, depth, digest, span):
        """The chunks of a list, and of the lists below it."""
        try: raw = self.vault.fetch(2, digest)
        except FAULTS as fault: return (yield span, fault)
        need(len(raw) <= 4096 * 40, 'a chunk list is too long')
        for part, found in struct.iter_unpack('<Q32s', raw):
            span -= part
            yield from [(part, found)] if depth == 1 else self.records(depth - 1, found, part)
        need(span == 0, 'a chunk list that does not add up')
    def holes(self, value, size):
        end, lists = -1, (bytes.fromhex(one) for one in value.get('holeLists', ()))
        lists = (self.vault.fetch(2, digest) for digest in lists)
        for start, length in itertools.chain(value.get('holes', ()), (
                pair for raw in lists for pair in PAIRS.iter_unpack(raw))):
            if isinstance(start, str): start, length = decimal(start), decimal(length)
            need(end < start and 0 < length <= size - start, 'holes that cannot be')
            end = start + length
            yield start, end
    def write(self, file, value, size):
        """The content, checked piece by piece and as a whole; says what is lost of it, if kept."""
        cut, whole, levels, at, lost = value.get('cut'), hashlib.sha256(), {}, 0, None
        fixed, pieces = cut == 'fixed-131072', []
        if size and not cut: pieces = [(size, digest_of(value))]
        need(cut in (None, 'gear-1') or fixed, 'it is cut in a way this does not know')
        need(('blocks' in value) == fixed and ('sha256' in value or fixed), 'its digest is missing')
        if 'list' in value:
            depth = get(value['list'], 'depth', (1, 5))
            pieces = self.records(depth, digest_of(value['list']), size)
        elif cut: pieces = [(span, bytes.fromhex(one)) for span, one in get(value, 'chunks', list)]
        os.truncate(file, size)
        holes = self.holes(value, size)
        hole = next(holes, (size, size))
        for span, digest in pieces:
            need(0 < span <= size - at, 'its chunks do not add up')
            start, at = at, at + span
            try:
                if isinstance(digest, Exception): raise digest
                most = min(BLOCK, size - start) if fixed else 4 * MIB if cut else MIB
                need(span == most if fixed else span <= most, 'a chunk of a wrong length')
                data = bytes(span) if fixed and digest == ZERO else self.vault.fetch(1, digest)
                need(len(data) == span, 'a chunk of another length')
            except FAULTS as fault:
                if not self.keep: raise
                lost = lost or words(fault)
                continue
            whole.update(data)
            if fixed: add_block(levels, sha(data) if digest == ZERO else digest)
            while start < at:  # What is not a hole is written, zeros too.
                while hole[1] <= start < size and hole[0] < size: hole = next(holes, (size, size))
                stop = min(hole[1] if hole[0] <= start else hole[0], at)
                part = data[start - at + span:stop - at + span]
                if hole[0] <= start: need(not part.strip(b'\0'), 'a hole that is not zeros')
                else: need(os.pwrite(file, part, start) == len(part), 'the disk is full')
                start = stop
        need(at == size, 'its chunks do not add up')
        need(lost or 'sha256' not in value or whole.digest() == digest_of(value), 'another sha256')
        need(lost or not fixed or blocks_root(levels, size) == digest_of(value, 'blocks'),
             'another digest of its blocks')
        return lost
def list_all(vault, found):
    for one in found:
        with noted(one['name'] + ': ', 'snapshot'):
            said = vault.content(one)
            what = clean('%s on %s' % (said['dataSet'], said.get('host')))
            print('%s  %s  %s' % (one['name'], one['time'], what))
            print('  NOT TRUSTED: ' + one['why'] if one['why'] else '  signed by ' + one['writer'])
            for root in said['roots']:
                print('  %s: %d entries, %d bytes' % (quote(octets(root, 'path')), get(
                    root, 'entries', ANY), decimal(root.get('bytes'))))
def restore(vault, found, wanted, target, unsigned, keep):
    good = [one for one in found if any(text.startswith(wanted) for text in (
        one['name'], one['id'], 'latest')) and (unsigned or not one['why'])]
    for one in found:
        if one['why'] and (not good or one['since'] >= good[-1]['since']) and not unsigned:
            warn('%s: %s' % (one['name'], one['why']))
    need(good, 'no snapshot %s that can be read and trusted' % clean(wanted))
    need(len(good) == 1 or wanted == 'latest', 'several snapshots begin with ' + clean(wanted))
    one = good[-1]
    said = vault.content(one)
    os.makedirs(target, 0o700, exist_ok=True)
    need(not os.listdir(target), '%s is not empty' % clean(target))
    folder = os.open(target, os.O_DIRECTORY)
    if one['why']:
        warn('!!! UNSIGNED: %s. Whoever could write to the vault may have made it.' % one['why'])
    print('restoring %s of %s' % (one['name'], one['time']), flush=True)
    names = []
    for number, root in enumerate(said['roots']):
        name = octets(root, 'name')
        good = name not in (b'', b'.', b'..', *names) and not re.search(b'[/\0]', name)
        names.append(name if good else b'root-%d' % (number + 1))
    for torn in said.get('torn', ()):
        warn('torn: %s: not to be relied on until %s has started on it' % (
            quote(octets(torn, 'path')), clean(torn.get('engine'))))
    for name, root in zip(names, said['roots']):
        with noted(quote(name) + ': ', 'root'):
            Root(vault, folder, keep, root, name, len(names) == 1)
def main():
    options, words_given = getopt.gnu_getopt(sys.argv[1:], 'h', [
        'help', 'key-file=', 'writer=', 'unsigned', 'keep-damaged'])
    named = [text.lower() for key, text in options if key == '--writer']
    options = dict(options)
    if not words_given or '-h' in options or '--help' in options: return print(USAGE)
    verb, *rest = words_given
    need((verb, len(rest)) in (('list', 1), ('restore', 3)), 'see python3 rescue.py --help')
    need(all(HEX64.fullmatch(name) for name in named), 'a fingerprint has 64 hex digits')
    vault, found = Vault(rest[0], options.get('--key-file'), named), []
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(os.path.join(rest[0], 'snapshots'))):
            with noted(clean(name) + ': ', 'snapshot'):
                found.append({**vault.snapshot(name), 'line': None})
    unsigned, keep = '--unsigned' in options, '--keep-damaged' in options
    found = in_order(found, unsigned)
    list_all(vault, found) if verb == 'list' else restore(vault, found, *rest[1:], unsigned, keep)
    for table, kinds in COUNTS.items():
        for kind, number in kinds.items(): print('%s: %s: %d' % (table, kind, number))
    return 6 if COUNTS['GAPS'] else 0
if __name__ == '__main__':
    os.umask(0o077)
    sys.stdout.reconfigure(errors='backslashreplace')
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536) if most > 0 else 65536, most))
    try: sys.exit(main())
    except (*FAULTS, sqlite3.Error, getopt.GetoptError) as problem:
        sys.exit('rescue: ' + str(problem))
    except KeyboardInterrupt: sys.exit('rescue: stopped')
