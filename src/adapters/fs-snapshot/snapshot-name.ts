/** Names of snapshots of file systems: only what is exactly ours, and left behind, is ever removed. */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import type { FrozenView } from '../../host/frozen-source.ts';
import type { UnixMs } from '../../base/units.ts';

/** `holdfast-<data set>-<time>-<process>-<its start>-<chance>`; each part is fixed in form. */
const NAME =
  /^holdfast-([0-9a-f]{12})-([0-9]{8}T[0-9]{6}Z)-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{4}$/;

/** Of this process: views that are open, or are being opened. */
const inUse = new Set<string>();

/**
 * A view under a new name. What becomes of none, or cannot be taken away, is a leftover from then on,
 * also to this process, which may live for months.
 */
export async function namedView(
  { dataSet, now }: { readonly dataSet: string; readonly now: UnixMs },
  open: (name: string) => Promise<FrozenView>,
): Promise<FrozenView> {
  const name = newSnapshotName(dataSet, now);
  try {
    const view = await open(name);
    const close = (): Promise<void> => {
      inUse.delete(name);
      return view.close();
    };
    return { ...view, close };
  } catch (error) {
    inUse.delete(name);
    throw error;
  }
}

export function newSnapshotName(dataSet: string, now: UnixMs): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.[0-9]{3}/g, '');
  const start = startOf(process.pid) ?? '0';
  const chance = randomBytes(2).toString('hex');
  const name = `holdfast-${tagOf(dataSet)}-${time}-${process.pid}-${start}-${chance}`;
  inUse.add(name);
  return name;
}

/** Made by a run of ours for this data set that is no more. */
export function isLeftover(name: string, dataSet: string): boolean {
  const [, tag, , pid, start] = NAME.exec(name) ?? [];
  if (tag !== tagOf(dataSet) || pid === undefined) return false;
  if (startOf(Number(pid)) !== start) return true;
  return Number(pid) === process.pid && !inUse.has(name);
}

/** Of this host's data set: volumes may be shared, and snapshots be sent from one host to another. */
function tagOf(dataSet: string): string {
  return createHash('sha256').update(`${os.hostname()}\0${dataSet}`).digest('hex').slice(0, 12);
}

/** In ticks since the boot, so that a number given to another process is not taken for it. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; the 22nd field is the 20th behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // It has ended.
  }
}
