/**
 * Questions to a process that may be left behind. A thread that waits for a file system in the
 * kernel cannot always be killed, and keeps its whole process from ending; this process asks
 * through pipes, waits as long as it wants to, and lets go.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { fileURLToPath } from 'node:url';
import type { DurationMs } from '../../base/units.ts';
import { SourceFailure } from '../../host/source.ts';
import { pipeOf, waitReadable } from './syscalls-pipe.ts';

/** What the child is asked: a method of its source. Sent as `v8.serialize` makes it, length first. */
export interface GuardedAsk {
  readonly method: string;
  readonly args: readonly unknown[];
}

export type GuardedAnswer<T> = { readonly value: T } | { readonly errno: string };

/** Length of what follows, little-endian, before each question and each answer. */
const LENGTH_SIZE = 4;
const ENTRY = fileURLToPath(
  new URL(`./guarded-child.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

export class GuardedChannel {
  readonly #answerMax: DurationMs;
  readonly #child: ChildProcess;
  readonly #toChild: number;
  readonly #fromChild: number;
  /** Why nothing more is asked. */
  #ended: string | undefined;

  /** @throws SourceFailure where this machine has no pipes for it */
  constructor(answerMax: DurationMs) {
    this.#answerMax = answerMax;
    const asks = pipeOf();
    const answers = pipeOf();
    this.#toChild = asks.write;
    this.#fromChild = answers.read;
    this.#child = spawn(process.execPath, [ENTRY], {
      stdio: ['ignore', 'ignore', 'ignore', asks.read, answers.write],
      // Not in the group that Ctrl-C reaches, and with nothing of what this process was told.
      detached: true,
      env: { PATH: process.env.PATH ?? '' },
      cwd: '/',
    });
    this.#child.on('error', () => undefined); // It did not start: its pipe ends at once.
    this.#child.unref();
    fs.closeSync(asks.read);
    fs.closeSync(answers.write);
  }

  /**
   * @throws SourceFailure as the method does; ETIMEDOUT when it took too long, and at once from then
   * on; EIO when the process has gone
   */
  ask<T>(method: string, ...args: readonly unknown[]): T {
    if (this.#ended !== undefined) throw new SourceFailure(this.#ended);
    const ask: GuardedAsk = { method, args };
    try {
      writeMessage(this.#toChild, serialize(ask));
    } catch (cause) {
      throw this.#end('EIO', cause);
    }
    const answer = this.#answer<T>();
    if ('errno' in answer) throw new SourceFailure(answer.errno);
    return answer.value;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Lets the child end, if it can. */
  close(): void {
    if (this.#ended === undefined) this.#end('EBADF', undefined);
  }

  #answer<T>(): GuardedAnswer<T> {
    const length = this.#read(LENGTH_SIZE).readUInt32LE(0);
    const answer: GuardedAnswer<T> = deserialize(this.#read(length));
    return answer;
  }

  #read(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length; ) {
      if (!waitReadable(this.#fromChild, this.#answerMax)) throw this.#end('ETIMEDOUT', undefined);
      const count = fs.readSync(this.#fromChild, bytes, filled, length - filled, null);
      if (count === 0) throw this.#end('EIO', undefined);
      filled += count;
    }
    return bytes;
  }

  #end(errno: string, cause: unknown): SourceFailure {
    this.#ended = errno;
    this.#child.kill('SIGKILL'); // It may wait where not even this reaches it: then it stays.
    fs.closeSync(this.#toChild);
    fs.closeSync(this.#fromChild);
    return new SourceFailure(errno, { cause });
  }
}

export function writeMessage(fd: number, body: Uint8Array): void {
  const message = Buffer.allocUnsafe(LENGTH_SIZE + body.length);
  message.writeUInt32LE(body.length, 0);
  message.set(body, LENGTH_SIZE);
  for (let written = 0; written < message.length; ) {
    written += fs.writeSync(fd, message, written, message.length - written);
  }
}

/** The next message from a pipe; undefined at its end. For whoever may wait for ever. */
export function readMessage(fd: number): Buffer | undefined {
  const length = readFully(fd, LENGTH_SIZE)?.readUInt32LE(0);
  return length === undefined ? undefined : readFully(fd, length);
}

function readFully(fd: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const count = fs.readSync(fd, bytes, filled, length - filled, null);
    if (count === 0) return undefined;
    filled += count;
  }
  return bytes;
}
