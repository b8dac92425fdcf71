// A second writer of vaults, made from docs/format/vault.md and docs/format/manifest.md alone: slow
// and plain, so that rescue/rescue.mjs meets a vault that neither it nor src/ has written. Every
// limit can be set small, and every part can be made wrong on purpose.
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scryptSync,
  sign,
} from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { type Piece, type TreeEntry, makeManifest } from './make-manifest.ts';

export interface Root {
  readonly name: string;
  readonly path: string;
  readonly entries: readonly TreeEntry[];
}

export interface Limits {
  readonly groupBytes: number;
  readonly packBytes: number;
  readonly pageBytes: number;
  readonly listRecords: number;
  readonly holeRecords: number;
}

const LIMITS: Limits = {
  groupBytes: 262144,
  packBytes: 32 << 20,
  pageBytes: 262144,
  listRecords: 4096,
  holeRecords: 16384,
};

export interface Writer {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
  readonly fingerprint: string;
  sequence: number;
  previous: string;
}

export const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hmac = (key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Buffer => {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};
const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value, at * 4);
  return bytes;
};

/** Ciphertext and tag, as everywhere in the format. */
function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** One line with a last member that is computed from the line without it. */
function lineWith(
  fields: Record<string, unknown>,
  last: string,
  value: (line: Buffer) => string,
): Buffer {
  const computed = value(Buffer.from(JSON.stringify(fields)));
  return Buffer.from(`${JSON.stringify({ ...fields, [last]: computed })}\n`);
}

interface Recipient {
  readonly privateKey: KeyObject;
  readonly rawPrivate: Buffer;
  readonly rawPublic: Buffer;
}

function makeRecipient(): Recipient {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return {
    privateKey,
    rawPrivate: privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32),
    rawPublic: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
  };
}

interface DataKey {
  readonly key: Buffer;
  readonly id: Buffer;
  readonly sealed: Buffer;
}

interface PackedGroup {
  readonly bytes: Buffer;
  readonly headerLength: number;
  readonly ids: readonly Buffer[];
}

export class VaultMaker {
  readonly directory: string;
  readonly limits: Limits;
  readonly codec: 0 | 1;
  /** Members that a later version puts behind the known ones, into every line and what is sealed in it. */
  readonly later: Readonly<Record<string, unknown>>;
  readonly vault = randomBytes(16).toString('hex');
  readonly domain = randomBytes(16).toString('hex');
  readonly idKey = randomBytes(32);
  readonly vouchKey = randomBytes(32);
  readonly names = makeRecipient();
  readonly content = makeRecipient();
  /** Groups say that their first member is their second, and the other way round. */
  swapsIds = false;
  readonly #held = new Set<string>();

  constructor(
    directory: string,
    options: { limits?: Partial<Limits>; codec?: 0 | 1; later?: Record<string, unknown> } = {},
  ) {
    this.directory = directory;
    this.limits = { ...LIMITS, ...options.limits };
    this.codec = options.codec ?? 1;
    this.later = options.later ?? {};
    const twice = ['keys', 'writers', 'vouches'];
    const folders = [
      ...twice,
      ...twice.map((name) => `copy/${name}`),
      'packs',
      'index',
      'snapshots',
    ];
    for (const folder of folders) mkdirSync(path.join(directory, folder), { recursive: true });
    const { vault, domain } = this;
    const created = '2026-11-20T11:00:00.000Z';
    const fields = { holdfast: 'vault', format: 0, vault, domain, created };
    this.writeHeader({ ...fields, required: [], optional: [] });
  }

  put(name: string, bytes: Uint8Array): void {
    writeFileSync(path.join(this.directory, name), bytes);
  }

