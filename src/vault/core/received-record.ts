/**
 * When a snapshot arrived, by the clock of the machine that keeps the vault: written by the receiver
 * itself, which lets nobody else write one. docs/format/vault.md, section 10.
 */
import { hexOf } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';

const SNAPSHOTS = 'snapshots/';
const RECEIVED = 'received/';
const KIND = 'received';
const SIZE_MAX = 4096;

/**
 * What only those write who have the vault's directory before them; a receiver puts nothing there for
 * whoever sends.
 */
const KEEPERS = [RECEIVED, 'collect/', 'forgets/', 'forgotten/', 'putbacks/', 'releases/'];

export function isOfKeeper(name: string): boolean {
  return KEEPERS.some((folder) => name.startsWith(folder));
}

/** Undefined: of other objects nobody asks when they came. */
export function receivedName(object: string): string | undefined {
  return object.startsWith(SNAPSHOTS) ? RECEIVED + object.slice(SNAPSHOTS.length) : undefined;
}

type Digests = Pick<Tools, 'hash' | 'codec'>;

export function encodeReceived(
  { hash, codec }: Digests,
  { object, time }: { readonly object: string; readonly time: UnixMs },
): Uint8Array {
  const head = canonicalBytes(codec, {
    ...{ holdfast: KIND, format: 0, object, time: isoTimeOf(time) },
  });
  return withLast(codec, head, ['sha256', hexOf(hash.sha256(head))]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseReceived(
  { hash, codec }: Digests,
  { object, bytes }: { readonly object: string; readonly bytes: Uint8Array },
): UnixMs {
  demand(bytes.length <= SIZE_MAX, KIND, 'it is too large');
  const { head, fields, last } = splitLine(codec, bytes, { what: KIND, name: 'sha256' });
  demand(last === hexOf(hash.sha256(head)), KIND, 'its digest does not fit');
  demand(fields.is('holdfast', KIND), KIND, 'it is something else');
  demandFormat(fields);
  demand(fields.is('object', object), KIND, 'it is of another object');
  return fields.time('time');
}
