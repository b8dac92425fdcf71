/** Which snapshots are one run of a service, and which run is meant. */
import { Fault } from '../../base/fault.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';

export interface ServiceSnapshot {
  readonly listed: ListedSnapshot;
  readonly content: SnapshotContent;
}

/** Snapshots of one moment, in order. */
export interface ServiceRun {
  readonly service: string;
  readonly run: string;
  readonly snapshots: readonly ServiceSnapshot[];
}

export interface RunWanted {
  readonly service: string;
  /** An id, or its first characters; `latest` is the newest whole one of trusted writers. */
  readonly run: string;
  /** Whoever wrote it. */
  readonly unsigned: boolean;
}

/**
 * @param snapshots of the vault, in order
 * @throws Fault HF_SNAPSHOT_ABSENT, HF_SNAPSHOT_AMBIGUOUS
 */
export function findRun(snapshots: readonly ServiceSnapshot[], wanted: RunWanted): ServiceRun {
  const { service, run, unsigned } = wanted;
  const own = snapshots.filter(
    ({ content, listed }) =>
      content.service?.name === service && (unsigned || listed.trust === 'trusted'),
  );
  const runs = Map.groupBy(own, ({ content }) => content.service?.run ?? '');
  if (run === 'latest') {
    // The last snapshot of a run is the youngest it has.
    const whole = [...runs].filter(([, each]) => objectionTo(each) === undefined);
    const newest = whole.toSorted(([, a], [, b]) => lastTime(a) - lastTime(b)).at(-1);
    if (newest === undefined) throw absent(`there is no whole run of the service ${service}`);
    return runOf(service, newest);
  }
  const matches = [...runs].filter(([id]) => id.startsWith(run));
  const [match] = matches;
  if (match === undefined) throw absent(`the service ${service} has no run ${run}`);
  if (matches.length > 1) {
    const message = `${run} are the first characters of several runs`;
    const facts = { matches: matches.map(([id]) => id).join(', ') };
    throw new Fault('HF_SNAPSHOT_AMBIGUOUS', message, facts);
  }
  const objection = objectionTo(match[1]);
  if (objection !== undefined)
    throw absent(`run ${match[0]} of ${service} is no whole: ${objection}`);
  return runOf(service, match);
}

/** Why these are not one moment of the service, or could not be put side by side below a target. */
function objectionTo(run: readonly ServiceSnapshot[]): string | undefined {
  const sizes = new Set(run.map(({ content }) => content.service?.of ?? 0));
  const [size = 0] = sizes;
  const orders = new Set(run.map(({ content }) => content.service?.order));
  if (sizes.size > 1) return 'its snapshots do not agree on how many they are';
  if (orders.size < run.length) return 'two of its snapshots claim one place';
  const isInside = run.every(({ content }) => (content.service?.order ?? 0) <= size);
  if (!isInside || run.length > size) return 'it has more snapshots than it says';
  if (run.length < size) return `it has only ${run.length} of its ${size} snapshots`;
  const names = new Set(run.map(({ content }) => content.dataSet));
  if (names.size < run.length) return 'two of its snapshots are of one data set';
  const places = [...names].map((name) => name.split('/').filter((part) => part !== ''));
  if (!places.every(isPlace)) return 'a data set of it has a name that is no directory';
  const isInOther = (place: readonly string[]): boolean =>
    places.some((other) => other !== place && other.every((part, at) => part === place[at]));
  // Links in what was restored first would lead the second anywhere.
  if (places.some(isInOther)) return 'a data set of it would be restored into another';
  const isRunName = /^[\w-]+$/.test(run[0]?.content.service?.run ?? '');
  return isRunName ? undefined : 'its id is none that a run has';
}

/** Below the target, and nowhere else. */
function isPlace(parts: readonly string[]): boolean {
  const isSound = (part: string): boolean => part !== '.' && part !== '..' && !part.includes('\0');
  return parts.length > 0 && parts.every(isSound);
}

function runOf(
  service: string,
  [run, snapshots]: readonly [string, readonly ServiceSnapshot[]],
): ServiceRun {
  const order = ({ content }: ServiceSnapshot): number => content.service?.order ?? 0;
  return { service, run, snapshots: snapshots.toSorted((a, b) => order(a) - order(b)) };
}

function lastTime(run: readonly ServiceSnapshot[]): number {
  return Math.max(...run.map(({ listed }) => listed.record.time));
}

function absent(message: string): Fault {
  return new Fault('HF_SNAPSHOT_ABSENT', message);
}
