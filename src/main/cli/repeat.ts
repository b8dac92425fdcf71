/** A command that is done again and again until somebody stops it; each answer is printed as it comes. */
import { Fault } from '../../base/fault.ts';
import { sayMessage } from '../../base/say-name.ts';
import { type DurationMs, durationMs } from '../../base/units.ts';
import { UpStop } from '../up/up-stop.ts';
import type { Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';

/**
 * What took long comes less often: it rests for as long as it worked, at least. Stopped while it rests
 * it ends by itself; at work, as the command itself does.
 *
 * @throws Fault of the first run: what cannot be done once is not tried for ever
 */
export async function repeated(
  cli: Cli,
  { every, run }: { readonly every: DurationMs; readonly run: () => Promise<Answer> },
): Promise<Answer> {
  const { clock, terminal } = cli;
  const stop = new UpStop(cli.stop);
  for (let count = 1; ; count++) {
    const startedMs = clock.monotonic();
    stop.work();
    try {
      const { say, json } = await run();
      const lines = cli.wantsJson ? [JSON.stringify(json)] : [...say(terminal.style), ''];
      terminal.out(`${lines.join('\n')}\n`);
    } catch (error) {
      // Whoever goes on for months meets a line that is down and a disk that is full; both pass.
      if (count === 1 || !(error instanceof Fault)) throw error;
      terminal.err(`${sayMessage(error.message)} (${error.code}); tried again in time.\n`);
    }
    stop.rest();
    const tookMs = clock.monotonic() - startedMs;
    await stop.sleep(durationMs(Math.max(every - tookMs, tookMs)));
    if (!stop.isAsked()) continue;
    return { code: EXIT.done, say: () => ['Stopped.'], json: { runs: count } };
  }
}