  #putTwice(name: string, bytes: Uint8Array): void {
    this.put(name, bytes);
    this.put(`copy/${name}`, bytes);
  }

  writeHeader(fields: Record<string, unknown>): void {
    const line = lineWith({ ...fields, ...this.later }, 'sha256', (without) =>
      sha256(without).toString('hex'),
    );
    this.#putTwice('header', line);
  }

  #keyring(scope: 'all' | 'content' | 'write'): Buffer {
    const { vault, domain } = this;
    const privates = {
      namesKey: b64(this.names.rawPrivate),
      contentKey: b64(this.content.rawPrivate),
    };
    const publics = {
      namesPublic: b64(this.names.rawPublic),
      contentPublic: b64(this.content.rawPublic),
      vouchPublic: b64(this.#voucher(this.vouchKey).publicKey),
    };
    const keys = {
      idKey: b64(this.idKey),
      ...(scope === 'write' ? {} : privates),
      ...(scope === 'all' ? { vouchKey: b64(this.vouchKey) } : publics),
    };
    const named = { holdfast: 'keyring', format: 0, vault, domain };
    return Buffer.from(JSON.stringify({ ...named, ...keys, ...this.later }));
  }

  #voucher(vouchKey: Uint8Array) {
    const salt = Buffer.from(this.vault, 'hex');
    const seed = Buffer.from(hkdfSync('sha256', vouchKey, salt, 'holdfast 0 vouch key', 32));
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    return { privateKey, publicKey: spki.subarray(-32) };
  }

  /** What is said of a writer by who has `vouchKey`. */
  vouch(
    { fingerprint, publicKey }: Writer,
    n: number,
    of: {
      readonly from?: string;
      readonly until?: string;
      readonly kept?: readonly string[];
      readonly vouchKey?: Uint8Array;
    } = {},
  ): void {
    const { vouchKey = this.vouchKey, ...trust } = of;
    const named = { holdfast: 'vouch', format: 0, vault: this.vault, publicKey: b64(publicKey), n };
    const fields = { ...named, created: '2026-11-20T11:00:00.000Z', ...trust, ...this.later };
    const { privateKey } = this.#voucher(vouchKey);
    const line = lineWith(fields, 'signature', (without) =>
      b64(sign(null, Buffer.concat([Buffer.from('holdfast vouch 0\n'), without]), privateKey)),
    );
    this.#putTwice(`vouches/${fingerprint}-${String(n).padStart(6, '0')}`, line);
  }

  #putKey(
    wrap: Record<string, unknown>,
    kek: Uint8Array,
    scope: 'all' | 'content' | 'write' = 'all',
  ): string {
    const id = randomBytes(8).toString('hex');
    const nonce = randomBytes(12);
    const named = { holdfast: 'key', format: 0, vault: this.vault, id, label: 'test' };
    const scoped = scope === 'all' ? {} : { scope };
    const created = '2026-11-20T11:00:00.000Z';
    const fields = { ...named, created, ...scoped, ...wrap, nonce: b64(nonce), ...this.later };
    const keyring = this.#keyring(scope);
    const line = lineWith(fields, 'sealed', (aad) => b64(seal(kek, nonce, aad, keyring)));
    this.#putTwice(`keys/${id}`, line);
    return id;
  }

  /** scrypt with a small cost: the format allows any. */
  addPassphrase(passphrase: string, n = 1024): string {
    const salt = randomBytes(16);
    const kek = scryptSync(passphrase, salt, 32, { N: n, r: 8, p: 1 });
    return this.#putKey({ wrap: 'scrypt', n, r: 8, p: 1, salt: b64(salt) }, kek);
  }

  addKeyFile(file: string, scope: 'all' | 'content' | 'write' = 'all'): string {
    const [secret, salt] = [randomBytes(32), randomBytes(16)];
    const kek = Buffer.from(hkdfSync('sha256', secret, salt, 'holdfast 0 key file', 32));
    writeFileSync(file, `holdfast-key-0 ${b64(secret)}\n`);
    return this.#putKey({ wrap: 'file', salt: b64(salt) }, kek, scope);
  }

  addWriter(vouchKey: Uint8Array = this.vouchKey): Writer {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const fingerprint = sha256(raw).toString('hex');
    const named = { holdfast: 'writer', format: 0, vault: this.vault, publicKey: b64(raw) };
    const fields = { ...named, created: '2026-11-20T11:00:00.000Z', ...this.later };
    const line = lineWith(fields, 'mac', (without) => b64(hmac(vouchKey, without)));
    this.#putTwice(`writers/${fingerprint}`, line);
    return { privateKey, publicKey: raw, fingerprint, sequence: 0, previous: '' };
  }

  #makeDataKey(scope: 1 | 2): DataKey {
    const [key, id, nonce] = [randomBytes(32), randomBytes(16), randomBytes(12)];
    const recipient = scope === 1 ? this.content : this.names;
    const once = generateKeyPairSync('x25519');
    const onceRaw = once.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const shared = diffieHellman({
      privateKey: once.privateKey,
      publicKey: createPublicKey(recipient.privateKey),
    });
    const salt = Buffer.concat([onceRaw, recipient.rawPublic]);
    const info = [Buffer.from('holdfast 0 data key'), Buffer.from(this.vault, 'hex')];
    const context = Buffer.concat([...info, Buffer.from([scope]), id]);
    const kek = Buffer.from(hkdfSync('sha256', shared, salt, context, 32));
    // Sealed to a stranger first: a reader has to look for its own.
    const stranger = randomBytes(108);
    const own = [sha256(recipient.rawPublic).subarray(0, 16), onceRaw, nonce];
    const sealedKey = seal(kek, nonce, Buffer.alloc(0), key);
    const head = Buffer.from([1, scope, 2, 0]);
    return { key, id, sealed: Buffer.concat([head, id, stranger, ...own, sealedKey]) };
  }

  #idOf(kind: 1 | 2, digest: Uint8Array): Buffer {
    return hmac(this.idKey, Buffer.from([kind]), digest);
  }

  #sealGroup(kind: 1 | 2, members: readonly Piece[], dataKey: DataKey): PackedGroup {
    const ids = members.map((member) => this.#idOf(kind, sha256(member.bytes)));
    if (this.swapsIds) ids.unshift(...ids.splice(1, 1));
    const own = new Set(ids.map((id) => id.toString('hex')));
    const refs = new Set<string>();
    for (const member of members) {
      for (const ref of member.refs) {
        const id = this.#idOf(ref.kind, ref.digest).toString('hex');
        if (!own.has(id)) refs.add(id.slice(0, 32));
      }
    }
    const plain = Buffer.concat(members.map((member) => member.bytes));
    const body = this.codec === 1 ? zstdCompressSync(plain) : plain;
    const nonce = randomBytes(12);
    const headerLength = 56 + members.length * 36 + refs.size * 16;
    const header = Buffer.concat([
      Buffer.from('HFG0'),
      Buffer.from([1, kind, this.codec, 0]),
      u32(headerLength, body.length + 16, plain.length),
      dataKey.id,
      nonce,
      u32(members.length, refs.size),
      ...members.flatMap((member, at) => [ids[at] ?? Buffer.alloc(0), u32(member.bytes.length)]),
      ...[...refs].sort().map((ref) => Buffer.from(ref, 'hex')),
    ]);
    const bytes = Buffer.concat([header, seal(dataKey.key, nonce, header, body)]);
    return { bytes, headerLength, ids };
  }

  #writePacks(kind: 1 | 2, objects: readonly Piece[], dataKey: DataKey): IndexedPack[] {
    const fresh = objects.filter((object) => {
      const id = this.#idOf(kind, sha256(object.bytes)).toString('hex');
      const isFresh = !this.#held.has(id);
      this.#held.add(id);
      return isFresh;
    });
    const groups = split(fresh, (member) => member.bytes.length, this.limits.groupBytes).map(
      (members) => this.#sealGroup(kind, members, dataKey),
    );
    return split(groups, (group) => group.bytes.length, this.limits.packBytes).map((packed) => {
      const table: number[] = [];
      let offset = 16;
      for (const { bytes, headerLength } of packed) {
        table.push(offset, headerLength, bytes.length - headerLength);
        offset += bytes.length;
      }
      const trailer = Buffer.concat([
        Buffer.from('HFT0'),
        u32(packed.length, ...table, dataKey.sealed.length),
        dataKey.sealed,
        u32(4 + 4 + packed.length * 12 + 4 + dataKey.sealed.length + 4),
      ]);
      const file = Buffer.concat([
        Buffer.from('HOLDFAST PACK 0\n'),
        ...packed.map((group) => group.bytes),
        trailer,
        Buffer.from('HFE0'),
      ]);
      const name = sha256(file);
      this.put(`packs/${name.toString('hex')}`, file);
      return { name, size: file.length, table, groups: packed };
    });
  }

  #writeIndex(packs: readonly IndexedPack[], sealedKeys: Buffer): void {
    const groupRows: Buffer[] = [];
    const entryRows: Buffer[] = [];
    for (const [pack, { table, groups }] of packs.entries()) {
      for (const [at, group] of groups.entries()) {
        for (const [member, id] of group.ids.entries()) {
          entryRows.push(Buffer.concat([id.subarray(0, 16), u32(groupRows.length, member)]));
        }
        groupRows.push(u32(pack, ...table.slice(at * 3, at * 3 + 3)));
      }
    }
    entryRows.sort(Buffer.compare);
    const packRows = packs.map(({ name, size }) => Buffer.concat([name, u32(size, 0)]));
    const head = [packs.length, groupRows.length, entryRows.length, sealedKeys.length];
    const padding = Buffer.alloc((8 - (sealedKeys.length % 8)) % 8);
    const start = [Buffer.from('HFINDEX0'), u32(...head), ...packRows, sealedKeys, padding];
    const file = Buffer.concat([...start, ...groupRows, ...entryRows]);
    this.put(`index/${sha256(file).toString('hex')}`, file);
  }

  /** Writes a snapshot as section 9 says and gives its name. */
  backup(options: {
    readonly writer: Writer;
    readonly roots: readonly Root[];
    readonly time?: string;
    readonly signedBy?: KeyObject;
    readonly dataSet?: string;
  }): string {
    const time = options.time ?? '2026-11-20T11:00:00.000Z';
    const manifests = options.roots.map((root) => makeManifest(root.entries, this.limits));
    const keys = { 1: this.#makeDataKey(1), 2: this.#makeDataKey(2) };
    const chunks = manifests.flatMap((manifest) => manifest.chunks);
    const pages = manifests.flatMap((manifest) => manifest.named);
    const packs = [...this.#writePacks(1, chunks, keys[1]), ...this.#writePacks(2, pages, keys[2])];
    this.#writeIndex(packs, Buffer.concat([keys[1].sealed, keys[2].sealed]));
    const body = {
      dataSet: options.dataSet ?? 'test',
      host: 'here',
      started: time,
      finished: time,
      roots: options.roots.map((root, at) => ({
        name: root.name,
        path: root.path,
        ...manifests[at]?.about,
      })),
      stats: {},
      gaps: [],
      gapCount: 0,
      torn: [],
      excluded: [],
      notEntered: [],
      inFluxCount: 0,
      version: 'test',
      ...this.later,
    };
    return this.#writeSnapshot(options, { time, body, key: keys[2] });
  }

  #writeSnapshot(
    options: { readonly writer: Writer; readonly signedBy?: KeyObject; readonly dataSet?: string },
    made: { time: string; body: { roots: readonly { sha256?: string }[] }; key: DataKey },
  ): string {
    const { writer } = options;
    const nonce = randomBytes(12);
    writer.sequence++;
    const named = { holdfast: 'snapshot', format: 0, vault: this.vault };
    const fields = {
      ...named,
      writer: writer.fingerprint,
      seq: writer.sequence,
      previous: writer.previous,
      time: made.time,
      dataSet: hmac(this.idKey, Buffer.from([3]), options.dataSet ?? 'test').toString('hex', 0, 16),
      refs: made.body.roots.map((root) =>
        this.#idOf(2, Buffer.from(root.sha256 ?? '', 'hex')).toString('hex'),
      ),
      dataKey: b64(made.key.sealed),
      nonce: b64(nonce),
      ...this.later,
    };
    const plain = Buffer.from(JSON.stringify(made.body));
    const first = lineWith(fields, 'sealed', (aad) => b64(seal(made.key.key, nonce, aad, plain)));
    const signed = Buffer.concat([Buffer.from('holdfast snapshot 0\n'), first]);
    const signature = b64(sign(null, signed, options.signedBy ?? writer.privateKey));
    const file = Buffer.concat([first, Buffer.from(`${JSON.stringify({ signature })}\n`)]);
    writer.previous = sha256(file).toString('hex');
    const number = String(writer.sequence).padStart(10, '0');
    const name = `${writer.fingerprint.slice(0, 16)}-${number}-${writer.previous.slice(0, 32)}`;
    this.put(`snapshots/${name}`, file);
    return name;
  }
}

interface IndexedPack {
  readonly name: Buffer;
  readonly size: number;
  readonly table: readonly number[];
  readonly groups: readonly PackedGroup[];
}

/** Runs of items of about `bytesMax` bytes together. */
function split<T>(items: readonly T[], sizeOf: (item: T) => number, bytesMax: number): T[][] {
  const runs: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    if (bytes + sizeOf(item) > bytesMax) {
      runs.push([]);
      bytes = 0;
    }
    runs.at(-1)?.push(item);
    bytes += sizeOf(item);
  }
  return runs;
}
