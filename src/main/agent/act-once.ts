/**
 * `holdfast agent act`: root's side of level act. One connection, one plan, named by its id; what is
 * in it, and whether it may be applied, the guard of this host knows.
 */
import type { Readable, Writable } from 'node:stream';
import { AGENT_CONFIG, readAgentConfig } from '../../adapters/agent-config/agent-config-file.ts';
import { ASK_SIZE_MAX } from '../../adapters/agent-jobs/act-socket.ts';
import { ChildJobs } from '../../adapters/agent-jobs/child-jobs.ts';
import { nextBytes } from '../../adapters/ssh/node-bytes.ts';
import type { JobEnd } from '../../watch/shell/agent/agent-ports.ts';
import { holdfastCommand } from './agent-places.ts';

export interface ActStreams {
  /** The connection: a line comes, and it stays open until the plan is applied or to be stopped. */
  readonly input: Readable;
  readonly output: Writable;
}

const ASK = /^apply (p-[0-9a-f]{8})\n$/;
const STATE = '/var/lib/holdfast';
const SAID_WITHIN_MS = 10_000;

export async function actOnce(
  { input, output }: ActStreams,
  of: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly config?: string | undefined;
    /** Of a connection that says nothing. */
    readonly saidWithinMs?: number;
  },
): Promise<JobEnd> {
  const end = await endOf(input, of);
  const { promise, resolve } = Promise.withResolvers<void>();
  output.on('error', () => resolve());
  output.write(`${JSON.stringify(end)}\n`, () => resolve());
  await promise;
  return end;
}

async function endOf(input: Readable, of: Parameters<typeof actOnce>[1]): Promise<JobEnd> {
  const plan = ASK.exec(await lineOf(input, of.saidWithinMs ?? SAID_WITHIN_MS))?.[1];
  if (plan === undefined) return refused('this is no word to apply a plan by');
  const { config, trouble } = readAgentConfig(of.config ?? AGENT_CONFIG);
  if (trouble !== undefined) return refused(trouble);
  if (config.level !== 'act') return refused('the level of this host is not act (agent.yaml)');
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOLDFAST_STATE: of.env.HOLDFAST_STATE ?? STATE,
  };
  const jobs = new ChildJobs(config, { command: holdfastCommand(), env });
  const job = jobs.find({
    word: 'job',
    n: 0,
    job: '0'.repeat(32),
    act: 'apply',
    name: plan,
    leaseMs: 0,
  });
  if ('refused' in job) return refused(job.refused);
  const stop = new AbortController();
  void untilClosed(input).then(() => stop.abort());
  return job.run(stop.signal, () => undefined);
}

function refused(why: string): JobEnd {
  return { state: 'failed', why };
}

/** Of a connection that says nothing for a while it is empty: it would keep every other out. */
async function lineOf(input: Readable, limitMs: number): Promise<string> {
  let line = '';
  const late = setTimeout(() => input.destroy(), limitMs);
  while (!line.includes('\n') && line.length < ASK_SIZE_MAX) {
    const some = await nextBytes(input);
    if (some === undefined) break;
    line += Buffer.from(some).toString('latin1');
  }
  clearTimeout(late);
  return line;
}

/** Whatever else comes counts for nothing. */
async function untilClosed(input: Readable): Promise<void> {
  for (let some = await nextBytes(input); some !== undefined; ) some = await nextBytes(input);
}
