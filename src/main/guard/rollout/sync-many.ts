/** Several targets of one sync: asked about once, then done as a rollout. */
import { sayTreePlace, type TreePlace } from '../../../adapters/trees/tree-place.ts';
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import type { Answer, Cli } from '../../cli/cli.ts';
import { EXIT } from '../../cli/exit-code.ts';
import type { Settings } from '../../cli/settings.ts';
import type { PreparedSync } from '../sync/prepared-sync.ts';
import {
  actOn,
  isWanted,
  type NotDone,
  type SyncAsked,
  type SyncResult,
  takesAway,
  worstCode,
} from '../sync/sync-act.ts';
import { summaryWords, syncJson, syncWords } from '../sync/sync-words.ts';
import type { Verdict } from '../../../base/plan.ts';
import { isGlassBroken } from '../../../guard/core/release.ts';
import { asTargetEnd } from './rollout-run.ts';
import { type RolloutOptions, rolloutSync } from './rollout-sync.ts';
import type { RolloutTarget, TargetEnd } from './rollout-target.ts';

export interface PrepareHow {
  /** Nobody will look at the operations of a plan that is allowed. */
  readonly yes: boolean;
  /** Ssh may ask on the terminal; a Ctrl-C there ends it as well. */
  readonly mayAsk: boolean;
  /** Of a dry run: every operation will be shown. */
  readonly keepsOps?: boolean;
}

export interface SyncMany {
  readonly settings: Settings;
  readonly options: RolloutOptions;
  readonly places: readonly TreePlace[];
  readonly prepare: (place: TreePlace, how: PrepareHow) => Promise<PreparedSync>;
  readonly asked: SyncAsked;
}

/** @throws Fault HF_USAGE, and of a plan that is made before the first target is begun */
export async function syncMany(cli: Cli, many: SyncMany): Promise<Answer> {
  demandDistinct(many.places);
  const refused = many.asked.allOrNothing ? await refusedHalf(cli, many) : undefined;
  if (refused !== undefined) return refused;
  const yes = many.asked.yes || (await isWantedOnce(cli, many));
  const targets = many.places.map((place) =>
    targetOf(cli, place, { ...many, asked: { ...many.asked, yes } }),
  );
  return rolloutSync(cli, { settings: many.settings, options: many.options, targets });
}

function demandDistinct(places: readonly TreePlace[]): void {
  const names = places.map(sayTreePlace);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice === undefined) return;
  throw new Fault('HF_USAGE', `${twice} is named twice`, { command: 'sync' });
}

/** All are looked at before the first is begun. */
async function refusedHalf(cli: Cli, many: SyncMany): Promise<Answer | undefined> {
  const results: SyncResult[] = [];
  for (const place of many.places) {
    const sync = await many.prepare(place, { yes: many.asked.yes, mayAsk: true });
    results.push(await actOn(cli, sync, { ...many.asked, dryRun: true }));
  }
  if (results.every(({ sync }) => sync.verdict.decision === 'allow')) return undefined;
  const now = cli.clock.now();
  return {
    code: worstCode(results),
    say: (style) => [
      ...results.flatMap((each) => [...syncWords(each, now, style), '']),
      'Nothing was done on any target: --all-or-nothing was given.',
    ],
    json: { targets: results.map(syncJson) },
  };
}

/** On a terminal, for the first one: the guard judges each of the others by itself all the same. */
async function isWantedOnce(cli: Cli, many: SyncMany): Promise<boolean> {
  const [first] = many.places;
  if (first === undefined || !cli.terminal.canAsk || cli.wantsJson) return false;
  const sync = await many.prepare(first, { yes: false, mayAsk: true });
  const isAsked = sync.verdict.decision === 'allow' && takesAway(sync.header);
  const wanted = isAsked && (await isWanted(cli, sync));
  await sync.leave('shown');
  return wanted;
}

function targetOf(cli: Cli, place: TreePlace, many: SyncMany): RolloutTarget {
  return {
    name: sayTreePlace(place),
    host: place.at?.host ?? 'localhost',
    sync: (onBatch) =>
      // Until it is applied nothing is other than it was.
      asTargetEnd('held', async () => {
        const sync = await many.prepare(place, { yes: many.asked.yes, mayAsk: false });
        // Nobody is asked in the middle of many: what was not said before waits.
        const quiet = { ...cli, wantsJson: true };
        const act = async (): Promise<TargetEnd> =>
          endOf(await actOn(quiet, sync, { ...many.asked, onBatch }));
        return asTargetEnd('failed', act);
      }),
  };
}

const WHY: Readonly<Record<NotDone, string>> = {
  asked: 'it deletes or overwrites, and nobody said yes: --yes',
  denied: 'denied',
  equal: 'it was the same already',
  held: 'held',
  'refused-half': 'only a part of it may be done',
  shown: 'only shown',
};

function passedOver({ objections }: Verdict): string {
  const rules = objections.filter(({ releasedBy }) => releasedBy !== undefined);
  return sayText(rules.map(({ rule }) => rule).join(', '));
}

function endOf(result: SyncResult): TargetEnd {
  const { sync, done, notDone, code } = result;
  const json = syncJson(result);
  const { header, verdict } = sync;
  const first = verdict.objections[0];
  const because = first === undefined ? '' : `: ${first.rule}: ${sayText(first.why)}`;
  const there = sync.host === undefined ? '' : `on ${sync.host}: `;
  const look = `; ${there}holdfast plan ${header.id}`;
  if (notDone === 'equal') return { outcome: 'done', sentence: WHY.equal, json };
  if (notDone !== undefined || done === undefined) {
    const more = notDone === 'asked' ? '' : look;
    return { outcome: 'held', sentence: `${WHY[notDone ?? 'held']}${because}${more}`, json };
  }
  if (done.outcome !== 'applied') {
    const why = done.stop === undefined ? '' : `: ${done.stop.path} ${done.stop.why}`;
    return { outcome: 'failed', sentence: sayText(`${done.outcome}${why}`), json };
  }
  if (code === EXIT.held) {
    const sentence = `what is new is there, ${done.waiting} wait${because}${look}`;
    return { outcome: 'held', sentence, json };
  }
  const glass = isGlassBroken(verdict) ? `; passed over: ${passedOver(verdict)}` : '';
  return { outcome: 'done', sentence: `${summaryWords(header.summary)}${glass}`, json };
}
