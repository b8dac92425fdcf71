// Goal: whatever lies in a vault, a cache or on a line under a name, a reader gives what was written or
// says a Fault with its code: it never crashes, never hangs, and takes no memory that the bytes do not
// account for.
// Method: golden objects of each kind, spoiled with their structure in mind (lengths that lie, parts
// cut, repeated, spliced, values of other kinds; lines with the digest that fits what they say then),
// by printed seeds. HOLDFAST_FUZZ_RUNS tries more; SEED=N replays. docs/design/053-faults.md
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString, hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { MIB } from '../../src/base/units.ts';
import { parsePage as parseManifestPage } from '../../src/manifest/core/page.ts';
import { Seeded } from '../../sim/seeded.ts';
import { parseCollectionRecord } from '../../src/vault/core/collection-record.ts';
import { corrupt } from '../../src/vault/core/corruption.ts';
import { parseCopyRecord } from '../../src/vault/core/copy-record.ts';
import { parseDamageNote } from '../../src/vault/core/damage-note.ts';
import { DataKeys } from '../../src/vault/core/data-keys.ts';
import { parseForget, parsePutBack } from '../../src/vault/core/forget-record.ts';
import { checkMembers, openGroup } from '../../src/vault/core/group.ts';
import { membersOf, parseGroupHeader, referencesOf } from '../../src/vault/core/group-header.ts';
import { parseVaultHeader } from '../../src/vault/core/header.ts';
import { parseHold } from '../../src/vault/core/hold-record.ts';
import { parseIndexTable } from '../../src/vault/core/index-table.ts';
import { makeKeyring, parseKeyring } from '../../src/vault/core/keyring.ts';
import { makeIdOf } from '../../src/vault/core/object-id.ts';
import { packTrailerSize, parsePackTrailer, scanGroups } from '../../src/vault/core/pack.ts';
import * as peer from '../../src/vault/core/peer-message.ts';
import { parseReceived } from '../../src/vault/core/received-record.ts';
import { parseRestoreGrant } from '../../src/vault/core/restore-grant.ts';
import { parseKeptRequest, parseRestoreRequest } from '../../src/vault/core/restore-request.ts';
import { parseSealedKeys } from '../../src/vault/core/sealed-key.ts';
import { parseSeen } from '../../src/vault/core/seen-record.ts';
import { parseSnapshotContent } from '../../src/vault/core/snapshot-content.ts';
import { parseSnapshot } from '../../src/vault/core/snapshot-record.ts';
import { parseFrame, parseLength } from '../../src/vault/core/stdio-frame.ts';
import * as stdio from '../../src/vault/core/stdio-message.ts';
import { parseVouch } from '../../src/vault/core/vouch-record.ts';
import { parseWrappedKey } from '../../src/vault/core/wrapped-key.ts';
import { parseWriterRecord } from '../../src/vault/core/writer-record.ts';
import { fixedTools } from './fixed-tools.ts';
import { spoiled, spoiledValue } from './mutate.ts';

const RUNS = Number(process.env.HOLDFAST_FUZZ_RUNS ?? '3000');
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
/** Of one reading; what a seed takes on a busy machine is a fraction of it. */
const TIME_MAX_MS = 5000;
const MEMORY_MAX = 192 * MIB;

const FOLDER = path.join(import.meta.dirname, '../golden');
const tools = nodeTools();
const { codec } = tools;
const keyring = makeKeyring(fixedTools('keyring'));
const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(path.join(FOLDER, name)));
const writer = parseWriterRecord(tools, read('vault/writer'));
const idOf = makeIdOf(tools, keyring.idKey);
const keys = new DataKeys(tools, keyring, parseSealedKeys(read('vault/sealed-key')));
const textOf = (bytes: Uint8Array): ReturnType<typeof byteString> =>
  byteString(codec.textOf(bytes));

function readPack(bytes: Uint8Array): void {
  const found = scanGroups(bytes);
  for (const { offset, header } of found) {
    parseGroupHeader(bytes.subarray(offset, offset + header.headerLength));
  }
  const size = packTrailerSize(bytes.subarray(-8), bytes.length);
  const { groups } = parsePackTrailer(bytes.subarray(-size), bytes.length);
  for (const { offset, headerLength, bodyLength } of groups) {
    readGroup(bytes.subarray(offset, offset + headerLength + bodyLength));
  }
}

function readGroup(bytes: Uint8Array): void {
  const header = parseGroupHeader(bytes);
  membersOf(codec, header);
  referencesOf(codec, header);
  checkMembers(tools, idOf, openGroup(tools, keys, bytes));
}

