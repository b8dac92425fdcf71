import assert from 'node:assert/strict';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString, type Digest, hexOf } from '../../src/base/bytes.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { makeDataKey, type SealedDataKey } from '../../src/vault/core/data-keys.ts';
import { GroupBuilder } from '../../src/vault/core/group.ts';
import { IndexBuilder, type IndexedPack } from '../../src/vault/core/index-builder.ts';
import { CONTENT, NAMES, type ObjectKind } from '../../src/vault/core/object-id.ts';
import { encodePackTrailer, type GroupPlace, PACK_MAGIC } from '../../src/vault/core/pack.ts';
import type { SnapshotContent } from '../../src/vault/core/snapshot-content.ts';
import type { Secret } from '../../src/vault/core/wrapped-key.ts';
import {
  type CreateVault,
  createVault,
  type VaultDocuments,
} from '../../src/vault/shell/create-vault.ts';
import { openVault, type Vault } from '../../src/vault/shell/open-vault.ts';
import { listSnapshots, nextOf, publishSnapshot } from '../../src/vault/shell/snapshot-store.ts';
import type { WantedObject } from '../../src/vault/shell/vault-reader.ts';
import type { WriterState } from '../../src/vault/shell/writer-store.ts';
import { OpenStore } from './open-store.ts';

/** Vaults of a few objects, made by the vault's own parts without the pipeline of capture. */
export const tools = nodeTools();

let time = 1_795_172_400_000;
/** Each look at it is a second later. */
export const clock = {
  now(): UnixMs {
    time += 1000;
    return unixMs(time);
  },
};

export const passphrase: Secret = { kind: 'passphrase', bytes: Buffer.from('open sesame') };
export const documents: VaultDocuments = {
  'README.txt': Buffer.from('readme'),
  'FORMAT.md': Buffer.from('format'),
  'MANIFEST.md': Buffer.from('manifest'),
  'rescue.mjs': Buffer.from('rescue'),
  'rescue.py': Buffer.from('rescue'),
};

export function initOptions(
  keepWriter: (vault: string, writer: WriterState) => void = () => undefined,
): CreateVault {
  const cost = { n: 16, r: 1, p: 1 };
  return { secrets: [{ secret: passphrase, label: 'test', cost }], keepWriter, documents };
}

export interface SmallVault {
  readonly store: OpenStore;
  readonly writer: WriterState;
  readonly vault: Vault;
}

export async function smallVault(): Promise<SmallVault> {
  const store = new OpenStore();
  const kept: WriterState[] = [];
  await createVault(
    { store, tools, clock },
    initOptions((_vault, writer) => kept.push(writer)),
  );
  const [writer] = kept;
  assert.ok(writer !== undefined);
  return { store, writer, vault: await reopen(store) };
}

export function reopen(store: OpenStore): Promise<Vault> {
  return openVault({ store, tools }, { secret: passphrase });
}

/**
 * Writes one pack of these objects, three to a group.
 * @param references ids that each of its groups refers to
 */
export async function writePack(
  vault: Vault,
  kind: ObjectKind,
  objects: readonly Uint8Array[],
  references: readonly Digest[] = [],
): Promise<IndexedPack> {
  const key = makeDataKey(tools, vault.keyring, kind);
  const parts: Uint8Array[] = [PACK_MAGIC];
  const groups: GroupPlace[] = [];
  const headers: Uint8Array[] = [];
  const builder = new GroupBuilder(kind);
  let offset = PACK_MAGIC.length;
  for (let at = 0; at < objects.length; at += 3) {
    builder.clear();
    for (const bytes of objects.slice(at, at + 3)) {
      builder.add(vault.idOf(kind, tools.hash.sha256(bytes)), bytes);
    }
    const { header, body } = builder.seal(tools, key.dataKey, references);
    groups.push({ offset, headerLength: header.length, bodyLength: body.length });
    headers.push(header);
    parts.push(header, body);
    offset += header.length + body.length;
  }
  parts.push(encodePackTrailer({ groups, sealedKeys: key.sealed }));
  const bytes = Buffer.concat(parts);
  const name = tools.hash.sha256(bytes);
  await vault.store.putIfAbsent(`packs/${hexOf(name)}`, bytes, name);
  const indexed = groups.map((place, at) => ({
    offset: place.offset,
    header: headers[at] ?? new Uint8Array(0),
  }));
  return { name, sizeBytes: bytes.length, groups: indexed, sealedKeys: key.sealed };
}

export async function writeIndex(vault: Vault, packs: readonly IndexedPack[]): Promise<string> {
  const builder = new IndexBuilder();
  for (const pack of packs) builder.addPack(pack);
  const bytes = builder.encode(tools.codec);
  const sha256 = tools.hash.sha256(bytes);
  const name = `index/${hexOf(sha256)}`;
  await vault.store.putIfAbsent(name, bytes, sha256);
  return name;
}

export function contentOf(dataSet: string, root: Digest): SnapshotContent {
  return {
    dataSet,
    host: 'test',
    started: clock.now(),
    finished: clock.now(),
    roots: [{ name: byteString('r'), path: byteString('/r'), sha256: root, entries: 1, bytes: 3n }],
    stats: {},
    gaps: [],
    gapCount: 0,
    torn: [],
    excluded: [],
    notEntered: [],
    inFluxCount: 0,
    version: 'test',
  };
}

export function namesKeyOf(vault: Vault): SealedDataKey {
  return makeDataKey(tools, vault.keyring, NAMES);
}

export async function writeSnapshot(
  { vault, writer }: Omit<SmallVault, 'store'>,
  content: SnapshotContent,
): Promise<string> {
  const { snapshots } = await listSnapshots(vault);
  const written = await publishSnapshot(vault, {
    content,
    chain: nextOf(vault, writer, snapshots),
    writerKey: writer.privateKey,
    namesKey: namesKeyOf(vault),
  });
  return written.id;
}

export const wantedContent = (bytes: Uint8Array): WantedObject => ({
  kind: CONTENT,
  digest: tools.hash.sha256(bytes),
});

export const wantedNames = (bytes: Uint8Array): WantedObject => ({
  kind: NAMES,
  digest: tools.hash.sha256(bytes),
});
