#!/usr/bin/env node
// Gets data out of a Holdfast vault of format 0 or 1 with Node 18 or later (before 22.15 also `zstd`).
// Written from FORMAT.md and MANIFEST.md, no code is Holdfast's: a fault there cannot hide here.
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';
const HELP = `Usage: node rescue.mjs list VAULT [OPTION...]
       node rescue.mjs restore VAULT SNAPSHOT|latest TARGET [OPTION...]
TARGET must be new or empty. The content of one saved directory goes directly into it; a single
file, or several roots, each under its name. SNAPSHOT: the first digits of its name or of its id.
  --key-file FILE       the key file; without it the passphrase in HOLDFAST_PASSPHRASE
  --writer FINGERPRINT  trust this writer only (64 hex digits, repeatable), not all vouched for
  --unsigned            take what no trusted writer has signed: anyone may have made it
  --keep-damaged        keep files of which pieces are lost, with zeros in their place
Exit code 0: done; 1: refused or failed; 6: done, with gaps that were named.`;
const ZEROS = Buffer.alloc(131072); // A block of a file cut by `fixed-131072`.
const [XATTRS_HELD_MAX, BYTES_AT_ONCE] = [1 << 20, 64 << 20];
const FATAL = ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE', 'NO_ZSTD'];
const IS_ROOT = process.getuid?.() === 0;
const options = {};
const [gaps, notes, made] = [new Map(), new Map(), new Map()];
const count = (kinds, kind, by = 1) => kinds.set(kind, (kinds.get(kind) ?? 0) + by);
const warn = (text) => process.stderr.write(`rescue: ${text}\n`);
const gap = (kind, what, why) => count(gaps, kind) && warn(`gap: ${kind}: ${what}: ${why}`);
function must(holds, why) {
  if (!holds) throw new Error(why);
}
function attempt(act) {
  try {
    return { value: act() };
  } catch (error) {
    if (FATAL.includes(error.code)) throw error;
    return { problem: error.message };
  }
}
const attemptOn = (kind, what, act, { value, problem } = attempt(act)) =>
  problem ? void gap(kind, what, problem) : value;
const [b64, unhex] = ['base64', 'hex'].map((code) => (text) => Buffer.from(text, code));
const hex = (bytes) => bytes.toString('hex');
const raw = (bytes) => Buffer.from(bytes, 'latin1');
const digestOf = (hash, parts) => parts.reduce((sum, part) => sum.update(part), hash).digest();
const sha256 = (...parts) => digestOf(crypto.createHash('sha256'), parts);
const hmac = (key, ...parts) => digestOf(crypto.createHmac('sha256', key), parts);
const hkdf = (secret, salt, info) => Buffer.from(crypto.hkdfSync('sha256', secret, salt, info, 32));
const u32 = (bytes, ...places) => places.map((at) => bytes.readUInt32LE(at));
const publicKey = (crv, key) =>
  crypto.createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv, x: key.toString('base64url') } });