function readFrames(parse: (frame: ReturnType<typeof parseFrame>) => unknown) {
  return (bytes: Uint8Array): void => {
    // As a stream gives them: what is cut off is waited for.
    for (let at = 0; at + 4 <= bytes.length; ) {
      const length = parseLength(bytes.subarray(at, at + 4), MIB);
      if (at + 4 + length > bytes.length) return;
      parse(parseFrame(bytes.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
  };
}

type Reader = (bytes: Uint8Array, name: string) => unknown;

const hold: Reader = (bytes, name) =>
  parseHold(tools, keyring, { kind: name === 'release' ? 'release' : 'hold', bytes });

/** By the name of a golden file; each reader is the product's own. */
const READERS: Readonly<Record<string, Reader>> = {
  'vault/header': (bytes) => parseVaultHeader(tools, bytes),
  'vault/header-1': (bytes) => parseVaultHeader(tools, bytes),
  'vault/keyring': (bytes) => parseKeyring(tools, bytes),
  'vault/keyring-write': (bytes) => parseKeyring(tools, bytes),
  'vault/key-by-file': (bytes) => parseWrappedKey(tools, bytes),
  'vault/key-by-passphrase': (bytes) => parseWrappedKey(tools, bytes),
  'vault/writer': (bytes) => parseWriterRecord(tools, bytes),
  'vault/vouch-2': (bytes) => parseVouch(tools, bytes, keyring),
  'vault/sealed-key': (bytes) => parseSealedKeys(bytes),
  'vault/group-stored': readGroup,
  'vault/group-zstd': readGroup,
  'vault/pack': readPack,
  'vault/index': (bytes) => parseIndexTable(bytes, codec.textOf),
  'vault/page': (bytes) => parseManifestPage(textOf(bytes)),
  'vault/snapshot': (bytes) => parseSnapshot(tools, bytes),
  'vault/content-tagged': (bytes) => parseSnapshotContent(textOf(bytes)),
  'vault/hold': hold,
  'vault/release': hold,
  'vault/forget': (bytes) => parseForget(tools, keyring, bytes),
  'vault/putback': (bytes) => parsePutBack(tools, keyring, bytes),
  'vault/received': (bytes) => parseReceived(tools, { object: objectOf(bytes), bytes }),
  'vault/copy-record': (bytes) => parseCopyRecord(tools, bytes),
  'vault/damaged-packs': (bytes) => {
    // Of a note that cannot be read nothing is known, and nothing is said.
    if (parseDamageNote(tools, bytes) === undefined) throw corrupt('damaged', 'it is no note');
  },
  'vault/seen': (bytes) => parseSeen(tools, bytes, writer.publicKey),
  'vault/restore-request': (bytes) => parseRestoreRequest(tools, bytes),
  'vault/restore-request-kept': (bytes) => parseKeptRequest(tools, bytes),
  'vault/restore-grant': (bytes) => {
    if (parseRestoreGrant(tools, bytes, keyring) === undefined)
      throw corrupt('grant', 'nobody with a key signed it');
  },
  'vault-collect/marks': (bytes) => parseCollectionRecord(tools, 'collect/0000000042-marks', bytes),
  'vault-collect/fate-sweep': (bytes) =>
    parseCollectionRecord(tools, 'collect/0000000042-fate', bytes),
  'stdio/client': readFrames((frame) => stdio.parseRequest(codec, frame)),
  'stdio/server': readFrames((frame) =>
    frame.number === 0
      ? stdio.parseGreeting(codec, frame)
      : stdio.parseFault(codec, frame.rest, 'far'),
  ),
  'peer/conversation.txt': (bytes) => {
    for (const parse of [peer.parseAbout, peer.parseStored, peer.parseHeld])
      unlessFault(() => parse(textOf(bytes)));
    peer.parsePeerFault(textOf(bytes), 'far');
    peer.parsePage(codec.textOf(bytes));
  },
};

function objectOf(bytes: Uint8Array): string {
  return /"object":"([^"]*)"/.exec(codec.textOf(bytes))?.[1] ?? '';
}

/** @returns whether it was read; anything thrown that is no Fault is a bug of the reader */
function unlessFault(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    assert.match(error.code, /^HF_/);
    return false;
  }
}

/** A line with another value in it, and the digest that fits: what lies behind the digest is reached. */
function spoiledLine(seeded: Seeded, good: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(good).toString('utf8');
  if (!text.startsWith('{"') || text.indexOf('\n') !== text.length - 1) return undefined;
  const { sha256, ...members } = JSON.parse(text) as Record<string, unknown>;
  const value = spoiledValue(seeded, members);
  const head = Buffer.from(JSON.stringify(value ?? null));
  if (sha256 === undefined) return Buffer.concat([head, Buffer.from('\n')]);
  const digest = hexOf(tools.hash.sha256(head));
  const open = head.subarray(0, head.length - 1).toString();
  return Buffer.from(`${open},"sha256":"${digest}"}\n`);
}

const NAMES = Object.keys(READERS);

for (const [nth, [name, reader]] of Object.entries(READERS).entries()) {
  test(`${name}: spoiled, it is read or refused by a code`, (t) => {
    const good = read(name);
    const short = path.basename(name);
    assert.doesNotThrow(() => unlessFault(() => reader(good, short)));
    const before = process.memoryUsage();
    let refused = 0;
    for (let run = 0; run < RUNS; run++) {
      const seeded = new Seeded(SEED + 1000 * nth + run);
      const other = read(NAMES[seeded.below(NAMES.length)] ?? name);
      const line = seeded.isTrue(0.5) ? spoiledLine(seeded, good) : undefined;
      const bad = line ?? spoiled(seeded, good, other);
      const startedAt = performance.now();
      try {
        refused += unlessFault(() => reader(bad, short)) ? 0 : 1;
      } catch (error) {
        throw new Error(`SEED=${SEED}, run ${run} of ${name}`, { cause: error });
      }
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs < TIME_MAX_MS, `SEED=${SEED}, run ${run} of ${name}: ${tookMs} ms`);
    }
    const after = process.memoryUsage();
    t.diagnostic(`SEED=${SEED}: ${RUNS} of ${name}, ${refused} refused`);
    assert.ok(refused > RUNS / 10, 'liveness: some were refused');
    const grown = after.heapTotal + after.arrayBuffers - before.heapTotal - before.arrayBuffers;
    assert.ok(grown < MEMORY_MAX, `${name} took ${grown} bytes more, SEED=${SEED}`);
  });
}

test('each golden object that a reader takes is among them', () => {
  // Files that are no object of their own: keys as bytes, contents, and other scopes of what is here.
  const left = ['key-file', 'objects', 'key-names', 'keyring-content', 'vouch-1'];
  const there = readdirSync(path.join(FOLDER, 'vault')).filter((each) => !left.includes(each));
  const missing = there.filter((each) => READERS[`vault/${each}`] === undefined);
  assert.deepEqual(missing, []);
});
