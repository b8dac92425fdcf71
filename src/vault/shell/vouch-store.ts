/** What those who hold a full keyring said of writers: append-only, the last word counts. */
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { corrupt } from '../core/corruption.ts';
import type { Keyring } from '../core/keyring.ts';
import {
  encodeVouch,
  parseVouch,
  VOUCH_RECORD_SIZE_MAX,
  vouchName,
  type VouchRecord,
  type WriterTrust,
} from '../core/vouch-record.ts';
import { fingerprintOf } from '../core/writer-record.ts';
import { inParallel } from './in-parallel.ts';
import { COPY, listTwins, readTwins } from './twin-objects.ts';
import type { ReadingPorts, VaultPorts } from './vault-ports.ts';
import type { VaultProblem } from './vault-problem.ts';

const PREFIX = 'vouches/';
/** Two people at once take turns; a store that always says "there is one" is no store. */
const TRIES_MAX = 16;

export interface FoundVouches {
  /** The last word on each writer, by fingerprint. */
  readonly vouches: ReadonlyMap<string, VouchRecord>;
  readonly problems: readonly VaultProblem[];
}

/** @param known as this machine has seen them before: nobody takes a word back by taking it away */
export async function readVouches(
  ports: ReadingPorts,
  keyring: Keyring,
  known: readonly VouchRecord[] = [],
): Promise<FoundVouches> {
  const { store, tools } = ports;
  const listed = await listTwins(store, PREFIX);
  const problems: VaultProblem[] = [...listed.problems];
  const { names } = listed;
  const found = await inParallel(names, (last) =>
    readTwins({
      store,
      name: PREFIX + last,
      sizeMax: VOUCH_RECORD_SIZE_MAX,
      parse: (bytes) => wordIn(tools, { bytes, keyring, name: PREFIX + last }),
    }),
  );
  const vouches = new Map<string, VouchRecord>();
  const take = (vouch: VouchRecord): void => {
    const before = vouches.get(vouch.fingerprint);
    if (before === undefined || before.number < vouch.number) vouches.set(vouch.fingerprint, vouch);
  };
  for (const [at, twins] of found.entries()) {
    problems.push(...twins.problems);
    const ours = twins.found.filter((vouch) => vouch !== undefined);
    // What an `init` that did not finish left, or what somebody put there: it says nothing.
    if (ours.length < twins.found.length) problems.push(unsigned(PREFIX + (names[at] ?? '')));
    for (const vouch of ours) take(vouch);
  }
  for (const vouch of known) {
    if ((vouches.get(vouch.fingerprint)?.number ?? 0) < vouch.number) {
      const why = 'it was here before, and somebody took it away: it is gone by all the same';
      problems.push({ kind: 'missing', object: vouch.name, why });
    }
    take(vouch);
  }
  return { vouches, problems };
}

function unsigned(object: string): VaultProblem {
  return { kind: 'foreign', object, why: 'nobody with a key for all of this vault signed it' };
}

function wordIn(
  tools: Tools,
  of: { readonly bytes: Uint8Array; readonly keyring: Keyring; readonly name: string },
): VouchRecord | undefined {
  const vouch = parseVouch(tools, of.bytes, of.keyring);
  if (vouch !== undefined && vouch.name !== of.name)
    throw corrupt(of.name, 'it is not what was written under this name');
  return vouch;
}

export interface SayOfWriter {
  /** Raw Ed25519, of the writer. */
  readonly publicKey: Uint8Array;
  /** What was said last, if anything was. */
  readonly before: VouchRecord | undefined;
  readonly trust: WriterTrust;
  readonly now: UnixMs;
}

/** Durable in both places when it resolves. @param keyring a full one */
export async function sayOfWriter(
  { store, tools }: Pick<VaultPorts, 'store' | 'tools'>,
  keyring: Keyring & { readonly vouchKey: Uint8Array },
  { publicKey, before, trust, now }: SayOfWriter,
): Promise<VouchRecord> {
  const first = (before?.number ?? 0) + 1;
  // Whoever may add puts anything under a number: it takes that number, and no more.
  const taken = new Set((await listTwins(store, PREFIX)).names);
  let tries = 0;
  for (let number = first; tries < TRIES_MAX; number++) {
    if (
      taken.has(
        vouchName({ fingerprint: fingerprintOf(tools, publicKey), number }).slice(PREFIX.length),
      )
    )
      continue;
    tries += 1;
    const bytes = encodeVouch(tools, { publicKey, number, created: now, trust }, keyring);
    const vouch = parseVouch(tools, bytes, keyring);
    if (vouch === undefined) throw corrupt('vouch', 'it was not signed with the key of this vault');
    const sha256 = tools.hash.sha256(bytes);
    if ((await store.putIfAbsent(vouch.name, bytes, sha256)) === 'present') continue;
    await store.putIfAbsent(COPY + vouch.name, bytes, sha256);
    return vouch;
  }
  throw corrupt(PREFIX, 'every number is taken: somebody else speaks of this writer all the time');
}
