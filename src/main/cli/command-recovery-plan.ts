/** `holdfast recovery-plan`: what to bring back in which order, by which command, in what time. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';
import { vaultOptions } from './open.ts';
import { readSettings, type VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly lost?: readonly string[];
  readonly save?: string;
  readonly exitCode?: true;
}

const EXAMPLE = `
Made from the last look, the vault, what was opened by connect, and the services
of holdfast.yaml: no host is asked, and nothing is written but by --save. Times
rest on drills; what no drill showed is unknown.

--lost takes a host, or what exposure --lose takes: disk:HOST/NAME, HOST:/path,
site:a. Of an image that is still there it says both ways: repair and restore.

You need the plan most when this machine is the one that died: --save writes it
as files that need nothing, no secret among them. Keep them off the estate.

Examples:
  holdfast recovery-plan
  holdfast recovery-plan --lost hv3
  holdfast recovery-plan --save /srv/recovery-plan`;

export function define(command: Command, act: Act): void {
  const collect = (text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ];
  command
    .summary('what to bring back first, where to, and by which command')
    .description(
      'What to bring back in which order, where to, by which exact command and in what time, when something is lost; without --lost, for each host in short.',
    )
    .option('--lost <what>', 'what is lost; may be repeated: all at once', collect)
    .option('--save <directory>', 'write plan and exposure as files, for every host')
    .option('--exit-code', 'end with 5 where something would not come back for certain')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [options]: [Options]) => {
        const settings = await readSettings(cli, options);
        const { answerRecoveryPlan } = await import('../look/answer-recovery-plan.ts');
        return answerRecoveryPlan(cli, settings, {
          ...options,
          lost: options.lost ?? [],
          save: options.save,
          exitCode: options.exitCode ?? false,
        });
      }),
    );
  vaultOptions(command);
}
