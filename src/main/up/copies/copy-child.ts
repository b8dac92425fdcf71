/**
 * One `vault copy` in a process of its own: a copy may take hours, and backups do not wait for it. It
 * ends when this process does, however that ends: docs/format/job-leash.md.
 */
import { FirstBytes } from '../../../adapters/agent-jobs/first-bytes.ts';
import { LEASH_FD, LEASH_NAME } from '../../../adapters/node/leash.ts';
import { signalGroup } from '../../../adapters/node/signal-group.ts';
import { startChild } from '../../../adapters/node/start-child.ts';
import { MIB, seconds } from '../../../base/units.ts';
import { type CopyEnd, copyEnd } from '../../../watch/core/copies/copy-end.ts';
import { holdfastCommand } from '../../agent/agent-places.ts';
import { textOfBytes } from '../../cli/places.ts';
import type { Settings } from '../../cli/settings.ts';
import { nameOfPlace } from '../../vault-place.ts';
import type { CopyGiven } from './copies-given.ts';

/** It lists each snapshot. */
const ANSWER_BYTES_MAX = 64 * MIB;

/** A mount that hangs keeps nobody from ending. */
const END_LIMIT = seconds(10);

/** @param signal ends it; what was copied stays, and the next run goes on from there */
export async function runCopy(
  settings: Settings,
  { from, to }: CopyGiven,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<CopyEnd> {
  const [program, ...before] = holdfastCommand();
  const places = [from, to].map((place) => textOfBytes(nameOfPlace(place)));
  const config = settings.configFile === undefined ? [] : ['--config', settings.configFile];
  const child = startChild(program, [...before, 'vault', 'copy', '--json', ...config, ...places], {
    env: {
      ...env,
      HOLDFAST_STATE: textOfBytes(settings.state.value),
      [LEASH_NAME]: String(LEASH_FD),
    },
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    detached: true,
  });
  if (child instanceof Error) return notStarted(child);
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(child, 'SIGTERM');
    late = setTimeout(() => signalGroup(child, 'SIGKILL'), END_LIMIT);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const output = new FirstBytes(ANSWER_BYTES_MAX);
  child.stdout?.on('data', (part: Buffer) => output.add(part));
  const leash = child.stdio[LEASH_FD];
  // What it says of its progress nobody reads.
  if (leash !== undefined && leash !== null && 'resume' in leash) {
    leash.on('error', () => undefined);
    leash.resume();
  }
  const end = await new Promise<CopyEnd>((resolve) => {
    child.on('error', (error) => resolve(notStarted(error)));
    child.on('close', (code) => resolve(copyEnd(code ?? undefined, output.text)));
  });
  clearTimeout(late);
  signal.removeEventListener('abort', stop);
  return end;
}

function notStarted({ message }: Error): CopyEnd {
  return copyEnd(undefined, JSON.stringify({ error: { code: 'not started', message } }));
}
