/**
 * `holdfast agent`, as a unit starts it: without the command line and all that it loads. At most five
 * packages are reached from here (test/agents/packages.test.ts).
 */
import { parseArgs } from 'node:util';
import { Fault } from '../../base/fault.ts';
import { runAgent } from './run-agent.ts';

/** How long an agent that is told to end may take to end its jobs. */
const END_LIMIT_MS = 75_000;

/** @param argv behind `agent` @returns the exit code */
export async function runAgentProcess(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, state: { type: 'string' } },
  });
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      stop.abort();
      setTimeout(() => process.exit(1), END_LIMIT_MS).unref();
    });
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    await runAgent({ env: process.env, ...values, say }, stop.signal);
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(`${error.code}: ${error.message}\n${error.remedy}`);
    return error.kind === 'usage' ? 64 : 1;
  }
}
