/** `holdfast guard run -- COMMAND`: the command a team already has, with a verdict and an undo. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { guardRun } from '../guard/run/guard-run.ts';
import { RUN_EXIT } from '../guard/run/run-parts.ts';
import { runJson } from '../guard/run/run-json.ts';
import { RunVoice } from '../guard/run/run-voice.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { childExit, EXIT, type ExitCode } from './exit-code.ts';
import { sayFault } from './say-fault.ts';
import { readSettings } from './settings.ts';

interface Options {
  readonly config?: string;
  readonly pipeline?: string;
  readonly reason?: string;
  readonly observe?: true;
  readonly allOrNothing?: true;
  readonly breakGlass?: string;
  readonly verbose?: true;
}

const EXAMPLE = `
Needs no vault, no server and no agent. Knows rsync, rclone sync and copy, rm,
mv, and find with -delete or -exec rm. The command's own dry run is read first;
what would be lost is judged; what is lost is set aside on the same disk, so
that holdfast undo puts it back in seconds. Where deletes are held, what is new
goes on. The first run of a pair of places adopts what lies there, and deletes
nothing.

Ends with the command's own code; 120: held, 121: denied, 122: stale, 123: not
run. Without a terminal it says nothing where all went well.

Examples:
  holdfast guard run -- rsync -a --delete build1:/srv/release/ /srv/mirror/
  holdfast guard run -- rclone sync archive:music /srv/music
  holdfast guard run -- rm -r /srv/old-site
  holdfast guard run -- find /var/cache/app -mtime +30 -delete`;

export function defineGuardRun(guard: Command, act: Act): void {
  guard
    .command('run')
    .summary('run rsync, rclone, rm, mv or find, judged before and undone after')
    .description('Runs a command that can delete: judged first, and so that it can be undone.')
    .argument('<command...>', 'behind --: the command, as it is typed without this')
    .option('--pipeline <name>', 'what repeats; else made of the places')
    .option('--reason <text>', 'why, for those who look at the plan')
    .option('--observe', 'judge and say, and run it as it is')
    .option('--all-or-nothing', 'where it is held, do not create what is new either')
    .option('--break-glass <reason>', 'root on the spot: pass over every rule; recorded, undo kept')
    .option('--config <file>', 'another configuration file')
    .option('-v, --verbose', 'say what went well without a terminal too')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [argv, options]: [string[], Options]) => perform(cli, argv, options)));
}

async function perform(cli: Cli, argv: readonly string[], options: Options): Promise<Answer> {
  const { terminal } = cli;
  if (options.breakGlass !== undefined && process.getuid?.() !== 0) {
    const why = '--break-glass is for root, on the machine itself';
    throw new Fault('HF_USAGE', why, { command: 'guard run' });
  }
  const voice = new RunVoice({
    err: cli.wantsJson ? () => undefined : terminal.err,
    raw: terminal.err,
    style: terminal.errorStyle,
    saysWell: terminal.isLive || options.verbose === true,
    isObserved: options.observe === true,
    isGlassBroken: options.breakGlass !== undefined,
  });
  const ran: { code?: number } = {};
  try {
    const end = await guardRun({
      cli,
      ran,
      voice,
      asked: {
        argv,
        pipeline: options.pipeline,
        reason: options.reason,
        observe: options.observe === true,
        allOrNothing: options.allOrNothing === true,
        breakGlass: options.breakGlass,
      },
      stateDir: async () => (await readSettings(cli, options)).state.value,
      openSession: async () => {
        const { openGuard } = await import('../guard/guard-session.ts');
        return openGuard(cli, await readSettings(cli, options));
      },
    });
    return { code: childExit(end.code), say: () => [], json: runJson(end) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (cli.wantsJson) throw error;
    sayFault(cli, error);
    return { code: codeOfFault(ran), say: () => [], json: {} };
  }
}

/** It has run, and what is ours then failed: that is no success, and not "not run" either. */
function codeOfFault({ code }: { readonly code?: number }): ExitCode {
  if (code === undefined) return childExit(RUN_EXIT.notRun);
  return code === 0 ? EXIT.error : childExit(code);
}
