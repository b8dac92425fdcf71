/** Keeps a copy of the page in a place, in a child that is left behind when the place never answers. */
import path from 'node:path';
import { z } from 'zod';
import { sayText } from '../../base/say-name.ts';
import { runProgram, whyOf } from '../engines/program.ts';

const CHILD = path.join(import.meta.dirname, `copy-child${path.extname(import.meta.filename)}`);
const LIMIT_MS = 10 * 60_000;
/** It cannot even be killed: then nobody waits for it. */
const LEFT_MS = LIMIT_MS + 30_000;

export interface PageCopy {
  readonly place: string;
  readonly name: string;
  readonly keep: number;
  readonly text: string;
  /** A directory that a copy on the same disk would be lost with. */
  readonly beside: string;
  /** Nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export type CopyEnd =
  | { readonly kept: number; readonly isHere: boolean }
  /** `isLeft`: it still hangs there. */
  | { readonly why: string; readonly isLeft?: true };

const said = z.union([
  z.object({ count: z.number(), isHere: z.boolean() }),
  z.object({ why: z.string() }),
]);

export async function copyPage(of: PageCopy): Promise<CopyEnd> {
  const { place, name, keep, text, beside, signal } = of;
  const run = runProgram({
    program: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', CHILD, place, name, String(keep), beside],
    ...{ input: text, limitMs: LIMIT_MS },
  });
  const left = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => left.resolve(undefined), LEFT_MS);
  timer.unref();
  const stop = (): void => left.resolve(undefined);
  signal.addEventListener('abort', stop);
  const ended = await Promise.race([run, left.promise]);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  if (ended === undefined) return { why: 'the place does not answer', isLeft: true };
  const line = ended.stdout.trim().split('\n').at(-1) ?? '';
  const answer = said.safeParse(line.startsWith('{') ? JSON.parse(line) : undefined);
  if (!answer.success) return { why: sayText(whyOf(ended)) };
  if ('why' in answer.data) return { why: answer.data.why };
  return { kept: answer.data.count, isHere: answer.data.isHere };
}
