import type { Tools } from '../../host/tools.ts';
import type { ChainState } from '../core/snapshot-chain.ts';
import { corrupt } from '../core/corruption.ts';
import type { Keyring } from '../core/keyring.ts';
import type { WriterRecord } from '../core/writer-record.ts';
import {
  encodeWriterRecord,
  fingerprintOf,
  isVouchedFor,
  parseWriterRecord,
  WRITER_RECORD_SIZE_MAX,
} from '../core/writer-record.ts';
import { inParallel } from './in-parallel.ts';
import { COPY, listTwins, readTwins, type TwinRead } from './twin-objects.ts';
import { TRUSTED, type VouchRecord } from '../core/vouch-record.ts';
import type { ReadingPorts, VaultPorts } from './vault-ports.ts';
import type { VaultProblem } from './vault-problem.ts';
import { sayOfWriter } from './vouch-store.ts';

const PREFIX = 'writers/';

/** Who writes: kept in the state directory of its machine, 0600, and nowhere else. */
export interface WriterState extends ChainState {
  /** Raw Ed25519. */
  readonly privateKey: Uint8Array;
}

/** A writer that has written nothing yet. */
export function makeWriter(tools: Tools): WriterState {
  return { privateKey: tools.cipher.signingPair().privateKey, seq: 0, previous: '' };
}

export function fingerprintOfWriter(tools: Tools, writer: WriterState): string {
  return fingerprintOf(tools, tools.cipher.signingPublic(writer.privateKey));
}

/**
 * Makes a writer known, and vouches for it where the keyring may: then readers of this vault trust it.
 * Durable when it resolves.
 */
export async function enrolWriter(
  ports: VaultPorts,
  keyring: Keyring,
  writer: WriterState,
): Promise<{ readonly fingerprint: string; readonly isVouchedFor: boolean }> {
  const { tools, store } = ports;
  const { vault, vouchKey } = keyring;
  const publicKey = tools.cipher.signingPublic(writer.privateKey);
  const now = ports.clock.now();
  const bytes = encodeWriterRecord(tools, { vault, publicKey, created: now, vouchKey });
  const fingerprint = fingerprintOf(tools, publicKey);
  const sha256 = tools.hash.sha256(bytes);
  await store.putIfAbsent(`${COPY}${PREFIX}${fingerprint}`, bytes, sha256);
  await store.putIfAbsent(`${PREFIX}${fingerprint}`, bytes, sha256);
  if (vouchKey === undefined) return { fingerprint, isVouchedFor: false };
  const said = { publicKey, before: undefined, trust: TRUSTED, now };
  await sayOfWriter(ports, { ...keyring, vouchKey }, said);
  return { fingerprint, isVouchedFor: true };
}

/** Says of each writer that an older version vouched for what limited keyrings can check too. */
export async function vouchForAll(
  ports: VaultPorts,
  vault: {
    readonly keyring: Keyring;
    readonly writers: ReadonlyMap<string, WriterRecord>;
    readonly vouches: ReadonlyMap<string, VouchRecord>;
  },
): Promise<void> {
  const { keyring, writers, vouches } = vault;
  const { vouchKey } = keyring;
  if (vouchKey === undefined) return;
  for (const [fingerprint, record] of writers) {
    if (vouches.has(fingerprint) || !isVouchedFor(ports.tools, record, keyring)) continue;
    const { publicKey } = record;
    const said = { publicKey, before: undefined, trust: TRUSTED, now: ports.clock.now() };
    await sayOfWriter(ports, { ...keyring, vouchKey }, said);
  }
}

export interface FoundWriters {
  /** By fingerprint: all whose key is here. */
  readonly writers: ReadonlyMap<string, WriterRecord>;
  /** Those for whom the keyring vouches. */
  readonly trusted: ReadonlySet<string>;
  readonly problems: readonly VaultProblem[];
}

/** What lies in the vault under the name of a writer. */
export interface WriterObject {
  readonly fingerprint: string;
  readonly twins: TwinRead<WriterRecord>;
}

export interface ReadWriters {
  readonly objects: readonly WriterObject[];
  readonly problems: readonly VaultProblem[];
}

/** All that is kept of writers, believed or not. */
export async function readWriters({ tools, store }: ReadingPorts): Promise<ReadWriters> {
  const { names, problems } = await listTwins(store, PREFIX);
  const objects = await inParallel(names, async (fingerprint) => {
    const twins = await readTwins({
      store,
      name: PREFIX + fingerprint,
      sizeMax: WRITER_RECORD_SIZE_MAX,
      parse: (bytes) => {
        const record = parseWriterRecord(tools, bytes);
        if (record.fingerprint === fingerprint) return record;
        throw corrupt(PREFIX + fingerprint, 'it is the key of another writer');
      },
    });
    return { fingerprint, twins };
  });
  return { objects, problems };
}

/** @param vouches what was said of them: who was spoken of needs no MAC */
export function judgeWriters(
  read: ReadWriters,
  { tools, keyring }: { readonly tools: Tools; readonly keyring: Keyring },
  vouches: ReadonlyMap<string, VouchRecord>,
): FoundWriters {
  const writers = new Map<string, WriterRecord>();
  const trusted = new Set<string>();
  const problems: VaultProblem[] = [...read.problems];
  for (const { fingerprint, twins } of read.objects) {
    problems.push(...twins.problems);
    const vouched = twins.found.find((record) => isVouchedFor(tools, record, keyring));
    const record = vouched ?? twins.found[0];
    if (record === undefined) continue;
    writers.set(fingerprint, record);
    if (vouched !== undefined) trusted.add(fingerprint);
    else if (!vouches.has(fingerprint)) problems.push(unvouched(PREFIX + fingerprint));
  }
  return { writers, trusted, problems };
}

function unvouched(object: string): VaultProblem {
  return { kind: 'foreign', object, why: 'nobody who holds a key of this vault vouches for it' };
}
