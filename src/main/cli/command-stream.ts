/** What a command prints, as a stream that fails when the command does. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';

/** @throws Fault HF_COMMAND_FAILED, from the stream, unless the command ended with 0 */
export async function* outputOf(command: readonly string[]): AsyncGenerator<Uint8Array> {
  const [program = '', ...args] = command;
  // What it says to people goes to them; what it would read is not ours to give.
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOLDFAST_PASSPHRASE: undefined },
  });
  const ended = endOf(child, program);
  ended.catch(() => undefined); // Awaited below, when all that it printed was read.
  let isDone = false;
  try {
    for await (const bytes of child.stdout as AsyncIterable<Uint8Array>) yield bytes;
    await ended;
    isDone = true;
  } finally {
    if (!isDone) child.kill();
  }
}

function endOf(child: ChildProcessByStdio<null, Readable, null>, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (how: string): void => {
      const message = `the command ${sayText(program)} ${how}, so there is no snapshot`;
      reject(new Fault('HF_COMMAND_FAILED', message, { command: program }));
    };
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('close', (status, signal) => {
      if (status === 0) resolve();
      else fail(status === null ? `was ended by ${signal ?? 'a signal'}` : `ended with ${status}`);
    });
  });
}
