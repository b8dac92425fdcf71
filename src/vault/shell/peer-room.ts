/** What is left for uploads: below the quota of one vault, above the free space that all leave. */
import { Fault } from '../../base/fault.ts';
import { formatBytes, formatCount } from '../../base/say-quantity.ts';
import type { PeerQuota, PeerUse } from '../core/peer-message.ts';

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Of all vaults of one peer: what is on its way to one of them is not free for another. */
export class PeerRoom {
  readonly #floorOf: (totalBytes: number) => number;
  #comingBytes = 0;

  /** @param floorOf how much of a file system of this size stays free */
  constructor(floorOf: (totalBytes: number) => number) {
    this.#floorOf = floorOf;
  }

  /** `bytes` more will come. @throws Fault HF_PEER_FULL where they would touch what stays free */
  expect(bytes: number, space: Space): void {
    this.#demand(this.#comingBytes + bytes, space);
    this.#comingBytes += bytes;
  }

  /** As many of those have come, or will not. */
  came(bytes: number): void {
    this.#comingBytes -= bytes;
  }

  /** Others write there too: before each piece. @throws Fault HF_PEER_FULL */
  demand(bytes: number, space: Space): void {
    this.#demand(bytes, space);
  }

  #demand(bytes: number, { freeBytes, totalBytes }: Space): void {
    const floor = this.#floorOf(totalBytes);
    if (freeBytes - bytes >= floor) return;
    const free = formatBytes(Math.max(0, freeBytes), 'down');
    const message = `${free} are free there, and ${formatBytes(floor, 'up')} stay free`;
    throw new Fault('HF_PEER_FULL', message);
  }
}

/** @throws Fault HF_PEER_QUOTA where `more` on top of `use` is beyond it */
export function demandQuota(
  host: string,
  of: { readonly quota: PeerQuota; readonly use: PeerUse; readonly more: PeerUse },
): void {
  const { quota, use, more } = of;
  const bytes = use.bytes + more.bytes;
  if (quota.bytes !== undefined && bytes > quota.bytes) {
    const held = formatBytes(use.bytes);
    const message = `the quota of ${host} is ${formatBytes(quota.bytes)}; it holds ${held}, and ${formatBytes(more.bytes)} more would come`;
    throw new Fault('HF_PEER_QUOTA', message, { host });
  }
  if (use.objects + more.objects > quota.objects) {
    const message = `the quota of ${host} is ${formatCount(quota.objects)} objects, and it holds them`;
    throw new Fault('HF_PEER_QUOTA', message, { host });
  }
}
