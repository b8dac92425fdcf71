/**
 * Jobs of agent.yaml, each a `holdfast` of its own: what a job takes in memory and in packages is
 * not the agent's. Every word of the command stands in agent.yaml or here; the server gives a name.
 */
import type { ChildProcess } from 'node:child_process';
import { countOf } from '../../base/say-quantity.ts';
import { sayText } from '../../base/say-name.ts';
import { pointAsked } from '../../watch/core/drills/estate-drill.ts';
import type { JobWord } from '../../watch/core/agent/messages.ts';
import { isRestoreJob } from '../../watch/core/files/wants.ts';
import type { RestoreFound } from '../../watch/shell/agent/files-ports.ts';
import type { FoundJob, JobEnd, JobRunner } from '../../watch/shell/agent/agent-ports.ts';
import type { AgentConfig, JobLine } from '../../wire/agent/agent-config.ts';
import { LEASH_FD, LEASH_NAME } from '../node/leash.ts';
import { signalGroup } from '../node/signal-group.ts';
import { startChild } from '../node/start-child.ts';
import { actJob } from './act-socket.ts';
import { FirstBytes } from './first-bytes.ts';
import { hearProgress } from './job-progress.ts';

const LIMIT_MS = 24 * 3_600_000;
const LEFTOVERS_MS = 3_600_000;
/** After being told to end; what was frozen is put back in that time. */
const GRACE_MS = 60_000;
/** Of what it answers; more is left out, and that is said. */
const ANSWER_BYTES_MAX = 65_536;
const WORDS_BYTES_MAX = 4096;
const GAPS_EXIT = 6;

export interface ChildJobsPlace {
  /** What is run: a program and the arguments before ours. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly graceMs?: number | undefined;
  /** Where plans are applied by who may: the agent itself is nobody. */
  readonly actSocket?: string | undefined;
  /** What a restore that the server asked for is of: docs/format/files.md. */
  /** With what such a restore reads the vault; else as jobs are begun. */
  readonly readingEnv?: Readonly<Record<string, string>> | undefined;
  readonly restoreOf?: ((job: string, signal: AbortSignal) => Promise<RestoreFound>) | undefined;
}

export class ChildJobs implements JobRunner {
  readonly #config: AgentConfig;
  readonly #place: ChildJobsPlace;

  constructor(config: AgentConfig, place: ChildJobsPlace) {
    this.#config = config;
    this.#place = place;
  }

  find(word: JobWord): FoundJob | { readonly refused: string } {
    if (word.act === 'apply') return this.#plan(word.name);
    const point = word.act === 'drill' ? pointAsked(word.name) : undefined;
    if (point !== undefined) return this.#pointDrill(point);
    if (isRestoreJob(word)) return this.#files(word.job);
    const jobs = this.#config.jobs ?? {};
    const line = Object.hasOwn(jobs, word.name) ? jobs[word.name] : undefined;
    if (line === undefined) return { refused: `there is no job ${word.name} on this host` };
    const args = argsOf(line);
    if (!(word.act in line)) {
      return { refused: `${word.name} is a ${Object.keys(line)[0]} on this host, no ${word.act}` };
    }
    return this.#job(args, line.limit ?? LIMIT_MS);
  }

