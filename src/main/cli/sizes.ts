/** `20GiB`, `500M`, `10%`: sizes as people type them. */
import { Fault } from '../../base/fault.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { freeFloorOf, mayBackup } from '../../watch/core/pacing.ts';

/** What stays free on the file system of a vault: bytes, or a share of the whole. */
export type Floor = { readonly bytes: number } | { readonly share: number };

const POWERS = ['', 'k', 'm', 'g', 't', 'p'];

/** @throws Fault HF_USAGE; K is 1024 as KiB is, and KB is 1000 */
export function parseFloor(text: string, command: string): Floor {
  const match = /^([0-9]+(?:\.[0-9]+)?) *(?:([kmgtp]?)(i?b)?|(%))$/i.exec(text.trim());
  if (match?.[1] === undefined) {
    const message = `${JSON.stringify(text)} is no size; write 20GiB, 500MB or 10%`;
    throw new Fault('HF_USAGE', message, { command });
  }
  const count = Number(match[1]);
  if (match[4] === '%') return { share: count / 100 };
  const base = (match[3] ?? '').toLowerCase() === 'b' ? 1000 : 1024;
  return { bytes: Math.ceil(count * base ** POWERS.indexOf((match[2] ?? '').toLowerCase())) };
}

/**
 * @param of `estimateBytes`: what the backup may add at most, so far as that is known
 * @throws Fault HF_VAULT_FLOOR where that would leave less free than the floor
 */
export function checkFloor(of: {
  readonly place: string;
  readonly floor: Floor | undefined;
  readonly space: { readonly freeBytes: number; readonly totalBytes: number };
  readonly estimateBytes?: number;
}): void {
  const { place, floor, space, estimateBytes = 0 } = of;
  const minFree = floorBytes(floor, space.totalBytes);
  const room = mayBackup({ ...space, estimateBytes, minFree });
  if (room.ok) return;
  const { freeBytes, totalBytes } = space;
  const free = formatBytes(freeBytes, 'down');
  const least = formatBytes(room.floorBytes, 'up');
  const first =
    estimateBytes === 0 ? '' : `it could take ${formatBytes(estimateBytes, 'up')} or more; `;
  const message = `no snapshot was made: ${first}${free} of ${formatBytes(totalBytes)} are free where the vault lies, and ${least} stay free`;
  const facts = { place, freeBytes, floorBytes: room.floorBytes, estimateBytes };
  throw new Fault('HF_VAULT_FLOOR', message, facts);
}

/** What stays free of a file system of this size. */
export function floorBytes(floor: Floor | undefined, totalBytes: number): number {
  if (floor === undefined) return freeFloorOf(totalBytes, undefined);
  return 'bytes' in floor ? floor.bytes : Math.ceil(floor.share * totalBytes);
}