function privateKeyOf(kind, key) {
  const der = Buffer.concat([unhex(`302e020100300506032b65${kind}04220420`), key]);
  return crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
function bytesOf(object, key) {
  const value = object[`${key}B64`] === undefined ? object[key] : b64(object[`${key}B64`]);
  return value === undefined ? undefined : Buffer.from(value).toString('latin1');
}
// Paths are handled as strings of one character a byte: names need not be UTF-8.
const octal = (bytes, what = /[^\w./-]/g) =>
  bytes.replace(what, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
const show = (bytes = '') => JSON.stringify(raw(bytes).toString());
const sizeOf = ({ entries, bytes }) => `${entries} entries, ${bytes} bytes`;
const ofLine = (line) => ({ line, said: JSON.parse(line) });
const parseLine = (bytes) =>
  must(bytes.includes(10), 'cut off') ?? ofLine(bytes.subarray(0, bytes.indexOf(10)));
function withoutLast(line, member) {
  const at = line.lastIndexOf(`,"${member}":"`);
  must(at > 0 && /^[\w+/=]*"}$/.test(line.toString('latin1', at + member.length + 5)), 'odd line');
  return Buffer.concat([line.subarray(0, at), raw('}')]);
}
function unseal(key, nonce, sealed, aad = '') {
  const cipher = crypto.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  cipher.setAAD(raw(aad)).setAuthTag(sealed.subarray(-16));
  const plain = cipher.update(sealed.subarray(0, -16));
  return must(!attempt(() => cipher.final()).problem, 'damaged, or not of this key (tag)') ?? plain;
}
const openLine = (key, line, { nonce, sealed }) =>
  JSON.parse(unseal(key, b64(nonce), b64(sealed), withoutLast(line, 'sealed')));
function unzstd(frame, length) {
  if (zlib.zstdDecompressSync) return zlib.zstdDecompressSync(frame, { maxOutputLength: length });
  const run = spawnSync('zstd', ['-d', '-c', '-q'], { input: frame, maxBuffer: length });
  const why = `Node ${process.version} cannot undo zstd (22.15 can), and there is no program zstd`;
  if (run.error?.code === 'ENOENT') throw Object.assign(new Error(why), { code: 'NO_ZSTD' });
  must(!run.error && run.status === 0, `zstd: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}
// The vault: what is read of it before any snapshot, and where its objects lie.
const [sealedKeys, dataKeys, openGroups, groups] = [new Map(), new Map(), new Map(), []];
const places = Array.from({ length: 256 }, () => new Map()); // By first byte: a Map has a limit.
const inVault = (...names) => [options.root, ...names].join('/');
const namesIn = (at) => (fs.existsSync(inVault(at)) ? fs.readdirSync(inVault(at)).sort() : []);
let openBytes = 0; // Of groups that are open: files of one directory may lie in a hundred of them.
function readPack(pack, offset, length) {
  const [bytes, fd] = [Buffer.alloc(length), fs.openSync(inVault('packs', pack), 'r')];
  const { value, problem } = attempt(() => fs.readSync(fd, bytes, 0, length, offset));
  fs.closeSync(fd);
  return must(value === length, problem ?? 'cut off') ?? bytes;
}
function groupAt(pack, offset, end) {
  const head = readPack(pack, offset, 56);
  const [header, body, length, members, refs] = u32(head, 8, 12, 16, 48, 52);
  const [suite, kind, codec, zero] = head.subarray(4, 8);
  must(head.indexOf('HFG0') === 0 && suite === 1 && zero === 0, 'no group where one should be');
  must((kind === 1 || kind === 2) && codec <= 1 && length <= BYTES_AT_ONCE, 'unknown group');
  const isWhole = body >= 16 && offset + header + body <= end;
  must(isWhole && members <= 4096 && header === 56 + members * 36 + refs * 16, 'odd group');
  const table = readPack(pack, offset + 56, members * 36);
  const starts = [0];
  for (let m = 0; m < members; m++) starts.push(starts[m] + table.readUInt32LE(m * 36 + 32));
  must(starts[members] === length, 'odd group');
  const key = `${kind}-${hex(head.subarray(20, 36))}`;
  return { codec, header, size: header + body, table, starts, key };
}
function scanPack(pack) {
  // Goes from group to group to the trailer; where something is damaged, to the next `HFG0`.
  const { size } = fs.statSync(inVault('packs', pack));
  for (let at = 16; at < size; ) {
    const { value: group, problem } = attempt(() => groupAt(pack, at, size));
    if (group) {
      groups.push({ pack, offset: at, size: group.size, length: group.starts.at(-1) });
      for (let m = 0; m < group.starts.length - 1; m++) {
        const id = group.table.toString('latin1', m * 36, m * 36 + 16);
        const [map, place] = [places[id.charCodeAt(0)], (groups.length - 1) * 4096 + m];
        map.set(id, map.has(id) ? [map.get(id), place].flat() : place);
      }
      at += group.size;
      continue;
    }
    const rest = readPack(pack, at, Math.min(size - at, BYTES_AT_ONCE));
    const isTrailer = rest.indexOf('HFT0') === 0 && rest.subarray(-4).equals(raw('HFE0'));
    if (isTrailer) return keepKeys(rest.subarray(12 + rest.readUInt32LE(4) * 12, -8));
    warn(`packs/${pack} at ${at}: ${problem}; searching for the next group`);
    at += rest.indexOf('HFG0', 1) > 0 ? rest.indexOf('HFG0', 1) : rest.length;
  }
}
function keepKeys(bytes) {
  for (let end, at = 0; at + 20 <= bytes.length; at = end) {
    end = at + 20 + bytes.readUInt16LE(at + 2) * 108;
    const sealed = bytes.subarray(at, end);
    const name = `${sealed[1]}-${sealed.toString('hex', 4, 20)}`;
    sealedKeys.set(name, [...(sealedKeys.get(name) ?? []), sealed]);
  }
}
function scan() {
  for (const index of namesIn('index')) {
    const bytes = fs.readFileSync(inVault('index', index));
    const [packs, keys] = bytes.length < 24 ? [0, 0] : u32(bytes, 8, 20);
    keepKeys(bytes.subarray(24 + packs * 40, 24 + packs * 40 + keys));
  }
  for (const pack of namesIn('packs')) attemptOn('pack', pack, () => scanPack(pack));
}
function openDataKey(sealed, scope) {
  must(sealed[0] === 1 && sealed[1] === scope, 'unknown data key');
  const own = b64((scope === 1 ? options.keyring.contentKey : options.keyring.namesKey) ?? '');
  must(own.length === 32, 'this key is not for reading it');
  const privateKey = privateKeyOf('6e', own);
  const recipient = b64(crypto.createPublicKey(privateKey).export({ format: 'jwk' }).x);
  for (let at = 20; at + 108 <= sealed.length; at += 108) {
    if (!sealed.subarray(at, at + 16).equals(sha256(recipient).subarray(0, 16))) continue;
    const once = sealed.subarray(at + 16, at + 48);
    const shared = crypto.diffieHellman({ privateKey, publicKey: publicKey('X25519', once) });
    const [salt, end] = [Buffer.concat([once, recipient]), [sealed[1], ...sealed.subarray(4, 20)]];
    const info = [raw('holdfast 0 data key'), unhex(options.keyring.vault), Buffer.from(end)];
    const kek = hkdf(shared, salt, Buffer.concat(info));
    return unseal(kek, sealed.subarray(at + 48, at + 60), sealed.subarray(at + 60, at + 108));
  }
  throw new Error('its data key is not sealed to this keyring');
}
function withDataKey(name, open, why = 'its data key is in no pack and no index') {
  for (const sealed of [undefined, ...(sealedKeys.get(name) ?? [])]) {
    const key = attempt(() => (sealed ? openDataKey(sealed, sealed[1]) : dataKeys.get(name)));
    const { value: plain, problem } = key.value ? attempt(() => open(key.value)) : key;
    if (plain) return dataKeys.set(name, key.value) && plain; // Whoever may write can plant others.
    why = problem ?? why;
  }
  throw new Error(why);
}
function openGroup({ pack, offset, size, length }) {
  for (openBytes += length; openBytes > BYTES_AT_ONCE; ) {
    const [oldest] = openGroups.keys();
    openGroups.delete(oldest);
    openBytes -= groups[oldest].length;
  }
  const { codec, header, starts, key } = groupAt(pack, offset, offset + size);
  const bytes = readPack(pack, offset, size);
  const [aad, sealed] = [bytes.subarray(0, header), bytes.subarray(header)];
  const plain = withDataKey(key, (own) => unseal(own, bytes.subarray(36, 48), sealed, aad));
  const content = codec === 1 ? unzstd(plain, starts.at(-1)) : plain;
  must(content.length === starts.at(-1), 'not as long as it says');
  return (member) => content.subarray(starts[member], starts[member + 1]);
}
function object(kind, digest) {
  const id = hmac(b64(options.keyring.idKey), Buffer.from([kind]), digest);
  const found = places[id[0]].get(id.toString('latin1', 0, 16)) ?? [];
  let why = 'it is in no pack';
  for (const place of [found].flat()) {
    const [number, member] = [Math.floor(place / 4096), place % 4096];
    const group = openGroups.get(number) ?? attempt(() => openGroup(groups[number]));
    openGroups.delete(number);
    openGroups.set(number, group); // Last: the first is the one that was not used for longest.
    const bytes = group.value?.(member);
    if (bytes && sha256(bytes).equals(digest)) return bytes;
    why = `packs/${groups[number].pack}: ${group.problem ?? 'not what its id says'}`;
  }
  throw new Error(`${kind === 1 ? 'chunk' : 'page or list'} ${hex(digest)}: ${why}`);
}
function eitherCopy(name, parse) {
  const read = (file) => attempt(() => parse(parseLine(fs.readFileSync(inVault(file)))));
  const first = read(name);
  const copy = first.value ? first : read(`copy/${name}`);
  must(copy.value, `${name}: ${first.problem}; its copy: ${copy.problem}`);
  if (first.problem) warn(`${name}: ${first.problem}; going by its copy`);
  return copy.value;
}
function openKeyring({ line, said }) {
  const { wrap, salt, n, r, p } = said;
  let key;
  if (wrap === 'file') {
    const file = fs.readFileSync(options['key-file'] ?? '', 'latin1');
    const secret = b64(/^holdfast-key-0 ([\w+/]{43}=)\n?$/.exec(file)?.[1] ?? '');
    must(secret.length === 32, `${options['key-file']} is no key file`);
    key = hkdf(secret, b64(salt), 'holdfast 0 key file');
  } else {
    const isCheap = n <= 2 ** 20 && 128 * n * r <= 2 ** 30 && r <= 32 && p <= 16;
    must(wrap === 'scrypt' && isCheap, 'unknown or too costly wrapping');
    const cost = { N: n, r, p, maxmem: 2 ** 31 };
    key = crypto.scryptSync(process.env.HOLDFAST_PASSPHRASE ?? '', b64(salt), 32, cost);
  }
  return openLine(key, line, said);
}
const checkHeader = ({ line, said }) =>
  must(said.sha256 === hex(sha256(withoutLast(line, 'sha256'))), 'damaged') ?? said;
function openVault() {
  const { value: header, problem } = attempt(() => eitherCopy('header', checkHeader));
  if (problem) warn(`${problem}: going by the keyring alone, it may be of a later format`);
  const isKnown = [0, 1].includes(header?.format ?? 0);
  must(isKnown, `the vault is of format ${header?.format}; this reads 0 and 1`);
  must(!header?.required?.length, `the vault requires ${header?.required}, unknown to this`);
  const ids = new Set([...namesIn('keys'), ...namesIn('copy/keys')]);
  const tried = Array.from(ids, (id) => attempt(() => eitherCopy(`keys/${id}`, openKeyring)));
  options.keyring = tried.find(({ value }) => value)?.value;
  const why = tried.map((one) => `\n  ${one.problem}`).join('');
  must(options.keyring, `no key of this vault could be opened:${why || ' there is none'}`);
  const isSame = (key) => !header || header[key] === options.keyring[key];
  must(isSame('vault') && isSame('domain'), 'header and keyring are of different vaults');
}
function lastWord(fingerprint) {
  const { vault, vouchKey, vouchPublic = '' } = options.keyring;
  const seed = hkdf(b64(vouchKey ?? ''), unhex(vault), 'holdfast 0 vouch key');
  const [own, named] = [privateKeyOf('70', seed), () => publicKey('Ed25519', b64(vouchPublic))];
  const voucher = vouchKey ? crypto.createPublicKey(own) : named();
  const check = (name, { line, said }) => {
    const signed = Buffer.concat([raw('holdfast vouch 0\n'), withoutLast(line, 'signature')]);
    must(crypto.verify(null, signed, voucher, b64(said.signature)), 'wrong signature');
    const ofName = [hex(sha256(b64(said.publicKey))), `${said.n}`.padStart(6, '0')].join('-');
    return must(ofName === name && said.vault === vault, 'of another name') ?? said;
  };
  const names = [...new Set([...namesIn('vouches'), ...namesIn('copy/vouches')])].sort();
  for (const name of names.reverse().filter((each) => each.startsWith(fingerprint))) {
    const word = attempt(() => eitherCopy(`vouches/${name}`, (one) => check(name, one)));
    if (word.value) return word.value;
    warn(word.problem);
  }
}
function trustedKey({ writer: fingerprint, time }, id) {
  const isNamed = options.writer.includes(fingerprint);
  must(isNamed || options.writer.length === 0, `its writer ${fingerprint} is not trusted`);
  const word = isNamed ? undefined : lastWord(fingerprint);
  const isKept = !word?.until || word.kept.includes(id.slice(0, 32));
  must(isKept && !(time < word?.from), 'its writer is not trusted for that time');
  return eitherCopy(`writers/${fingerprint}`, ({ line, said }) => {
    const { vault, vouchKey } = options.keyring; // A limited key cannot check the mac: none counts.
    const mac = vouchKey && hmac(b64(vouchKey), withoutLast(line, 'mac'));
    const isVouchedFor = mac && said.vault === vault && mac.equals(b64(said.mac));
    must(isVouchedFor || word || isNamed, 'the keyring does not vouch for this writer');
    must(hex(sha256(b64(said.publicKey))) === fingerprint, 'damaged');
    return publicKey('Ed25519', b64(said.publicKey));
  });
}
function readSnapshot(name) {
  const bytes = fs.readFileSync(inVault('snapshots', name));
  must(name.slice(28) === hex(sha256(bytes)).slice(0, 32), 'damaged');
  const { line, said: head } = parseLine(bytes);
  must(head.vault === options.keyring.vault && head.format === 0, 'of another vault or format');
  const { problem: refused } = attempt(() => {
    const { signature } = parseLine(bytes.subarray(line.length + 1)).said;
    const signed = Buffer.concat([raw('holdfast snapshot 0\n'), line, raw('\n')]);
    const key = trustedKey(head, hex(sha256(bytes)));
    must(crypto.verify(null, signed, key, b64(signature)), 'wrong signature');
    const own = `${head.writer.slice(0, 16)}-${String(head.seq).padStart(10, '0')}-`;
    must(name.startsWith(own), 'its name is that of another');
  });
  must(/^\d{4}(-\d\d){2}T(\d\d:){2}\d\d\.\d{3}Z$/.test(head.time), 'its time is none');
  keepKeys(b64(head.dataKey)); // It is that of the pages of its run, too.
  const body = openLine(openDataKey(b64(head.dataKey), 2), line, head);
  return { name, head, body, refused };
}
function readSnapshots() {
  const read = (name) => attemptOn('snapshot', name, () => readSnapshot(name));
  const snapshots = namesIn('snapshots').map(read).filter(Boolean);
  // An earlier time of a later number tells of a wrong clock. Of one number, neither is later.
  const earliest = new Map();
  const laterFirst = (a, b) => b.head.seq - a.head.seq || (a.head.time < b.head.time ? 1 : -1);
  for (const one of snapshots.sort(laterFirst)) {
    const { writer, time } = one.head;
    one.at = [time, earliest.get(writer) ?? time].sort()[0];
    if (options.unsigned || !one.refused) earliest.set(writer, one.at);
  }
  return snapshots.sort((a, b) => (`${a.at} ${a.name}` < `${b.at} ${b.name}` ? -1 : 1));
}
const [stack, here] = [[], { xattrs: '' }];
function readPage(digest, level, about) {
  const { problem } = attempt(() => {
    const lines = object(2, unhex(digest)).toString().split('\n');
    const head = JSON.parse(lines.shift());
    must(head.holdfast === 'page' && head.version === 0 && lines.pop() === '', 'odd page');
    must(head.level <= 40 && head.level === (level ?? head.level), 'page of a wrong level');
    for (const line of lines) {
      if (head.level === 0) readEntry(line);
      else readPage(JSON.parse(line).sha256, head.level - 1, JSON.parse(line));
    }
  });
  if (!problem) return;
  here.isTorn = true;
  gap('page', `${sizeOf(about)} from ${show(bytesOf(about, 'first'))} on`, problem);
}
function readEntry(line) {
  const { value: entry = {} } = attempt(() => JSON.parse(line));
  const name = bytesOf(entry, 'path');
  attemptOn(entry.type, show(name), () => {
    must(name === '' || (name && !/(^|\/)\.{0,2}(\/|$)|\0/.test(name)), 'refused: unsafe path');
    const order = name.replaceAll('/', '\0');
    must(here.last === undefined || order > here.last, 'refused: out of order');
    here.last = order;
    if (entry.type === 'dir') enter(name, entry);
    else if (!entry.unreadable) makeEntry(name, entry);
    must(!entry.unreadable, `could not be read by the backup: ${entry.unreadable}`);
    count(made, entry.type);
  });
  for (const what of entry.notKept ?? []) gap('not kept by the backup', show(name), what);
  if (entry.inFlux) count(notes, 'changed while the backup read it');
}
function makeEntry(name, entry) {
  const [at, link] = [placeOf(name, false), bytesOf(entry, 'link') ?? name];
  const first = link === name ? undefined : here.links.get(link);
  if (first) return fs.linkSync(raw(first), raw(at));
  if (link !== name) gap('hard link', show(name), 'made as a file of its own');
  if (entry.type === 'file') makeFile(at, entry);
  else if (entry.type === 'symlink') fs.symlinkSync(raw(bytesOf(entry, 'target')), raw(at));
  else makeNode(at, entry);
  if (entry.link ?? entry.linkB64) here.links.set(link, at);
  settle({ at, name, entry });
}
function placeOf(name, isDir) {
  const isIn = (dir) => (dir === '' ? name !== '' : name.startsWith(`${dir}/`));
  while (stack.length > 0 && !isIn(stack.at(-1).name)) leave();
  if (name === '') return here.isOnly && isDir ? options.target : `${options.target}/${here.name}`;
  const up = name.slice(0, Math.max(0, name.lastIndexOf('/')));
  if (stack.at(-1)?.name !== up) {
    must(here.isTorn, 'refused: its directory is not there');
    enter(up, undefined); // Its entry was in a page that is lost.
  }
  return `${stack.at(-1).at}/${name.slice(name.lastIndexOf('/') + 1)}`;
}
function enter(name, entry) {
  const at = placeOf(name, true);
  if (at !== options.target) fs.mkdirSync(raw(at), 0o700);
  stack.push({ at, name, entry });
}
const leave = () => [stack.pop()].filter(({ entry }) => entry).forEach(settle);
function makeFile(at, entry) {
  const fd = fs.openSync(raw(at), 'wx', 0o600); // O_EXCL: new, and through no symbolic link.
  const { problem } = attempt(() => writeContent(fd, entry));
  fs.closeSync(fd);
  if (problem && !options['keep-damaged']) fs.unlinkSync(raw(at));
  must(!problem, problem);
  count(made, 'bytes', Number(entry.size));
}
function writeContent(fd, { size, sha256: digest, cut, chunks, list, holes, holeLists }) {
  const single = Number(size) > 0 ? [[Number(size), digest]] : [];
  const inline = (cut ? chunks : single)?.map(([length, text]) => [length, unhex(text)]);
  const pieces = list ? listed(unhex(list.sha256), list.depth, Number(size)) : inline;
  let [at, lost] = [0, undefined];
  fs.ftruncateSync(fd, Number(size));
  for (const [length, hash] of pieces) {
    must(length > 0 && at + length <= Number(size), 'its pieces are longer than the file');
    const isZero = cut === 'fixed-131072' && hash.equals(ZEROS.subarray(0, 32));
    const { value, problem } = isZero ? {} : attempt(() => object(1, hash));
    const bytes = value ?? Buffer.alloc(length);
    must(bytes.length === length, 'a piece is not as long as it should be');
    lost ??= problem;
    const step = holes || holeLists ? 4096 : length;
    for (let from = 0; from < length; from += step) {
      const part = bytes.subarray(from, from + step);
      const isHole = step === 4096 && part.equals(ZEROS.subarray(0, part.length));
      must(isHole || fs.writeSync(fd, part, 0, part.length, at + from) === part.length, 'cut off');
    }
    at += length;
  }
  must(!lost && at === Number(size), lost ?? 'its pieces are shorter than the file');
}
function* listed(digest, depth, span) {
  const bytes = object(2, digest);
  must(depth >= 1 && depth <= 5 && bytes.length % 40 === 0, 'odd chunk list');
  for (let at = 0; at < bytes.length; at += 40) {
    const [length, below] = [Number(bytes.readBigUInt64LE(at)), bytes.subarray(at + 8, at + 40)];
    if (depth === 1) yield [length, below];
    else yield* listed(below, depth - 1, length);
    span -= length;
  }
  must(span === 0, 'a chunk list of a wrong sum');
}
function makeNode(at, { type, major, minor }) {
  const args = { fifo: 'p', char: `c ${major} ${minor}`, block: `b ${major} ${minor}` }[type] ?? '';
  must(/^[pcb]( \d+ \d+)?$/.test(args), 'cannot be restored');
  const name = octal(at, /[\s\S]/g); // Arguments that Node gives are UTF-8; printf takes any byte.
  const run = spawnSync('sh', ['-c', `p=$(printf '${name}x'); mknod -m 600 "\${p%x}" ${args}`]);
  must(run.status === 0, `mknod: ${run.error?.message ?? run.stderr}`.trim());
}
function settle({ at, name, entry }) {
  const set = (act) => attemptOn('attribute', show(name), act); // Owner first: it takes from the rest.
  const { problem } = attempt(() => fs.lchownSync(raw(at), entry.uid, entry.gid));
  if (problem && IS_ROOT) gap('attribute', show(name), problem);
  else if (problem) count(notes, 'owner not set (only root can)');
  const coded = (entry.xattrsB64 ?? []).map(([key, value]) => [b64(key), value]);
  const xattrs = [...(entry.xattrs ?? []), ...coded];
  if (xattrs.length > 0) here.xattrs += `\n# file: ${octal(at)}\n`;
  for (const [key, value] of xattrs) {
    here.xattrs += `${octal(Buffer.from(key).toString('latin1'))}=${value ? `0s${value}` : '""'}\n`;
  }
  if (!IS_ROOT || here.xattrs.length > XATTRS_HELD_MAX) setXattrs();
  const mode = entry.mode & (problem ? 0o1777 : 0o7777); // Not with the rights of another.
  set(() => entry.type === 'symlink' || fs.chmodSync(raw(at), mode));
  const seconds = `${Number(entry.mtime) / 1e9}`; // Text: Node takes a negative number for now.
  set(() => fs.lutimesSync(raw(at), seconds, seconds));
  if (!entry.mtime.endsWith('000')) count(notes, 'mtime set, but not its nanoseconds');
}
function setXattrs([input, kept] = [here.xattrs, here.xattrs.match(/^# file:.*/gm) ?? []]) {
  here.xattrs = '';
  const { error, stderr } = input ? spawnSync('setfattr', ['-h', '--restore=-'], { input }) : {};
  for (const line of error ? kept : []) gap('xattr', line.slice(8), error.message);
  for (const line of `${stderr ?? ''}`.split('\n')) if (line) gap('xattr', 'setfattr', line);
}
function list() {
  for (const { name, head, body, refused } of readSnapshots()) {
    console.log(`${name}  ${head.time}  ${body.dataSet} on ${body.host}`);
    console.log(refused ? `  NOT TRUSTED: ${refused}` : `  signed by ${head.writer}`);
    for (const root of body.roots) console.log(`  ${show(bytesOf(root, 'path'))}: ${sizeOf(root)}`);
  }
}
function pick(wanted) {
  const isIt = ({ name }) => [name, name.slice(28), 'latest'].some((id) => id.startsWith(wanted));
  const all = readSnapshots().filter(isIt);
  must(all.length <= 1 || wanted === 'latest', `several snapshots begin with ${wanted}`);
  let one = all.pop();
  for (; one?.refused && !options.unsigned; one = all.pop()) warn(`${one.name}: ${one.refused}`);
  must(one, `no snapshot ${wanted} that can be read and trusted`);
  return one;
}
function restore(wanted, target) {
  const { name, head, body, refused } = pick(wanted);
  if (refused) warn(`!!! UNSIGNED: ${refused}. Whoever could write to the vault may have made it.`);
  if (!fs.existsSync(target)) fs.mkdirSync(target, { recursive: true, mode: 0o700 });
  must(fs.readdirSync(target).length === 0, `${target} is not empty`);
  options.target = Buffer.from(fs.realpathSync(target)).toString('latin1');
  console.log(`restoring ${name} of ${head.time}`);
  scan();
  const taken = new Set(['', '.', '..']); // Names that no root may have.
  for (const [number, root] of body.roots.entries()) {
    const own = bytesOf(root, 'name') ?? '';
    const to = taken.has(own) || /[/\0]/.test(own) ? `root-${number + 1}` : own;
    const isOnly = taken.add(to) && body.roots.length === 1;
    Object.assign(here, { name: to, isOnly, isTorn: false, last: undefined, links: new Map() });
    readPage(root.sha256, undefined, { first: '', ...root });
    while (stack.length > 0) leave();
  }
  setXattrs();
  for (const [what, number] of made) console.log(`restored: ${what}: ${number}`);
}
function main() {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const known = { unsigned: flag, 'keep-damaged': flag, help: flag, 'key-file': text };
  known.writer = { ...text, multiple: true, default: [] };
  const { values, positionals: given } = parseArgs({ options: known, allowPositionals: true });
  const [verb, root, ...rest] = given;
  if (verb === undefined || values.help) return console.log(HELP);
  must({ list: 0, restore: 2 }[verb] === rest.length && root, 'see node rescue.mjs --help');
  Object.assign(options, values, { root });
  openVault();
  ({ list, restore })[verb](...rest);
  for (const [kind, number] of notes) console.log(`note: ${kind}: ${number}`);
  for (const [kind, number] of gaps) console.log(`GAPS: ${kind}: ${number}`);
  process.exitCode = gaps.size > 0 ? 6 : 0;
}
try {
  main();
} catch (error) {
  warn(error.message);
  process.exitCode = 1;
}
