import fs from 'node:fs';
import { found } from '../../watch/core/probes/found.ts';
import {
  judgeStuck,
  judgeZombies,
  ProcessAges,
  processIn,
  type ProcessSeen,
  STUCK_LIMITS,
  type StuckLimits,
  switchesIn,
} from '../../watch/core/probes/stuck-processes.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';

const EVERY_MS = 30_000;
const TIMEOUT_MS = 10_000;
/** Threads count each: a server that hangs does so in one of many. */
const TASKS_MAX = 20_000;

interface ProcessOptions {
  readonly proc?: string;
  readonly limits?: StuckLimits;
}

/** Programs that hang in the kernel (state D) and cannot be ended. */
export function stuckProbe(options: ProcessOptions = {}, time: ProbeTime = probeTime): Probe {
  const { limits = STUCK_LIMITS } = options;
  const ages = new ProcessAges('D');
  return processProbe('stuck', options, (seen) => {
    const nowMs = time.steadyMs();
    ages.note(seen, nowMs);
    return judgeStuck(ages.ages(nowMs), seen.length, limits);
  });
}

/** Programs that ended, and whose parents take no notice (state Z). */
export function zombieProbe(options: ProcessOptions = {}, time: ProbeTime = probeTime): Probe {
  const ages = new ProcessAges('Z');
  return processProbe('zombies', options, (seen) => {
    const nowMs = time.steadyMs();
    ages.note(seen, nowMs);
    return judgeZombies(ages.ages(nowMs), seen.length);
  });
}

function processProbe(
  name: 'stuck' | 'zombies',
  { proc = '/proc' }: ProcessOptions,
  judge: (seen: readonly ProcessSeen[]) => ReturnType<typeof judgeStuck>,
): Probe {
  return boundedProbe({
    kind: 'processes',
    name,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    look: () => {
      const seen = seeProcesses(proc, name === 'stuck' ? 'D' : 'Z');
      // Where there is not even ours, what is read is no table of processes.
      const none = found('unreadable', `${proc} shows no process`);
      return Promise.resolve(seen.length === 0 ? none : judge(seen));
    },
  });
}

/** Switches are read only of those in `state`. Nothing here asks what a hung process could hold up. */
function seeProcesses(proc: string, state: 'D' | 'Z'): readonly ProcessSeen[] {
  const seen: ProcessSeen[] = [];
  for (const pid of numbersIn(proc)) {
    // Kernel threads have no tasks of interest, and threads that ended are no zombies.
    const own = read(`${proc}/${pid}/stat`);
    const leader = own === undefined ? undefined : processIn(own);
    if (leader === undefined) continue;
    const tasks = state === 'Z' || leader.isKernel ? [] : numbersIn(`${proc}/${pid}/task`);
    const others = tasks
      .filter((task) => task !== pid)
      .map((task) => `${proc}/${pid}/task/${task}`);
    for (const place of [`${proc}/${pid}`, ...others]) {
      const text = read(`${place}/stat`);
      const one = text === undefined ? undefined : processIn(text);
      if (one === undefined) continue;
      const status = one.state === state ? (read(`${place}/status`) ?? '') : '';
      seen.push({ ...one, switches: switchesIn(status) });
      if (seen.length >= TASKS_MAX) return seen;
    }
  }
  return seen;
}

function numbersIn(place: string): readonly string[] {
  return ifThere(() => fs.readdirSync(place).filter((name) => /^\d+$/.test(name))) ?? [];
}

function read(file: string): string | undefined {
  return ifThere(() => fs.readFileSync(file, 'latin1'));
}

/** Processes end while they are looked at. */
function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
