/**
 * One plan, applied by the other unit of this host: docs/format/act.md. The agent has no rights for it;
 * it passes an id on, and closes the connection where it is to end.
 */
import net from 'node:net';
import { z } from 'zod';
import { sayText } from '../../base/say-name.ts';
import type { FoundJob, JobEnd } from '../../watch/shell/agent/agent-ports.ts';

export const ACT_SOCKET = '/run/holdfast/act.sock';
/** One line from either side. */
export const ASK_SIZE_MAX = 64;
const ANSWER_SIZE_MAX = 128 * 1024;
const WHY_SIZE_MAX = 400;
const END_WITHIN_MS = 90_000;

export const actAnswerSchema = z.strictObject({
  state: z.enum(['done', 'gaps', 'failed', 'cancelled']),
  why: z.string().max(4096),
  answer: z.string().max(65_536).optional(),
});

export function actJob(plan: string, socket = ACT_SOCKET): FoundJob {
  return { run: (signal) => askFor(plan, socket, signal) };
}

async function askFor(plan: string, path: string, signal: AbortSignal): Promise<JobEnd> {
  const socket = net.connect({ path, allowHalfOpen: true });
  const { promise, resolve } = Promise.withResolvers<JobEnd>();
  let said = '';
  let late: NodeJS.Timeout | undefined;
  // Half closed is the word to end; what it then says is its answer.
  const cancel = (): void => {
    socket.end();
    late = setTimeout(() => socket.destroy(), END_WITHIN_MS);
  };
  socket.on('connect', () => {
    socket.write(`apply ${plan}\n`);
    if (signal.aborted) cancel();
  });
  socket.on('data', (some) => {
    said += String(some);
    if (said.length > ANSWER_SIZE_MAX) socket.destroy();
  });
  socket.on('error', (error) => {
    const why = `what applies plans here cannot be reached (${error.message}): systemctl enable --now holdfast-act.socket`;
    resolve({ state: 'failed', why: why.slice(0, WHY_SIZE_MAX) });
  });
  socket.on('end', () => socket.end());
  socket.on('close', () => resolve(answerIn(said, signal.aborted)));
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', cancel);
    socket.destroy();
  }
}

function answerIn(said: string, isCancelled: boolean): JobEnd {
  const parsed = actAnswerSchema.safeParse(jsonIn(said));
  if (parsed.success) {
    const { state, why, answer } = parsed.data;
    return {
      state,
      why: sayText(why.slice(0, WHY_SIZE_MAX)),
      ...(answer === undefined ? {} : { answer }),
    };
  }
  const state = isCancelled ? 'cancelled' : 'failed';
  return { state, why: 'what applies plans here ended without an answer: see its journal' };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // It was ended before it answered.
  }
}
