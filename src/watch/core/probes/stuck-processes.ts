import { countOf } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface ProcessSeen {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  /** Ticks since the machine started: with the pid, who it is. */
  readonly startedAt: string;
  readonly isKernel: boolean;
  /** How often it gave a processor away; the same twice is a process that did nothing between. */
  readonly switches: string;
}

const KERNEL_THREAD = 0x0020_0000;

/** `/proc/PID/stat`; undefined for what is none. */
export function processIn(stat: string): Omit<ProcessSeen, 'switches'> | undefined {
  const [, pid, name = '', rest = ''] = /^(\d+) \((.*)\) (\S[\s\S]*)$/s.exec(stat) ?? [];
  if (pid === undefined) return undefined;
  const fields = rest.trim().split(' ');
  const [state = '', , , , , , flags = ''] = fields;
  const startedAt = fields[19];
  if (startedAt === undefined || !/^\d+$/.test(flags)) return undefined;
  const isKernel = (Number(flags) & KERNEL_THREAD) !== 0;
  return { pid: Number(pid), name, state, startedAt, isKernel };
}

/** The two counts of `/proc/PID/status`. */
export function switchesIn(status: string): string {
  return [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s*(\d+)$/gm)]
    .map(([, count]) => count)
    .join(' ');
}

export interface StuckLimits {
  readonly impairedMs: number;
  readonly brokenMs: number;
}

/** Half a minute in the kernel is a slow disk; two minutes is what the kernel itself calls hung. */
export const STUCK_LIMITS: StuckLimits = { impairedMs: 30_000, brokenMs: 120_000 };
const ZOMBIE_LIMIT_MS = 3_600_000;
const ZOMBIES_MAX = 50;
const NAMED_MAX = 3;

interface Known {
  readonly sinceMs: number;
  readonly switches: string;
  readonly process: ProcessSeen;
}

/** Since when processes have been in one state. Told of all of them at each look. */
export class ProcessAges {
  readonly #state: 'D' | 'Z';
  #known: ReadonlyMap<string, Known> = new Map();

  constructor(state: 'D' | 'Z') {
    this.#state = state;
  }

  note(all: readonly ProcessSeen[], nowMs: number): void {
    const next = new Map<string, Known>();
    for (const process of all) {
      if (process.isKernel || process.state !== this.#state) continue;
      const id = `${process.pid} ${process.startedAt}`;
      const before = this.#known.get(id);
      // One that ran meanwhile only happened to be in this state twice.
      const isSame = before !== undefined && before.switches === process.switches;
      next.set(id, {
        sinceMs: isSame ? before.sinceMs : nowMs,
        switches: process.switches,
        process,
      });
    }
    this.#known = next;
  }

  /** The longest first. */
  ages(nowMs: number): readonly { readonly process: ProcessSeen; readonly ageMs: number }[] {
    return [...this.#known.values()]
      .map(({ process, sinceMs }) => ({ process, ageMs: nowMs - sinceMs }))
      .sort((one, other) => other.ageMs - one.ageMs);
  }
}

type Ages = ReturnType<ProcessAges['ages']>;

export function judgeStuck(ages: Ages, seenCount: number, limits = STUCK_LIMITS): Found {
  const stuck = ages.filter(({ ageMs }) => ageMs >= limits.impairedMs);
  const [oldest] = stuck;
  const detail = { inD: ages.length, stuck: stuck.length, oldestMs: ages[0]?.ageMs ?? 0 };
  if (oldest === undefined) {
    const now = ages.length === 0 ? '' : `; ${ages.length} just now wait for a disk`;
    return found(
      'healthy',
      `none of ${countOf(seenCount, 'process', 'processes')} hangs in the kernel${now}`,
      detail,
    );
  }
  const saw = oldest.ageMs >= limits.brokenMs ? 'broken' : 'impaired';
  const why = `${countOf(stuck.length, 'process hangs', 'processes hang')} in the kernel, waiting for a disk or a server that does not answer: ${listed(stuck)}`;
  return found(saw, why, detail);
}

export function judgeZombies(ages: Ages, seenCount: number): Found {
  const old = ages.filter(({ ageMs }) => ageMs >= ZOMBIE_LIMIT_MS);
  const detail = { zombies: ages.length, old: old.length, oldestMs: ages[0]?.ageMs ?? 0 };
  if (old.length > 0 || ages.length > ZOMBIES_MAX) {
    const which = old.length > 0 ? old : ages;
    const why = `${countOf(which.length, 'process has', 'processes have')} ended, and whoever started them takes no notice: ${listed(which)}`;
    return found('impaired', why, detail);
  }
  const all = countOf(seenCount, 'process', 'processes');
  return found('healthy', `${ages.length} of ${all} ended and wait to be noticed`, detail);
}

function listed(ages: Ages): string {
  const named = ages
    .slice(0, NAMED_MAX)
    .map(
      ({ process, ageMs }) =>
        `${quoted(process.name, 40)} (${process.pid}) for ${formatDuration(ageMs, { detail: 'rough' })}`,
    );
  const more = ages.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}
