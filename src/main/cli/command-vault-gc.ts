/** `holdfast vault gc`: a vault forgets what no rule keeps. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { GcOptions } from '../gc/answer-gc.ts';
import type { Act } from './cli.ts';
import { vaultOptions, writerOption } from './open.ts';

const EXAMPLE = `
Shows first which snapshots would go and what keeps the others, then asks;
without a terminal --yes does it, and else it ends with 2. What was forgotten
lies there until a later gc, --grace (7d) after it, frees the space. The rules
are those of keep: in holdfast.yaml, or of --keep:

  keep: {last: 7, daily: 14, weekly: 8, tags: [release], min-age: 7d}

Nothing younger than min-age (7d) goes, nor the newest proven of each data set,
nor what holdfast vault hold keeps, nor what has a doubtful time; and nothing at
all where the clock is in doubt. Each writer's data sets are their own: what
another host writes never takes their place.

What is needed of sparse and of small packs is written into new ones, sealed
anew where it lies among other things, and small indexes become one; the old
ones go as what is forgotten does, once all that is needed was found in new
ones. --move-bytes 0 moves nothing.

It works on the machine where the vault lies. Over NFS, SMB or sshfs it may
not see what other machines have just stored, and refuses; --nobody-writes is
your word that none does while it runs.

Examples:
  holdfast vault gc --vault /srv/vault --keep last=7,daily=14,weekly=8 --dry-run
  holdfast vault gc --vault /srv/vault --yes
  holdfast vault gc --vault /srv/vault --undo p-1f2e3d4c`;

export function defineGc(vault: Command, act: Act): void {
  const command = vault
    .command('gc')
    .description('Forgets the snapshots that no rule keeps, and frees what nothing needs any more.')
    .option('--keep <rules>', 'last=7,daily=14,weekly=8,tag=NAME,min-age=7d')
    .option('-n, --dry-run', 'show what would go, and change nothing')
    .option('--yes', 'do it without a question')
    .option('--grace <time>', 'so long what was forgotten can be put back (else 7d)')
    .option(
      '--move-bytes <size>',
      'write anew at most so much of sparse and small packs (else 8GiB)',
    )
    .option('--sparse <share>', 'a pack is sparse of which less is needed (else 60%)')
    .option('--undo <plan>', 'put back what a plan forgot')
    .option('--nobody-writes', 'over a network file system: no other machine writes into it now')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [options]: [GcOptions]) => {
        const { undo, keep, dryRun } = options;
        if (undo === undefined) {
          const { answerGc } = await import('../gc/answer-gc.ts');
          return answerGc(cli, options);
        }
        if (keep !== undefined || dryRun === true) {
          throw new Fault('HF_USAGE', '--undo stands alone', { command: 'vault gc' });
        }
        const { undoGc } = await import('../gc/undo-gc.ts');
        return undoGc(cli, options, undo);
      }),
    );
  writerOption(vaultOptions(command));
}
