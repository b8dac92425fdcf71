/** Keeps the free-space floor of a vault, wherever it lies. */
import type { Clock } from '../host/clock.ts';
import { checkFloor, type Floor, floorBytes } from './cli/sizes.ts';
import { textOfBytes } from './cli/places.ts';
import type { Space, VaultLine } from './vault-line.ts';
import { nameOfPlace } from './vault-place.ts';

export interface FloorWatchParts {
  readonly line: Pick<VaultLine, 'place' | 'space'>;
  readonly floor: Floor | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export const FLOOR_UNKNOWN =
  'How much is free where the vault lies is not told by the other side: no floor is kept there.';

/** On another machine each look is a round trip. */
const LOOK_MS = { directory: 1000, ssh: 5000, https: 5000 } as const;

export class FloorWatch {
  readonly #parts: FloorWatchParts;
  #lookedMs: number;
  #seen: Space | undefined;
  #asked: Promise<Space | undefined> | undefined;

  constructor(parts: FloorWatchParts) {
    this.#parts = parts;
    this.#lookedMs = parts.clock.monotonic();
  }

  /** Asks at once for what `demand` looks at: so it costs no round trip of its own. */
  ask(): void {
    this.#asked = this.#parts.line.space();
    this.#asked.catch(() => undefined); // Told by `demand`, if it comes to that.
  }

  /**
   * Before anything is stored.
   *
   * @param estimate what would be added at most, given how much may be
   * @returns bytes above the floor; undefined where the other side does not tell
   * @throws Fault HF_VAULT_FLOOR
   */
  async demand(estimate: (spareBytes: number) => number): Promise<number | undefined> {
    const space = await (this.#asked ?? this.#parts.line.space());
    this.#asked = undefined;
    this.#lookedMs = this.#parts.clock.monotonic();
    if (space === undefined) return undefined;
    this.#check(space);
    const spareBytes = space.freeBytes - floorBytes(this.#parts.floor, space.totalBytes);
    const estimateBytes = estimate(spareBytes);
    if (estimateBytes > 0) this.#check(space, estimateBytes);
    return spareBytes;
  }

  /**
   * While something is stored, however often: what comes is not known beforehand, and others write
   * there too. What the last look saw is told at the next call.
   *
   * @throws Fault HF_VAULT_FLOOR
   */
  check(): void {
    const { line, clock } = this.#parts;
    if (this.#seen !== undefined) this.#check(this.#seen);
    const now = clock.monotonic();
    if (now - this.#lookedMs < LOOK_MS[line.place.kind]) return;
    this.#lookedMs = now;
    line.space().then(
      (space) => {
        this.#seen = space;
      },
      () => undefined, // A link that is lost is told by whoever needs it.
    );
  }

  #check(space: Space, estimateBytes = 0): void {
    const { line, floor } = this.#parts;
    checkFloor({ place: textOfBytes(nameOfPlace(line.place)), floor, space, estimateBytes });
  }
}
