/** `holdfast up` as the command line calls it. */
import type { Answer, Cli } from '../cli/cli.ts';
import type { UpOptions } from '../cli/command-up.ts';
import { EXIT } from '../cli/exit-code.ts';
import { readSettings } from '../cli/settings.ts';
import { upJson } from './up-json.ts';
import { runRounds } from './rounds.ts';
import { targetsOf } from './targets.ts';
import { silentScreen, terminalScreen } from './up-screen.ts';

export async function runUp(of: {
  readonly cli: Cli;
  readonly paths: readonly string[];
  readonly options: UpOptions;
}): Promise<Answer> {
  const { cli, paths, options } = of;
  const settings = await readSettings(cli, options);
  const targets = targetsOf(cli, settings, paths);
  const screen = cli.wantsJson ? silentScreen(cli) : terminalScreen(cli);
  const request = { targets, once: options.once === true };
  const { view, hasFailed, hasGaps } = await runRounds(cli, { settings, request, screen });
  const code = hasFailed ? EXIT.error : hasGaps ? EXIT.gaps : EXIT.done;
  // What it found has been printed, round by round.
  return { code, say: () => [], json: upJson(view) };
}
