/**
 * Programs that a probe asks. Each runs in a process group of its own, is killed with it, and says a
 * bounded amount; one that waits in the kernel and cannot be killed is left behind, and no second one
 * is sent after it.
 */
import type { ChildProcess } from 'node:child_process';
import { linesSaid } from '../../base/lines-said.ts';
import { formatDuration } from '../../base/say-time.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import type { ProbeFinding } from '../../watch/shell/agent/probe.ts';
import type { Account } from '../engines/account.ts';
import { signalGroup } from '../node/signal-group.ts';
import { startChild } from '../node/start-child.ts';

export interface ChildRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly limitMs: number;
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly bytesMax?: number;
  readonly account?: Account | undefined;
}

export type ChildAnswer =
  | {
      readonly how: 'ended';
      readonly status: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | {
      readonly how: 'missing' | 'late' | 'stopped' | 'too much' | 'killed' | 'refused';
      readonly why: string;
    };

const BYTES_MAX = 1024 * 1024;
/** For what a grandchild that holds the pipe may still say. */
const GRACE_MS = 250;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs the programs of one probe. */
export class ProbeChild {
  #left: ChildProcess | undefined;

  run(request: ChildRequest): Promise<ChildAnswer> {
    const { program, limitMs, signal } = request;
    if (signal.aborted) return Promise.resolve({ how: 'stopped', why: 'the look was stopped' });
    if (this.#left !== undefined && isAlive(this.#left)) {
      const why = `${program} of an earlier look still waits in the kernel and cannot be killed`;
      return Promise.resolve({ how: 'late', why });
    }
    this.#left = undefined;
    const child = childFor(request);
    if (child instanceof Error) return Promise.resolve(notStarted(program, child));
    return new Promise((resolve) => {
      const run = new Run(child, request, (answer) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        if (isAlive(run.child)) this.#left = run.child;
        resolve(answer);
      });
      const late = `${program} did not end within ${formatDuration(limitMs)}`;
      const timer = setTimeout(() => run.end({ how: 'late', why: late }), limitMs);
      const onAbort = (): void => run.end({ how: 'stopped', why: 'the look was stopped' });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function childFor({ program, args, env, account }: ChildRequest): ChildProcess | Error {
  const isOther = account !== undefined && account.uid !== process.getuid?.();
  return startChild(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    detached: true,
    // Nothing of our own environment: it may hold secrets, and changes what programs say.
    env: { PATH, LC_ALL: 'C', LANG: 'C', ...env },
    ...(isOther ? { uid: account.uid, gid: account.gid } : {}),
  });
}

class Run {
  readonly child: ChildProcess;
  readonly #done: (answer: ChildAnswer) => void;
  readonly #out: Buffer[] = [];
  readonly #err: Buffer[] = [];
  #size = 0;
  #isOver = false;

  constructor(child: ChildProcess, request: ChildRequest, done: (answer: ChildAnswer) => void) {
    const { program, bytesMax = BYTES_MAX } = request;
    this.child = child;
    this.#done = done;
    const take = (into: Buffer[]) => (bytes: Buffer) => {
      this.#size += bytes.length;
      if (this.#size <= bytesMax) into.push(bytes);
      else this.end({ how: 'too much', why: `${program} said more than ${bytesMax} bytes` });
    };
    this.child.stdout?.on('data', take(this.#out));
    this.child.stderr?.on('data', take(this.#err));
    this.child.on('error', (error: NodeJS.ErrnoException) => this.end(notStarted(program, error)));
    this.child.on('exit', (status, signal) => {
      const end = (): void => this.#ended(program, status, signal);
      const timer = setTimeout(end, GRACE_MS);
      this.child.once('close', () => {
        clearTimeout(timer);
        end();
      });
    });
  }

  #ended(program: string, status: number | null, signal: NodeJS.Signals | null): void {
    if (status === null) {
      this.end({ how: 'killed', why: `${program} was ended by ${signal ?? 'a signal'}` });
      return;
    }
    const stdout = Buffer.concat(this.#out).toString();
    const stderr = Buffer.concat(this.#err).toString();
    this.end({ how: 'ended', status, stdout, stderr });
  }

  end(answer: ChildAnswer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    signalGroup(this.child, 'SIGKILL');
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    this.child.unref();
    this.#done(answer);
  }
}

function notStarted(program: string, error: NodeJS.ErrnoException): ChildAnswer {
  if (error.code === 'ENOENT') return { how: 'missing', why: `${program} is not installed here` };
  const why = `${program} could not be started (${error.code ?? quoted(error.message)})`;
  return { how: 'refused', why };
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** What it printed where it ended with one of `statuses`; else why that cannot be relied on. */
export function printedOf(
  answer: ChildAnswer,
  program: string,
  statuses: readonly number[] = [0],
): { readonly text: string } | { readonly finding: ProbeFinding } {
  if (answer.how !== 'ended') return { finding: found('unreadable', answer.why) };
  if (statuses.includes(answer.status)) return { text: answer.stdout };
  const said = quoted(linesSaid(answer.stderr).slice(-2).join(' / '));
  const why = `${program} ended with ${answer.status}${said === '' ? '' : `: ${said}`}`;
  return { finding: found('unreadable', why) };
}
