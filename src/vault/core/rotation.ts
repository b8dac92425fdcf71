/** All of a vault read in parts, one at a time, the one that waits longest first. docs/format/scrub-rotation.md. */

export interface Rotation {
  /** Nothing of it is unread for longer than since then, but by what `readAt` says. */
  readonly begunAt: number;
  /** Of each part when its reading began, in milliseconds of the wall clock; null: not yet. */
  readonly readAt: readonly (number | null)[];
}

export const ROTATION_PARTS_MAX = 1000;

/** How many parts make shares of so many percent. */
export function partsOf(percent: number): number {
  return Math.min(ROTATION_PARTS_MAX, Math.max(1, Math.ceil(100 / percent - 1e-9)));
}

/** As it goes on: cut into other parts, or kept by a clock that was ahead, what is known stays true. */
export function goneOn(
  kept: Rotation | undefined,
  of: { readonly parts: number; readonly now: number; readonly oldestContent: number },
): Rotation {
  const { parts, now, oldestContent } = of;
  const none = Array.from({ length: parts }, () => null);
  // Where nothing is known, all that lies there may never have been read.
  if (kept === undefined) return { begunAt: Math.min(now, oldestContent), readAt: none };
  const known = {
    begunAt: Math.min(kept.begunAt, now),
    readAt: kept.readAt.map((at) => (at !== null && at <= now ? at : null)),
  };
  if (known.readAt.length === parts) return known;
  return { begunAt: unreadSince(known), readAt: none };
}

/** Which part is to be read now: one that never was, else the one read longest ago. */
export function nextPart({ readAt }: Rotation): number {
  const times = readAt.map((at) => at ?? Number.NEGATIVE_INFINITY);
  return times.indexOf(Math.min(...times));
}

export function withRead({ begunAt, readAt }: Rotation, part: number, at: number): Rotation {
  return { begunAt, readAt: readAt.map((each, index) => (index === part ? at : each)) };
}

/** Of the part that was not read for longest. */
export function unreadSince({ begunAt, readAt }: Rotation): number {
  return Math.min(...readAt.map((at) => at ?? begunAt));
}
