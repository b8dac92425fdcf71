/**
 * What a server asks of this host's vault, answered by a `holdfast` of its own: what an opened vault
 * takes in memory and in packages is not the agent's. docs/format/files.md.
 */
import type { ChildProcess } from 'node:child_process';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { type LiveWant, PART_BYTES_MAX } from '../../watch/core/files/wants.ts';
import type { FilesAnswering, FilesSource } from '../../watch/shell/agent/files-ports.ts';
import { filesLine } from '../../wire/agent/files.ts';
import { LEASH_FD, LEASH_NAME } from '../node/leash.ts';
import { signalGroup } from '../node/signal-group.ts';
import { startChild } from '../node/start-child.ts';

const LIMIT_MS = 6 * 3_600_000;
const WORDS_BYTES_MAX = 4096;
const SHOWN_MAX = 300;
const LF = 0x0a;

export interface FilesChildParts {
  /** What is run: a program and the arguments before ours. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

export class FilesChild implements FilesSource {
  readonly #parts: FilesChildParts;

  constructor(parts: FilesChildParts) {
    this.#parts = parts;
  }

  /** @throws Fault HF_FILES_BROKEN */
  async open(want: LiveWant, signal: AbortSignal): Promise<FilesAnswering> {
    const child = this.#start(signal);
    const [said, ended] = [wordsOf(child), endOf(child)];
    child.stdin?.on('error', () => undefined); // It ended before it read, and says why itself.
    child.stdin?.end(`${JSON.stringify(want)}\n`);
    const source = child.stdout?.[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const first = await firstLine(source);
    const over = async (): Promise<void> => {
      const end = await ended;
      if (end !== '') throw broken(`${end} ${said()}`);
    };
    if (first === undefined) {
      await over();
      throw broken('it wrote no answer');
    }
    const parsed = filesLine.safeParse(jsonOf(first.line));
    if (!parsed.success) throw broken('its answer cannot be read');
    const { data } = parsed;
    const head = 'refused' in data ? data : { answer: JSON.stringify(data.answer) };
    return { head, pieces: piecesOf(first.rest, source, over) };
  }

  #start(signal: AbortSignal): ChildProcess {
    const { command, env } = this.#parts;
    const [program, ...before] = command;
    const child = startChild(program, [...before, 'agent', 'files'], {
      ...{ env: { ...env, [LEASH_NAME]: String(LEASH_FD) }, cwd: '/' },
      // The last is its leash: where this process is killed it closes, and the child ends by itself.
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    if (child instanceof Error) throw broken(`it could not be started: ${child.message}`);
    const kill = (): void => void signalGroup(child, 'SIGKILL');
    const limit = setTimeout(kill, LIMIT_MS);
    signal.addEventListener('abort', kill, { once: true });
    child.once('close', () => {
      clearTimeout(limit);
      signal.removeEventListener('abort', kill);
    });
    if (signal.aborted) kill();
    return child;
  }
}

/** @returns what it says on its standard error, the end of it */
function wordsOf(child: ChildProcess): () => string {
  let words = '';
  child.stderr?.on('data', (part: Buffer) => {
    words = `${words}${part.toString('utf8')}`.slice(-WORDS_BYTES_MAX);
  });
  return () => sayText(words.trim().replaceAll(/\s+/g, ' ')).slice(0, SHOWN_MAX);
}

/** Empty where it ended well. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, by) =>
      resolve(code === 0 ? '' : `it ended with ${code ?? by ?? ''}:`),
    );
  });
}

async function firstLine(
  source: AsyncIterator<Buffer>,
): Promise<{ readonly line: string; readonly rest: Buffer } | undefined> {
  let held: Buffer = Buffer.alloc(0);
  for (let part = await source.next(); part.done !== true; part = await source.next()) {
    held = Buffer.concat([held, part.value]);
    const end = held.indexOf(LF);
    if (end !== -1) {
      return { line: held.subarray(0, end).toString('utf8'), rest: held.subarray(end + 1) };
    }
    if (held.length > PART_BYTES_MAX) throw broken('its answer is too long');
  }
  return undefined;
}

async function* piecesOf(
  rest: Buffer,
  source: AsyncIterator<Buffer>,
  over: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  if (rest.length > 0) yield rest;
  for (let part = await source.next(); part.done !== true; part = await source.next()) {
    yield part.value;
  }
  await over();
}

function broken(why: string): Fault {
  const message = `the vault could not be read here: ${why.trim()}`;
  return new Fault('HF_FILES_BROKEN', message.slice(0, SHOWN_MAX), { host: 'it' });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // The schema refuses it.
  }
}
