import type { ByteString } from '../../base/bytes.ts';
import type { Mounts } from '../../host/mounts.ts';

/**
 * File systems on which it was tried that no change of content leaves all words as they were. Not
 * tmpfs: a store through `mmap` never moves its times.
 */
const TRUSTED = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'overlay']);

/** On which devices a file's words are believed; elsewhere everything is read each time. */
export class TrustedDevices {
  readonly #mounts: Mounts;
  readonly #known = new Map<bigint, boolean>();

  constructor(mounts: Mounts) {
    this.#mounts = mounts;
  }

  /** @param path absolute, of something on that device */
  isTrusted(device: bigint, path: ByteString): boolean {
    let known = this.#known.get(device);
    if (known === undefined) {
      known = TRUSTED.has(this.#mounts.holding(path)?.fsType ?? '');
      this.#known.set(device, known);
    }
    return known;
  }
}
