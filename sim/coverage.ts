/**
 * What simulations have seen, for `npm run sim`: distinct states of disks that were judged, and the
 * moments that a run has to reach, each also with a full disk. Written by each process as it ends, where
 * HOLDFAST_SIM_SEEN names a directory. docs/design/053-faults.md
 */
import fs from 'node:fs';
import path from 'node:path';

/** put: an object gets its name; take: it loses it; move: another takes its place. */
export type MarkVerb = 'put' | 'take' | 'move';

const PACK = /\/packs\/[0-9a-f]{64}$/;
const MOMENTS: readonly (readonly [string, MarkVerb, RegExp])[] = [
  ['a pack is put', 'put', PACK],
  ['an index is put', 'put', /\/index\/[0-9a-f]{64}$/],
  ['a snapshot is put', 'put', /\/snapshots\/[^/]+$/],
  ['a key is put', 'put', /\/keys\/[^/]+$/],
  ['mark', 'put', /\/collect\/[0-9]+-marks$/],
  ['trash', 'put', /\/collect\/[0-9]+-trash$/],
  ['fate', 'put', /\/collect\/[0-9]+-fate$/],
  ['unmark', 'take', /\/collect\/[0-9]+-marks$/],
  ['sweep', 'take', PACK],
  ['an index goes, for others that say it', 'take', /\/index\/[0-9a-f]{64}$/],
  ['a snapshot is forgotten', 'take', /\/snapshots\/[^/]+$/],
  ['what was forgotten is kept', 'put', /\/forgotten\/[^/]+$/],
  ['a copy gets a pack', 'put', /^\/mnt\/copy\/packs\/[0-9a-f]{64}$/],
  ['a repair sets aside', 'put', /\/damaged\//],
  ['a repair puts the right one in its place', 'move', PACK],
  ['an upgrade replaces a header', 'move', /\/header$/],
];
const ROLL_OVER = 'a pack rolls over';
const VOID = 'a fate is void';
const SPLIT = 'a page splits';
const FULL = ', disk full';
/** Two kinds of packs: of three in one run two are of one kind. */
const ROLLED_OVER = 3;

/** All that a run of all simulations has to reach. */
export const MARKS: readonly string[] = [
  ...MOMENTS.map(([mark]) => mark),
  ...[ROLL_OVER, VOID, SPLIT],
].flatMap((mark) => [mark, mark + FULL]);

const FINGERPRINT_DIGITS = 16;
const states = new Set<string>();
const marks = new Set<string>();
const folder = process.env.HOLDFAST_SIM_SEEN;

if (folder !== undefined) {
  process.on('exit', () => {
    const text = JSON.stringify({ states: [...states], marks: [...marks] });
    fs.writeFileSync(path.join(folder, `${process.pid}.json`), text);
  });
}

/** States of one test, each by its fingerprint and maybe what had been promised; they are judged. */
export class StatesSeen extends Set<string> {
  override add(fingerprint: string): this {
    sawState(fingerprint);
    return super.add(fingerprint);
  }
}

/** The state of a disk, whatever was promised. */
export function sawState(fingerprint: string): void {
  if (folder !== undefined) states.add(fingerprint.slice(0, FINGERPRINT_DIGITS));
}

/** Of one disk: packs that were put since its last snapshot. */
export interface DiskRun {
  packs: number;
}

let isSplitting = false;

/**
 * While `act` runs a pack that is put holds pages that one page has become: pages are inside packs, and
 * who says so has counted them.
 */
export async function splitting<T>(act: () => Promise<T>): Promise<T> {
  isSplitting = true;
  try {
    return await act();
  } finally {
    isSplitting = false;
  }
}

export interface Moment {
  readonly verb: MarkVerb;
  readonly path: string;
  /** Of an object that gets its name; asked only where it matters. */
  readonly text?: () => string;
  readonly run: DiskRun;
}

/** `act` is a call of that moment: it is reached, or it fails there. */
export function reaching<T>(of: Moment, act: () => T): T {
  if (folder === undefined) return act();
  const own = marksOf(of);
  try {
    const done = act();
    for (const mark of own) marks.add(mark);
    return done;
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && error.code === 'HF_DISK_FULL';
    if (isFull) for (const mark of own) marks.add(mark + FULL);
    throw error;
  }
}

function marksOf({ verb, path: name, text, run }: Moment): readonly string[] {
  const own = MOMENTS.flatMap(([mark, on, pattern]) =>
    on === verb && pattern.test(name) ? [mark] : [],
  );
  if (verb !== 'put') return own;
  if (name.includes('/snapshots/')) run.packs = 0;
  if (PACK.test(name)) {
    run.packs += 1;
    if (isSplitting) own.push(SPLIT);
    if (run.packs >= ROLLED_OVER) own.push(ROLL_OVER);
  }
  if (name.endsWith('-fate') && text?.().includes('"decision":"void"') === true) own.push(VOID);
  return own;
}
