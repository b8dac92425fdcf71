/** `20GiB`, `500M`, `10%`: sizes as people type them. */
import { Fault } from '../../base/fault.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { GIB } from '../../base/units.ts';

/** What stays free on the file system of a vault: bytes, or a share of the whole. */
export type Floor = { readonly bytes: number } | { readonly share: number };

const FLOOR_BYTES = 5 * GIB;
const FLOOR_SHARE = 0.1;
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

/** In bytes of a file system of this size; by default the larger of a tenth and 5 GiB. */
export function floorBytes(floor: Floor | undefined, totalBytes: number): number {
  if (floor === undefined) return Math.max(FLOOR_BYTES, FLOOR_SHARE * totalBytes);
  return 'bytes' in floor ? floor.bytes : floor.share * totalBytes;
}

/** @throws Fault HF_VAULT_FLOOR where less is free than the floor leaves */
export function checkFloor(of: {
  readonly place: string;
  readonly floor: Floor | undefined;
  readonly space: { readonly freeBytes: number; readonly totalBytes: number };
}): void {
  const { place, floor, space } = of;
  const { freeBytes, totalBytes } = space;
  const leastBytes = floorBytes(floor, totalBytes);
  if (freeBytes >= leastBytes) return;
  const free = formatBytes(freeBytes, 'down');
  const least = formatBytes(leastBytes, 'up');
  const message = `nothing was backed up: ${free} of ${formatBytes(totalBytes)} are free where the vault lies, and ${least} stay free`;
  throw new Fault('HF_VAULT_FLOOR', message, { place, freeBytes, leastBytes });
}