  #plan(name: string): FoundJob | { readonly refused: string } {
    if (this.#config.plans !== true) {
      return { refused: 'plans are not applied for a server on this host (agent.yaml, plans)' };
    }
    if (!/^p-[0-9a-f]{8}$/.test(name)) return { refused: `${name} is no id of a plan` };
    const { actSocket } = this.#place;
    if (actSocket !== undefined) return actJob(name, actSocket);
    return this.#job(['apply', name], LIMIT_MS);
  }

  /** Of whatever host: only where the owner of this one made it a restore host. */
  #pointDrill(point: string): FoundJob | { readonly refused: string } {
    if (this.#config['restore-host'] !== true) {
      return { refused: 'this host is no restore host (agent.yaml, restore-host: true)' };
    }
    return this.#job(['drill', point, '--for-server'], LIMIT_MS);
  }

  /** What drills have left that were killed with an agent before this one. */
  async removeLeftovers(signal: AbortSignal): Promise<void> {
    if (this.#config['restore-host'] !== true) return;
    await this.#job(['drill', '--leftovers'], LEFTOVERS_MS).run(signal, () => undefined);
  }

  #files(job: string): FoundJob | { readonly refused: string } {
    const places = this.#config.files?.['restore-to'] ?? [];
    const { restoreOf, readingEnv: env = this.#place.env } = this.#place;
    if (places.length === 0 || restoreOf === undefined) {
      return {
        refused: 'this host restores nothing for its server (agent.yaml, files: restore-to)',
      };
    }
    return {
      run: async (signal, tell) => {
        const want = await restoreOf(job, signal);
        if ('refused' in want) return { state: 'failed', why: want.refused };
        if (!places.includes(want.place)) {
          return {
            state: 'failed',
            why: `${sayText(want.place)} is no place of this host's agent.yaml`,
          };
        }
        const run = { ...this.#place, env, args: ['agent', 'files'], limitMs: LIMIT_MS };
        return runChild({ ...run, input: `${JSON.stringify(want)}\n` }, { signal, tell });
      },
    };
  }

  #job(args: readonly string[], limitMs: number): FoundJob {
    const { config } = this.#config;
    const whole = [...args, '--json', ...(config === undefined ? [] : ['--config', config])];
    return {
      run: (signal, tell) => runChild({ ...this.#place, args: whole, limitMs }, { signal, tell }),
    };
  }
}

function argsOf(line: JobLine): readonly string[] {
  if ('backup' in line) return ['backup', '--name', line.backup];
  if ('drill' in line) return ['drill', 'latest', '--data-set', line.drill, ...whose(line)];
  if ('scrub' in line) return ['vault', 'check', '--rotate', line.scrub];
  return ['restore', 'latest', line.to, '--data-set', line.restore, ...whose(line)];
}

/** In a vault that hosts share the newest of a name may be another's. */
function whose({ host }: { readonly host?: string | undefined }): readonly string[] {
  return host === undefined ? ['--own'] : ['--host', host];
}

interface Run extends ChildJobsPlace {
  readonly args: readonly string[];
  readonly limitMs: number;
  /** What it reads on its standard input. */
  readonly input?: string;
}

type Tell = Parameters<FoundJob['run']>[1];

async function runChild(
  run: Run,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: Tell },
): Promise<JobEnd> {
  const [program, ...before] = run.command;
  const child = startChild(program, [...before, ...run.args], {
    ...{ env: { ...run.env, [LEASH_NAME]: String(LEASH_FD) }, cwd: '/' },
    // The last is its leash: where this process is killed it closes, and the job ends by itself.
    stdio: [run.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  if (child instanceof Error) return { state: 'failed', why: notStarted(child) };
  // It may end before it has read it, and says why itself.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(run.input);
  const said = new FirstBytes(ANSWER_BYTES_MAX);
  const words = new FirstBytes(WORDS_BYTES_MAX);
  child.stdout?.on('data', (part: Buffer) => said.add(part));
  child.stderr?.on('data', (part: Buffer) => words.add(part));
  hearProgress(child.stdio[LEASH_FD], tell);
  const ending = new Ending(child, run.graceMs ?? GRACE_MS);
  const limit = setTimeout(() => ending.begin('late'), run.limitMs);
  const cancel = (): void => ending.begin('cancelled');
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  const end = await endOf(child, run.graceMs ?? GRACE_MS);
  clearTimeout(limit);
  signal.removeEventListener('abort', cancel);
  ending.done();
  return judged({ end, ending, said, words, limitMs: run.limitMs });
}

type Exit = { readonly code: number | null; readonly signal: string | null } | Error;

/** With all that it said; a program that it left behind, and that holds its pipes, holds up nothing. */
function endOf(child: ChildProcess, graceMs: number): Promise<Exit> {
  return new Promise((resolve) => {
    child.on('error', resolve);
    child.on('exit', () => {
      const late = setTimeout(() => {
        for (const pipe of child.stdio) pipe?.destroy();
      }, graceMs);
      child.on('close', () => clearTimeout(late));
    });
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

/** Told to end, and killed where that is not heard. */
class Ending {
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  #kill: NodeJS.Timeout | undefined;
  why: 'late' | 'cancelled' | undefined;

  constructor(child: ChildProcess, graceMs: number) {
    this.#child = child;
    this.#graceMs = graceMs;
  }

  begin(why: 'late' | 'cancelled'): void {
    if (this.why !== undefined) return;
    this.why = why;
    signalGroup(this.#child, 'SIGTERM');
    this.#kill = setTimeout(() => signalGroup(this.#child, 'SIGKILL'), this.#graceMs);
  }

  done(): void {
    clearTimeout(this.#kill);
  }
}

function notStarted({ message }: Error): string {
  return `it could not be started: ${message}`;
}

function judged(of: {
  readonly end: Exit;
  readonly ending: Ending;
  readonly said: FirstBytes;
  readonly words: FirstBytes;
  readonly limitMs: number;
}): JobEnd {
  const { end, ending, said, words, limitMs } = of;
  if (end instanceof Error) return { state: 'failed', why: notStarted(end) };
  const answer = answerOf(said);
  if (ending.why === 'cancelled') return { state: 'cancelled', why: 'it was cancelled', ...answer };
  if (ending.why === 'late') {
    const why = `it did not end within ${countOf(Math.round(limitMs / 60_000), 'minute')}`;
    return { state: 'failed', why, ...answer };
  }
  if (end.code === 0) return { state: 'done', why: '', ...answer };
  const text = messageIn(answer.answer) ?? lastLines(words.text);
  if (end.code === GAPS_EXIT) return { state: 'gaps', why: text, ...answer };
  const exit = end.code === null ? `it was killed by ${end.signal}` : `exit code ${end.code}`;
  return { state: 'failed', why: text === '' ? exit : `${exit}: ${text}`, ...answer };
}

/** One JSON object, or nothing: half of one means nothing. */
function answerOf(said: FirstBytes): { readonly answer?: string } {
  if (said.isCut) return {};
  const text = said.text.trim();
  try {
    JSON.parse(text);
    return { answer: text };
  } catch {
    return {}; // It ended before it answered.
  }
}

/** With --json what went wrong stands in the answer. */
function messageIn(answer: string | undefined): string | undefined {
  const given: unknown = answer === undefined ? undefined : JSON.parse(answer);
  if (typeof given !== 'object' || given === null || !('error' in given)) return undefined;
  const { error } = given;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' ? sayText(error.message) : undefined;
}

function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-6)
    .map((line) => sayText(line.trim()))
    .join(' ');
}
