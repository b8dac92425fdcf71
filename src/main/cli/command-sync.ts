/** `holdfast sync`: directories become what a snapshot holds, through a plan. */
import type { Command } from 'commander';
import { parseTreePlace, type TreePlace } from '../../adapters/trees/tree-place.ts';
import { openGuard, type GuardSession } from '../guard/guard-session.ts';
import { prepareFar } from '../guard/sync/far-sync.ts';
import { demandSpot } from '../guard/sync/glass-here.ts';
import { prepareLocal } from '../guard/sync/local-sync.ts';
import type { PreparedSync } from '../guard/sync/prepared-sync.ts';
import { actOn, demandTargets, type SyncResult } from '../guard/sync/sync-act.ts';
import { showMany } from '../guard/sync/show-many.ts';
import { syncEngine } from '../guard/sync/sync-engine.ts';
import { type SyncSource, syncSource } from '../guard/sync/sync-source.ts';
import { syncJson, syncWords } from '../guard/sync/sync-words.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { demandRoot } from './command-undo.ts';
import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { type PrepareHow, syncMany } from '../guard/rollout/sync-many.ts';
import {
  type RolloutOptions,
  rolloutOptions,
  wordToRollout,
} from '../guard/rollout/rollout-sync.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import { bytesOfArgument } from './places.ts';
import { readSettings, type VaultOptions } from './settings.ts';
import { type SnapshotOptions, snapshotOptions } from './snapshot-choice.ts';
import { walkedPath } from './walked-path.ts';

interface Options extends VaultOptions, SnapshotOptions, RolloutOptions {
  readonly dryRun?: true;
  readonly all?: true;
  readonly yes?: true;
  readonly allOrNothing?: true;
  readonly readAll?: true;
  readonly reason?: string;
  readonly breakGlass?: string;
  readonly minFree?: string;
}

const EXAMPLE = `
A PLACE is backed up into the vault first, and that snapshot is what is put.
What a TARGET has too much is deleted and what differs is replaced only after a
plan was judged; both can be put back for two weeks: holdfast undo. Where it
deletes or overwrites, it asks for the name of the target on a terminal, and
needs --yes elsewhere; --yes covers only a plan that no rule objects to. The
first sync of a source to a target deletes nothing.

A TARGET on another machine needs holdfast on the path there; that machine
judges by its own rules, and the undo lies there.

Several targets are done as a rollout: one first, then five at a time, hooks
around each and a check of health between (guard.rollout in holdfast.yaml).

Ends with 2 where something waits for a person, 3 where it may never be, 4
where the target changed meanwhile, 6 where something could not be set or read.

Examples:
  holdfast sync /srv/release /srv/mirror --dry-run
  holdfast sync latest --data-set www web1:/srv/www web2:/srv/www --yes`;

export function define(command: Command, act: Act): void {
  command
    .summary('make directories equal to a snapshot or a place, through a plan')
    .description('Makes directories equal to a snapshot or a place: through a plan, with undo.')
    .argument('[source]', 'a directory; or a snapshot: latest, or the first digits of its id')
    .argument('[target...]', 'directories, here or as host:/path')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .option('--all', 'of --dry-run: every operation, not only the most alarming')
    .option('--yes', 'do what no rule objects to, deletes and overwrites too')
    .option('--all-or-nothing', 'do nothing where only a part may be done')
    .option('--read-all', 'compare the content of every file, whatever its size and time')
    .option('--reason <text>', 'stands in the plan and in the history')
    .option('--break-glass <reason>', 'root on the spot: pass over every rule; recorded, undo kept')
    .option('--min-free <size>', 'leave so much free where the vault lies: 20GiB, 10%')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [source, targets, options]: [string | undefined, string[], Options]) =>
        perform(cli, { source, targets, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(rolloutOptions(command))));
}

interface Asked {
  readonly source: string | undefined;
  readonly targets: readonly string[];
  readonly options: Options;
}

async function perform(cli: Cli, { source: given, targets, options }: Asked): Promise<Answer> {
  const said = wordToRollout(await readSettings(cli, options), options);
  if (said !== undefined) return said;
  demandTargets(targets);
  if (options.all === true && options.dryRun !== true) {
    throw new Fault('HF_USAGE', '--all goes with --dry-run', { command: 'sync' });
  }
  demandRoot(options.breakGlass, 'sync');
  if (given === undefined) throw new Fault('HF_USAGE', 'name a SOURCE', { command: 'sync' });
  const places = targets.map((each) =>
    parseTreePlace(bytesOfArgument(each), (path) => walkedPath(cli.cwd, path)),
  );
  if (options.breakGlass !== undefined) demandSpot(places, given);
  const opened = await openVaultOf(cli, options);
  const guard = await openGuard(cli, opened.settings);
  const asked = {
    dryRun: options.dryRun === true,
    yes: options.yes === true,
    allOrNothing: options.allOrNothing === true,
  };
  const source = await syncSource(cli, {
    ...{ opened, given, unsigned: options.unsigned ?? false, actor: guard.actor },
    choice: options,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.minFree === undefined ? {} : { minFree: options.minFree }),
    options: { ...asked, readAll: options.readAll ?? false },
  });
  const prepare = (place: TreePlace, how: PrepareHow): Promise<PreparedSync> =>
    prepared(cli, { guard, source, place, ...how, breakGlass: options.breakGlass });
  const all = options.all === true;
  const how = { yes: asked.yes, mayAsk: true, keepsOps: all };
  const show = async (place: TreePlace): Promise<SyncResult> =>
    actOn(cli, await prepare(place, how), { ...asked, all });
  try {
    if (places.length > 1 && !asked.dryRun) {
      return await syncMany(cli, { settings: opened.settings, options, places, prepare, asked });
    }
    if (places.length > 1)
      return await showMany(cli, { places, show, snapshot: source.snapshot.record.id });
    const [place] = places;
    assert(place !== undefined, 'one was demanded');
    return answerOf(cli, source, await show(place));
  } finally {
    await source.close();
  }
}

function answerOf(cli: Cli, source: SyncSource, result: SyncResult): Answer {
  const now = cli.clock.now();
  return {
    code: result.code,
    say: (style) => syncWords(result, now, style),
    json: { snapshot: source.snapshot.record.id, targets: [syncJson(result)] },
  };
}

/** @throws Fault as a plan is made, here or there */
async function prepared(
  cli: Cli,
  of: PrepareHow & {
    readonly guard: GuardSession;
    readonly source: SyncSource;
    readonly place: TreePlace;
    readonly breakGlass: string | undefined;
  },
): Promise<PreparedSync> {
  const { guard, source, place, yes, mayAsk, keepsOps = false, breakGlass } = of;
  if (place.at === undefined) {
    return prepareLocal(guard, {
      ...{ offer: source.offer, target: place.path, engine: syncEngine(cli.stop), breakGlass },
    });
  }
  return prepareFar(cli, {
    guard,
    source,
    yes,
    mayAsk,
    keepsOps,
    place: { at: place.at, path: place.path },
  });
}
