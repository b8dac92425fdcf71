/** A machine's life with a vault: init, then backups of a tree that changes; and how it goes on. */
import type { ByteString } from '../src/base/bytes.ts';
import { hours, minutes } from '../src/base/units.ts';
import { forked } from './each-crash.ts';
import { SimDisk } from './disk.ts';
import type { FrozenTree } from './living-tree.ts';
import { LivingTree } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { type MakeHostStore, VaultHost } from './vault-host.ts';
import type { VolumeOptions } from './volume.ts';

export interface History {
  readonly seed: number;
  /** What the n-th backup captured, and two more for what comes after. */
  readonly trees: readonly FrozenTree[];
  /** After all of it. */
  readonly disk: SimDisk;
  /** Writing calls before each phase: init, then each backup; and after the last. */
  readonly phaseCalls: readonly number[];
  /** Before each phase, all that was seen then durable. */
  readonly before: readonly SimDisk[];
  readonly endMs: number;
}

/** What somebody was told: the vault is made; snapshots, oldest first. */
export interface Told {
  readonly isMade: boolean;
  readonly snapshots: readonly string[];
  /** Snapshots that were said to be what the source still held, and when. */
  readonly seen: readonly { readonly id: string; readonly at: number }[];
}

export interface HistoryOptions {
  readonly seed: number;
  readonly backupCount: number;
  readonly volume: VolumeOptions;
  readonly largeFileBytes?: number;
  /** Nothing changes before the last backup. */
  readonly isQuietAtEnd?: boolean;
  /** Instead of other changes an empty file of this name comes before the last backup but one, and goes before the last. */
  readonly cameAndWent?: ByteString;
  readonly makeStore?: MakeHostStore;
}

const START_MS = 1_800_000_000_000;
const SEEDS_EACH = 1000;
const MADE = 'made';
const SEEN = 'seen ';

export async function makeHistory(options: HistoryOptions): Promise<History> {
  const { seed, backupCount, largeFileBytes = 0, isQuietAtEnd = false, makeStore } = options;
  const { cameAndWent } = options;
  const clock = new SimClock(START_MS);
  const disk = new SimDisk(options.volume);
  const living = new LivingTree({ seed, clock, largeFileBytes });
  const trees: FrozenTree[] = [];
  const before: SimDisk[] = [];
  const phaseCalls: number[] = [];
  for (let phase = 0; phase <= backupCount; phase++) {
    before.push(forked(disk));
    phaseCalls.push(disk.calls);
    if (phase > 0) {
      // An unchanged tree goes another way: no pack, no index, a snapshot alone.
      if (phase === backupCount && isQuietAtEnd) clock.pass(minutes(5));
      else if (phase >= backupCount - 1 && cameAndWent !== undefined) living.toggle(cameAndWent);
      else living.live();
      // What is young is read again, and then a snapshot says so.
      if (phase === backupCount - 1 && isQuietAtEnd) clock.pass(minutes(5));
      trees.push(living.freeze());
    }
    const process = { disk, clock, seed: processSeed(seed, phase) };
    const through = makeStore === undefined ? {} : { makeStore };
    await runPhase({ ...process, ...through }, phase, trees);
  }
  phaseCalls.push(disk.calls);
  for (let more = 0; more < 2; more++) {
    living.live();
    trees.push(living.freeze());
  }
  return { seed, trees, disk, phaseCalls, before, endMs: clock.now() + hours(1) };
}

/** Of the process of a phase. With other seeds of histories it makes as many calls: chance is in bytes alone. */
export function processSeed(seed: number, phase: number): number {
  return seed * SEEDS_EACH + phase;
}

/** Phase 0 makes the vault, phase n captures the n-th tree. Marks what it is told. */
export async function runPhase(
  options: ConstructorParameters<typeof VaultHost>[0],
  phase: number,
  trees: readonly FrozenTree[],
): Promise<void> {
  const host = new VaultHost(options);
  if (phase === 0) {
    await host.init();
    options.disk.mark(MADE);
    return;
  }
  const tree = trees[phase - 1];
  if (tree === undefined) throw new Error(`there is no tree for phase ${phase}`);
  const { snapshot, isSeen, started } = await host.backup(tree.volume);
  options.disk.mark(isSeen ? `${SEEN}${snapshot} ${started}` : snapshot);
}

export function toldOf(marks: readonly string[]): Told {
  const seen = marks
    .filter((mark) => mark.startsWith(SEEN))
    .map((mark) => mark.slice(SEEN.length).split(' '))
    .map(([id = '', at = '']) => ({ id, at: Number(at) }));
  const snapshots = marks.filter((mark) => mark !== MADE && !mark.startsWith(SEEN));
  return { isMade: marks.includes(MADE), snapshots, seen };
}
