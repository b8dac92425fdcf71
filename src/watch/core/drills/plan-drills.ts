/**
 * Which data set is drilled next, which point of it, and where: docs/design/040-estate-drills.md. Pure:
 * made anew each time from what is known, the same for the same seed.
 */
import { isInWindow, shareOf, type Window } from '../schedule/schedule.ts';
import type { EstateDrill, WhichPoint } from './estate-drill.ts';
import type { NotTaken } from './restore-hosts.ts';

export interface DrillRules {
  /** Undefined: only who asks. */
  readonly eachMs: number | undefined;
  readonly window: Window | undefined;
  /** Of any 24 hours. */
  readonly bytesMax: number;
  readonly busyMaxMs: number;
  readonly atOnce: number;
}

export interface DrillCandidate {
  readonly dataSet: string;
  /** Where it lies. */
  readonly hosts: readonly string[];
  /** 1 is what hurts first. */
  readonly tier: number | undefined;
  readonly isPromised: boolean;
  /** Of the newest good drill, whoever made it. */
  readonly provenAt: number | undefined;
  readonly points: readonly DrillPoint[];
  /** Restore hosts that none of its points can be read on. */
  readonly cannot: readonly NotTaken[];
}

export interface DrillPoint {
  readonly id: string;
  readonly vault: string;
  readonly copy: string;
  readonly coveredUpTo: number;
  readonly bytes: number;
  readonly expects: EstateDrill['expects'];
  /** Hosts that can read it there, in the order in which people named them. */
  readonly readers: readonly string[];
}

export type DrillWait =
  | 'ask'
  | 'not due'
  | 'runs'
  | 'window'
  /** All that may run at once does. */
  | 'room'
  /** What may be read, or worked, in 24 hours is used. */
  | 'budget'
  /** By itself it is more than the budget of a day. */
  | 'too large'
  | 'no restore host'
  | 'no point';

export interface PlannedDrill {
  readonly dataSet: string;
  readonly wait: DrillWait;
  /** When it is due; of what is due: now or before. */
  readonly dueAt: number;
  /** What was chosen, so far as anything can be. */
  readonly choice: DrillChoice | undefined;
  readonly cannot: readonly NotTaken[];
}

export interface DrillChoice {
  readonly host: string;
  readonly point: DrillPoint;
  readonly which: WhichPoint;
  readonly seed: string;
  readonly of: number;
  /** It lies on the disks that it is to be brought back from: nowhere else could take it. */
  readonly isAtSource: boolean;
}

export interface DrillMoment {
  readonly wallMs: number;
  /** Drawn by the server for this round; recorded with what is asked. */
  readonly seed: string;
}

const DAY_MS = 86_400_000;
/** What failed by something that passes comes again sooner than what was proven. */
const RETRY_MS = DAY_MS;

/** Those that are to be asked first; what never was, then what waits longest against its period. */
export function planDrills(
  candidates: readonly DrillCandidate[],
  of: { readonly rules: DrillRules; readonly drills: readonly EstateDrill[] },
  now: DrillMoment,
): readonly PlannedDrill[] {
  const room = new DrillRoom(of.rules, of.drills, now.wallMs);
  const bySet = Map.groupBy(of.drills, ({ dataSet }) => dataSet);
  const views = candidates.map((candidate) => {
    const before = bySet.get(candidate.dataSet) ?? [];
    return { candidate, before, dueAt: dueAtOf(of.rules, before, now.wallMs) };
  });
  return views.toSorted(inTurn(now.wallMs)).map(({ candidate, before, dueAt }) => {
    const choice = chooseDrill(candidate, before, { now, busy: room });
    const wait = waitOf({ candidate, before, dueAt, choice }, room, { rules: of.rules, now });
    if (wait === 'ask' && choice !== undefined) room.take(choice);
    return { dataSet: candidate.dataSet, wait, dueAt, choice, cannot: candidate.cannot };
  });
}

interface View {
  readonly candidate: DrillCandidate;
  readonly before: readonly EstateDrill[];
  readonly dueAt: number;
}

function dueAtOf({ eachMs }: DrillRules, before: readonly EstateDrill[], wallMs: number): number {
  if (eachMs === undefined) return Number.MAX_SAFE_INTEGER;
  const last = newestAsked(before, wallMs);
  if (last === undefined) return 0;
  const isShown = last.end?.measured !== undefined && last.end.verdict !== 'mismatch';
  return last.askedAt + (isShown ? eachMs : Math.min(eachMs, RETRY_MS));
}

/** What a clock had dated ahead was asked by nobody yet: it holds up nothing. */
function newestAsked(before: readonly EstateDrill[], wallMs: number): EstateDrill | undefined {
  let newest: EstateDrill | undefined;
  for (const each of before) {
    if (each.askedAt > wallMs + DAY_MS) continue;
    if (newest === undefined || each.askedAt > newest.askedAt) newest = each;
  }
  return newest;
}

/**
 * Whoever is due longest comes first, so nobody starves behind what fails or is large again and again.
 * Of what never was asked: what nobody ever proved, the oldest proof, what was promised, its tier.
 */
