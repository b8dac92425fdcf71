/** `holdfast promote`: makes a place the one that others are synced from. */
import { type Command, Option } from 'commander';
import { parseTreePlace, type TreePlace } from '../../adapters/trees/tree-place.ts';
import { readTreeSight } from '../../adapters/trees/tree-sight.ts';
import { Fault } from '../../base/fault.ts';
import { differenceWords } from '../../guard/core/rules/eligible-source.ts';
import { isGeneration, isRole, isTreeIdentity } from '../../guard/core/tree-marker.ts';
import { parseRecord } from '../../guard/core/tree-json.ts';
import { mustExistOf, type TreesHere } from '../guard/eligibility.ts';
import { giveRole, type RoleGiven } from '../guard/give-role.ts';
import { carryOut, planPromotion, type Promotion } from '../guard/promote-tree.ts';
import {
  differenceCount,
  promotedWords,
  promotionJson,
  promotionWords,
} from '../guard/promote-words.ts';
import { actorHere } from '../guard/actor-here.ts';
import { askLine } from './ask.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { absolutePath, bytesOfArgument } from './places.ts';
import { readSettings } from './settings.ts';

interface Options {
  readonly config?: string;
  readonly insteadOf?: string;
  readonly reason?: string;
  readonly mustExist?: readonly string[];
  readonly yes?: true;
  readonly given?: string;
}

const EXAMPLE = `
The first time it enrols the tree: a marker (.holdfast-tree) at its top, and an
entry in the state directory with machine and installation. From then on a
re-image, a clone or an unmounted disk under the same name is no source. Later
it compares with the present source, needs a reason, and makes that one a
candidate. Ends with 2 where somebody has to say yes first.

Examples:
  holdfast promote /srv/staging --must-exist wikiversions.php
  holdfast promote tin:/srv/staging --instead-of /srv/staging \\
    --reason "re-imaged, restored, verified"`;

export function define(command: Command, act: Act): void {
  command
    .summary('make a place the one that others are synced from')
    .description('Makes a directory, here or on a host over ssh, the source of its tree.')
    .argument('<place>', '/path, or host:/path')
    .option('--reason <text>', 'why it takes over; needed but for the first time')
    .option('--instead-of <place>', 'the present source, where that is not known here')
    .option('--must-exist <path...>', 'below it; without them it is no source, now and later')
    .option('--yes', 'without a question, whatever the comparison shows')
    .option('--config <file>', 'another configuration file')
    .addOption(new Option('--given <json>', 'of another Holdfast').hideHelp())
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [place, options]: [string, Options]) => promote(cli, place, options)));
}

async function promote(cli: Cli, given: string, options: Options): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const trees: TreesHere = {
    state: settings.state.value,
    environment: cli.env,
    mayAsk: cli.terminal.canAsk,
  };
  const place = placeOf(cli, given);
  if (options.given !== undefined) return takeRole(cli, trees, { place, text: options.given });
  const promotion = await planPromotion(trees, {
    place,
    insteadOf: options.insteadOf === undefined ? undefined : placeOf(cli, options.insteadOf),
    reason: options.reason ?? '',
    by: actorHere(),
    mustExist: [...(options.mustExist ?? []), ...mustExistOf(settings.config.guard?.trees, place)],
    at: cli.clock.now(),
  });
  if (promotion.kind === 'promote') demandReason(promotion);
  const isAgreed = promotion.kind !== 'promote' || (await isSaid(cli, promotion, options));
  const isChange = promotion.kind !== 'already';
  const told = isAgreed && isChange ? await carryOut(trees, promotion) : [];
  return {
    code: isAgreed ? EXIT.done : EXIT.held,
    say: function* (style) {
      if (!cli.terminal.canAsk || options.yes === true) yield* promotionWords(promotion, style);
      if (isAgreed) yield* promotedWords(promotion, told, style);
      else yield 'Nothing was changed. With --yes it takes over as it is.';
    },
    json: promotionJson(promotion, told),
  };
}

function placeOf(cli: Cli, given: string): TreePlace {
  return parseTreePlace(bytesOfArgument(given), (path) => absolutePath(cli.cwd, path));
}

function demandReason({ asked, tree, former }: Promotion): void {
  if (asked.reason.trim() !== '') return;
  const from = former === undefined ? '' : ' from another place';
  const differs = tree.differs.map((each) => `; ${differenceWords(each, tree.role)}`).join('');
  const message = `${tree.place} would take over${from}, without a reason${differs}`;
  const instead = 'Say why: --reason "re-imaged, restored, verified".';
  throw new Fault('HF_TREE_NOT_PROMOTED', message, { instead });
}

/** Where nothing differs there is nothing to ask. */
async function isSaid(cli: Cli, promotion: Promotion, options: Options): Promise<boolean> {
  if (options.yes === true) return true;
  const compared = promotion.former?.compared;
  if (compared !== undefined && differenceCount(compared) === 0) return true;
  if (!cli.terminal.canAsk) return false;
  for (const line of promotionWords(promotion, cli.terminal.errorStyle)) {
    cli.terminal.err(`${line}\n`);
  }
  const { place } = promotion.tree;
  const said = await askLine(cli, `Type ${place} to make it the source: `);
  return said.trim() === place;
}

/** Another Holdfast, over ssh as this account, says which role a tree of this host has. */
async function takeRole(
  cli: Cli,
  trees: TreesHere,
  { place, text }: { readonly place: TreePlace; readonly text: string },
): Promise<Answer> {
  const role = roleGiven(text, cli);
  if (role === undefined || place.at !== undefined) {
    throw new Fault('HF_USAGE', 'no role that can be given', { command: 'promote' });
  }
  const seen = await readTreeSight({ ...trees, place, mustExist: role.mustExist });
  const missing = seen.sentinels.filter(({ ok }) => !ok);
  if (seen.state !== 'directory' || (role.role === 'source' && missing.length > 0)) {
    throw new Fault('HF_TREE_NOT_PROMOTED', 'it is not there, or lacks what must exist', {
      instead: 'Look at it there.',
    });
  }
  const record = giveRole(trees.state, seen, role);
  return { code: EXIT.done, say: () => [], json: { role: record.role, identity: role.identity } };
}

function roleGiven(text: string, cli: Cli): RoleGiven | undefined {
  const given = parseRecord(text);
  if (given === undefined) return undefined;
  const { identity, role, generation, mustExist, event } = given;
  const { by, reason } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof identity !== 'string' || !isTreeIdentity(identity)) return undefined;
  if (!isRole(role) || !isGeneration(generation) || !Array.isArray(mustExist)) return undefined;
  if (!mustExist.every((each) => typeof each === 'string')) return undefined;
  if (typeof by !== 'string' || typeof reason !== 'string') return undefined;
  return { identity, role, generation, mustExist, at: cli.clock.now(), event: { by, reason } };
}
