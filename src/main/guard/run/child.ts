/** Runs the program a person named: to be asked, or in their place with all it prints and is told. */
import { type ChildProcess, spawn } from 'node:child_process';
import os from 'node:os';
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import type { Environment } from '../../cli/terminal.ts';

const NEWLINE = 0x0a;
const SAID_MAX = 64 * 1024;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

export interface ChildCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** What it reads; absent: what we were given ourselves. */
  readonly input?: Uint8Array | undefined;
  /** It is ended, wherever it is. */
  readonly stop?: AbortSignal | undefined;
}

export interface AskedChild {
  /** As a shell has it: 128 and the signal where one ended it. */
  readonly code: number;
  /** The end of what it said on stderr. */
  readonly said: string;
}

/** @throws Fault HF_GUARD_PROGRAM where it cannot be started */
export async function askChild(
  call: ChildCall,
  onOutput: (bytes: Buffer) => void,
  onErrorLine?: (line: string) => void,
): Promise<AskedChild> {
  // Its questions (a passphrase of ssh) go to the terminal by itself; stdin is kept for the run.
  const child = start(call, [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']);
  feed(child, call.input);
  call.stop?.addEventListener('abort', () => {
    child.kill();
    // Who is asked through others holds them open to its end.
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  });
  let said = '';
  let line = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_MAX);
    if (onErrorLine === undefined) return;
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const each of lines) onErrorLine(each);
  });
  child.stdout?.on('data', onOutput);
  const code = await forwardingSignals(child, () => ended(child, call.program));
  return { code, said };
}

/** @param stdout 2: its output goes where errors go, so that ours alone is on stdout */
export async function runChild(call: ChildCall, stdout: 1 | 2): Promise<number> {
  const child = start(call, [call.input === undefined ? 0 : 'pipe', stdout, 2]);
  feed(child, call.input);
  return forwardingSignals(child, () => ended(child, call.program));
}

function start(call: ChildCall, stdio: ('pipe' | 'ignore' | number)[]): ChildProcess {
  const env = { ...call.env };
  delete env.HOLDFAST_PASSPHRASE;
  // Names on a command line are bytes; what Node would spell anew is given as it came.
  return spawn(call.program, [...call.args], { env, stdio });
}

function feed(child: ChildProcess, input: Uint8Array | undefined): void {
  if (input === undefined) return;
  child.stdin?.on('error', () => undefined); // It has read as much as it wanted.
  child.stdin?.end(input);
}

function ended(child: ChildProcess, program: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (error) => {
    const message = `${sayText(program)} cannot be started: ${'code' in error ? String(error.code) : error.message}`;
    reject(new Fault('HF_GUARD_PROGRAM', message, { program: sayText(program) }, { cause: error }));
  });
  child.once('close', (code, signal) => {
    resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal]));
  });
  return promise;
}

/**
 * A signal from the terminal reaches the child as well, by its process group; one that was sent to
 * us alone is handed on.
 */
async function forwardingSignals<T>(child: ChildProcess, wait: () => Promise<T>): Promise<T> {
  const handlers = SIGNALS.map((signal) => {
    const hand = (): void => void child.kill(signal);
    process.on(signal, hand);
    return () => process.off(signal, hand);
  });
  try {
    return await wait();
  } finally {
    for (const off of handlers) off();
  }
}

/** Lines of bytes as they come, as latin1 decoding gives them; a last one without newline too. */
export class ByteLines {
  readonly #see: (line: string) => void;
  #rest: Buffer[] = [];

  constructor(see: (line: string) => void) {
    this.#see = see;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#take(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) this.#rest.push(Buffer.from(chunk.subarray(from)));
  }

  end(): void {
    if (this.#rest.length > 0) this.#take(Buffer.alloc(0));
  }

  #take(last: Buffer): void {
    const line = this.#rest.length === 0 ? last : Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#see(line.toString('latin1'));
  }
}

/** All of standard input, where the command reads a list from it. */
export async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
