import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { Fault } from '../../base/fault.ts';
import type { DurationMs } from '../../base/units.ts';
import { signalGroup } from '../node/signal-group.ts';
import { LineSplitter } from './line-splitter.ts';
import { cutSecrets } from './cut-secrets.ts';

export interface ToolCall {
  readonly program: string;
  readonly args: readonly string[];
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Given on a descriptor, and cut from what the tool says. */
  readonly secret: Uint8Array | undefined;
  /** Which: its standard input (0) where nothing is said. */
  readonly secretOn?: 0 | 3;
  readonly limit: DurationMs;
  /** Asks it to end by itself before its time is up. */
  readonly stop?: AbortSignal;
  /** Each line of its output; else the output is kept. */
  readonly onLine?: (line: string) => void;
}

export interface ToolEnd {
  /** Undefined where it was ended by a signal. */
  readonly code: number | undefined;
  readonly isTimedOut: boolean;
  /** Empty where lines were taken as they came. */
  readonly output: string;
  /** What it said besides, without secrets; the end of it where it said much. */
  readonly said: string;
}

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;
const SAID_CHARACTERS_MAX = 64 * 1024;
const GRACE_MS = 5000;

/**
 * Runs other people's programs: by name and arguments, never by a shell; in a process group of
 * their own, which is ended as a whole when time is up or this process is told to end.
 */
export class ToolRunner {
  readonly #running = new Set<ChildProcess>();

  /** @throws Fault HF_CONNECT_TOOL_ABSENT; how it ended is a result */
  async run(call: ToolCall): Promise<ToolEnd> {
    // Without a terminal of its own nothing can ask a question that nobody answers.
    const child = spawn(call.program, [...call.args], {
      cwd: call.cwd,
      env: { ...call.env },
      detached: true,
      stdio: [pipeOf(call, 0), 'pipe', 'pipe', pipeOf(call, 3)],
    });
    this.#running.add(child);
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      endGroup(child, 'SIGTERM');
      setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_MS).unref();
    }, call.limit);
    call.stop?.addEventListener('abort', () => {
      endGroup(child, 'SIGINT');
      setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_MS).unref();
    });
    try {
      giveSecret(child, call);
      const [output, said, code] = await Promise.all([
        outputOf(child, call),
        tailOf(child),
        ended(child, call.program),
      ]);
      return { code, isTimedOut, output, said: cutSecrets(said, call.secret) };
    } catch (error) {
      endGroup(child, 'SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
      this.#running.delete(child);
    }
  }

  /** At once: for the moment of a signal. */
  endAll(): void {
    for (const child of this.#running) endGroup(child, 'SIGKILL');
  }
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child, signal);
}

function pipeOf({ secret, secretOn = 0 }: ToolCall, descriptor: 0 | 3): 'pipe' | 'ignore' {
  return secret !== undefined && secretOn === descriptor ? 'pipe' : 'ignore';
}

function giveSecret(child: ChildProcess, { secret, secretOn = 0 }: ToolCall): void {
  if (secret === undefined) return;
  const pipe = child.stdio[secretOn] as Writable;
  // A tool that does not ask for it has closed it.
  pipe.on('error', ignoreClosedPipe);
  pipe.end(Buffer.concat([secret, Buffer.from('\n')]));
}

function ignoreClosedPipe(error: Error): void {
  if (!('code' in error) || (error.code !== 'EPIPE' && error.code !== 'ECONNRESET')) throw error;
}

function ended(child: ChildProcess, program: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  child.once('error', (error) => {
    const isAbsent = 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
    const message = `the program ${program} is not on this machine, or may not be run`;
    reject(isAbsent ? new Fault('HF_CONNECT_TOOL_ABSENT', message, { tool: program }) : error);
  });
  child.once('close', (code) => resolve(code ?? undefined));
  return promise;
}

async function outputOf(child: ChildProcess, { onLine, program: tool }: ToolCall): Promise<string> {
  const chunks: Buffer[] = [];
  const lines = onLine === undefined ? undefined : new LineSplitter(onLine);
  let size = 0;
  for await (const chunk of child.stdout ?? []) {
    const bytes = chunk as Buffer;
    if (lines !== undefined) {
      lines.push(bytes);
      continue;
    }
    size += bytes.length;
    if (size > OUTPUT_BYTES_MAX) {
      const message = `${tool} printed more than can be read`;
      throw new Fault('HF_CONNECT_FAILED', message, { tool });
    }
    chunks.push(bytes);
  }
  lines?.end();
  return Buffer.concat(chunks).toString('utf8');
}

async function tailOf(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.setEncoding('utf8');
  for await (const chunk of child.stderr ?? []) {
    said = (said + String(chunk)).slice(-SAID_CHARACTERS_MAX);
  }
  return said;
}
