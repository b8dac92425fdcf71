/**
 * What this host shows its server, made by a `holdfast` of its own: what a look and the opening of a
 * vault take in memory and in packages is not the agent's.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { sayText } from '../../base/say-name.ts';
import { FRAME_BYTES_MAX, SHOW_KINDS } from '../../watch/core/agent/messages.ts';
import type {
  PlanSource,
  ShowAsked,
  Showing,
  ShowSource,
} from '../../watch/shell/agent/show-ports.ts';
import { errnoOf } from '../node/errno.ts';
import { LEASH_FD, LEASH_NAME } from '../node/leash.ts';
import { signalGroup } from '../node/signal-group.ts';
import { startChild } from '../node/start-child.ts';
import { FirstBytes } from './first-bytes.ts';

const LIMIT_MS = 5 * 60_000;
const HEAD_BYTES_MAX = 1024;
const OUTPUT_BYTES_MAX = SHOW_KINDS.length * (FRAME_BYTES_MAX + HEAD_BYTES_MAX);
const WORDS_BYTES_MAX = 4096;
const SHOWN_MAX = 300;

export interface ShowChildParts {
  /** What is run: a program and the arguments before ours. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly upMs: () => number;
  /** Files whose change is a reason to look again: the ledger, the configuration. */
  readonly hints: readonly string[];
  readonly limitMs?: number;
}

/** What is shown, by how it is asked for: a whole look, or a part that is made anew by itself. */
const ASKED = {
  '--frames': { kinds: 2, what: 'what this host is' },
  '--ledger': { kinds: 1, what: 'what this host is' },
  '--plans': { kinds: 1, what: 'which plans wait here' },
} as const;

export class ShowChild implements ShowSource {
  readonly #parts: ShowChildParts;

  constructor(parts: ShowChildParts) {
    this.#parts = parts;
  }

  hint(): string {
    return this.#parts.hints.map(stampOf).join(' ');
  }

  look(signal: AbortSignal, of: ShowAsked): ReturnType<ShowSource['look']> {
    return this.#shown(of.known === undefined ? '--frames' : '--ledger', signal, of);
  }

  /** @param hint of what plans lie there */
  plans(hint: () => string): PlanSource {
    return { hint, look: (signal) => this.#shown('--plans', signal) };
  }

  async #shown(
    asked: keyof typeof ASKED,
    signal: AbortSignal,
    of: ShowAsked = { isPlain: false },
  ): ReturnType<ShowSource['look']> {
    const upMs = this.#parts.upMs();
    const { output, why } = await this.#run(asked, signal, of);
    const showings = showingsIn(output, upMs);
    const { kinds, what } = ASKED[asked];
    const isWhole = why === '' && showings.length === kinds;
    const trouble = why === '' ? 'it showed less than there is' : why;
    return { showings, trouble: isWhole ? '' : `${what} could not be seen: ${trouble}` };
  }

  async #run(
    asked: keyof typeof ASKED,
    signal: AbortSignal,
    { known, isPlain }: ShowAsked,
  ): Promise<{ readonly output: Buffer; readonly why: string }> {
    const { command, env, limitMs = LIMIT_MS } = this.#parts;
    const [program, ...before] = command;
    const plain = isPlain ? ['--plain'] : [];
    const child = startChild(program, [...before, 'agent', 'show', asked, ...plain], {
      ...{ env: { ...env, [LEASH_NAME]: String(LEASH_FD) }, cwd: '/' },
      // The last is its leash: where this process is killed it closes, and the child ends by itself.
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    if (child instanceof Error) return { output: Buffer.alloc(0), why: notStarted(child) };
    // It may end before it has read all of it, and says why itself.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(known);
    const kill = (): boolean => signalGroup(child, 'SIGKILL');
    const late = setTimeout(kill, limitMs);
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    const [output, words] = [new FirstBytes(OUTPUT_BYTES_MAX), new FirstBytes(WORDS_BYTES_MAX)];
    child.stdout?.on('data', (part: Buffer) => output.add(part));
    child.stderr?.on('data', (part: Buffer) => words.add(part));
    const end = await new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(notStarted(error)));
      child.on('close', (code, by) =>
        resolve(code === 0 ? '' : `exit ${code ?? by ?? ''} ${words.bytes.toString('utf8')}`),
      );
    });
    clearTimeout(late);
    signal.removeEventListener('abort', kill);
    return { output: output.bytes, why: sayText(end.trim()).slice(0, SHOWN_MAX) };
  }
}

function notStarted({ message }: Error): string {
  return `it could not be started: ${message}`;
}

/** What was begun and did not come whole is not there. */
function showingsIn(output: Buffer, upMs: number): readonly Showing[] {
  const showings: Showing[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.subarray(at, at + HEAD_BYTES_MAX).indexOf(0x0a);
    if (end === -1) break;
    const head = headOf(output.subarray(at, at + end).toString('latin1'));
    if (head === undefined) break;
    const frame = output.subarray(at + end + 1, at + end + 1 + head.bytes);
    if (frame.length < head.bytes) break;
    const sha256 = createHash('sha256').update(frame).digest('hex');
    showings.push({ kind: head.kind, frame, sha256, same: head.same, upMs });
    at += end + 1 + head.bytes;
  }
  return showings;
}

/** `sight 81230 64 hex`, as command-agent.ts writes it. */
function headOf(
  line: string,
): { readonly kind: Showing['kind']; readonly bytes: number; readonly same: string } | undefined {
  const match = /^([a-z]+) (\d{1,8}) ([0-9a-f]{64})$/.exec(line);
  const kind = SHOW_KINDS.find((each) => each === match?.[1]);
  const bytes = Number(match?.[2]);
  if (kind === undefined || !(bytes <= FRAME_BYTES_MAX)) return undefined;
  return { kind, bytes, same: match?.[3] ?? '' };
}

function stampOf(file: string): string {
  try {
    const { mtimeMs, size } = fs.statSync(file);
    return `${mtimeMs} ${size}`;
  } catch (error) {
    // Not there, or not ours to see: another stamp all the same.
    return errnoOf(error) ?? '';
  }
}