function inTurn(wallMs: number) {
  const ranks = ({ candidate, dueAt }: View): readonly number[] => [
    dueAt > wallMs ? 1 : 0,
    dueAt,
    candidate.provenAt ?? -1,
    candidate.isPromised ? 0 : 1,
    candidate.tier ?? Number.MAX_SAFE_INTEGER,
  ];
  return (one: View, other: View): number => {
    const [left, right] = [ranks(one), ranks(other)];
    for (const [at, rank] of left.entries()) {
      const less = rank - (right[at] ?? 0);
      if (less !== 0) return less;
    }
    return one.candidate.dataSet < other.candidate.dataSet ? -1 : 1;
  };
}

function waitOf(
  of: View & { readonly choice: DrillChoice | undefined },
  room: DrillRoom,
  { rules, now }: { readonly rules: DrillRules; readonly now: DrillMoment },
): DrillWait {
  const { before, candidate, choice, dueAt } = of;
  if (before.some(({ end }) => end === undefined)) return 'runs';
  if (candidate.points.length === 0) return 'no point';
  if (choice === undefined) return 'no restore host';
  if (dueAt > now.wallMs) return 'not due';
  if (!isOpenNow(rules.window, now.wallMs)) return 'window';
  return room.verdict(choice);
}

/** Whether drills begin at this moment. */
export function isOpenNow(window: Window | undefined, wallMs: number): boolean {
  return isInWindow({ window }, wallMs);
}

/**
 * The newest point and a random one in turn, on another machine than its own where there is one, and
 * there on who has the least to do.
 */
export function chooseDrill(
  candidate: DrillCandidate,
  before: readonly EstateDrill[],
  of: { readonly now: DrillMoment; readonly busy: Pick<DrillRoom, 'openOn' | 'countOn'> },
): DrillChoice | undefined {
  const points = candidate.points
    .filter(({ readers }) => readers.length > 0)
    .toSorted((one, other) => one.coveredUpTo - other.coveredUpTo || (one.id < other.id ? -1 : 1));
  const newest = points.at(-1);
  if (newest === undefined) return undefined;
  const { seed } = of.now;
  const which: WhichPoint = lastWhich(before) === 'newest' ? 'random' : 'newest';
  const drawn = points[Math.floor(shareOf(`${seed} ${candidate.dataSet}`) * points.length)];
  const point = which === 'newest' ? newest : (drawn ?? newest);
  const elsewhere = point.readers.filter((host) => !candidate.hosts.includes(host));
  const isAtSource = elsewhere.length === 0;
  const readers = isAtSource ? point.readers : elsewhere;
  const [host] = readers.toSorted(
    (one, other) =>
      of.busy.openOn(one) - of.busy.openOn(other) ||
      of.busy.countOn(one) - of.busy.countOn(other) ||
      readers.indexOf(one) - readers.indexOf(other),
  );
  if (host === undefined) return undefined;
  return { host, point, which, seed, of: points.length, isAtSource };
}

/** What was not shown is not done: the same again. */
function lastWhich(before: readonly EstateDrill[]): WhichPoint {
  const shown = before.filter(({ end }) => end?.measured !== undefined);
  const last = shown.toSorted((one, other) => other.askedAt - one.askedAt)[0];
  return last?.which ?? 'random';
}

/** What runs, what was read in the last 24 hours, and what is asked for in this round. */
export class DrillRoom {
  readonly #rules: DrillRules;
  readonly #open = new Map<string, number>();
  readonly #count = new Map<string, number>();
  #running = 0;
  #bytes = 0;
  #busyMs = 0;
  /** Somebody waits for it: who comes after takes none, or what is large would wait for ever. */
  #isHeld = false;

  constructor(rules: DrillRules, drills: readonly EstateDrill[], wallMs: number) {
    this.#rules = rules;
    for (const { host, askedAt, end, bytes } of drills) {
      if (end === undefined) {
        this.#running += 1;
        add(this.#open, host);
      }
      const isToday = askedAt > wallMs - DAY_MS || end === undefined;
      if (!isToday) continue;
      add(this.#count, host);
      this.#bytes += Math.max(bytes, end?.measured?.bytes ?? 0);
      this.#busyMs += Math.max(0, (end?.endedAt ?? wallMs) - askedAt);
    }
  }

  openOn(host: string): number {
    return this.#open.get(host) ?? 0;
  }

  countOn(host: string): number {
    return this.#count.get(host) ?? 0;
  }

  /** Whether what runs has used up the hours of a day: then it is ended. */
  get isOverTime(): boolean {
    return this.#running > 0 && this.#busyMs > this.#rules.busyMaxMs;
  }

  verdict({ host, point }: DrillChoice): DrillWait {
    const { bytesMax, busyMaxMs, atOnce } = this.#rules;
    if (point.bytes > bytesMax) return 'too large';
    // One at a time on a host: two would measure each other.
    if (this.#running >= atOnce || this.openOn(host) > 0) return 'room';
    if (this.#bytes + point.bytes > bytesMax || this.#busyMs >= busyMaxMs) this.#isHeld = true;
    return this.#isHeld ? 'budget' : 'ask';
  }

  take({ host, point }: DrillChoice): void {
    this.#running += 1;
    this.#bytes += point.bytes;
    add(this.#open, host);
    add(this.#count, host);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
