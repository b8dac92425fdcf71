/** `recovery-plan`: what comes back in which order, by which command, from what is kept here. */
import os from 'node:os';
import type { Style } from '../../base/say.ts';
import { exposureOf } from '../../watch/core/exposure.ts';
import { renderPlanPage } from '../../watch/core/exposure/page-recovery-plan.ts';
import {
  renderRecoveryOverview,
  worstPlansFirst,
} from '../../watch/core/exposure/recovery-overview.ts';
import { type RecoveryPlan, recoveryPlanOf } from '../../watch/core/exposure/recovery-plan.ts';
import { renderRecoveryPlan } from '../../watch/core/exposure/render-recovery-plan.ts';
import { formatAge } from '../../base/say-time.ts';
import { inCharset, paint, PLAIN } from '../../base/say.ts';
import { wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import { type Lost, lostBy, type LoseNames, loseNames } from '../../watch/core/look/lose.ts';
import { renderExposure } from '../../watch/core/render-exposure.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { bytesOfArgument, bytesOfText } from '../cli/places.ts';
import type { Settings, VaultOptions } from '../cli/settings.ts';
import { damagedJson, damagedWords } from './look-store.ts';
import { planJson } from './plan-json.ts';
import { type SavedEstate, savedEstate } from './saved-estate.ts';
import { savePlanCopy } from './save-plan-copy.ts';

interface Asked extends VaultOptions {
  readonly lost: readonly string[];
  readonly save: string | undefined;
  readonly exitCode: boolean;
}

/** @throws Fault HF_LOOK_ANSWER, HF_LOSE_UNKNOWN, HF_PLAN_COPY */
export async function answerRecoveryPlan(
  cli: Cli,
  settings: Settings,
  asked: Asked,
): Promise<Answer> {
  const now = cli.clock.now();
  const saved = await savedEstate(cli, settings, asked);
  const names = loseNames(saved.machines, saved.estate, saved.declared);
  const isNamed = asked.lost.length > 0;
  const losses = isNamed
    ? [[...new Set(asked.lost)].map((text) => lostNamed(text, names))]
    : each(names);
  const passphraseFile = settings.passphraseFile?.value;
  const plans = losses.map((lost) => recoveryPlanOf({ ...saved, passphraseFile, now }, lost));
  const sorted = worstPlansFirst(plans);
  const written =
    asked.save === undefined
      ? undefined
      : savePlanCopy(cli, asked.save, copyOf(saved, { plans: sorted, now }));
  const isFound = plans.some((plan) => plan.forGood.length + plan.unknown.length > 0);
  return {
    code: asked.exitCode && isFound ? EXIT.differs : EXIT.done,
    say: (style) => [
      ...damagedWords(saved.damaged, style),
      ...(isNamed
        ? plans.flatMap((plan) => renderRecoveryPlan(plan, style, now))
        : renderRecoveryOverview(plans, style)),
      '',
      ...basisOf(saved, style, now),
      ...(written === undefined ? [] : written.say(style)),
    ],
    json: {
      computedAt: timeJson(now),
      lookedAt: timeJson(saved.look.at),
      isOfThisMachine: saved.isOfThis,
      plans: sorted.map(planJson),
      saved: written?.json ?? null,
      damaged: damagedJson(saved.damaged),
    },
  };
}

/** `hv3` is the host of that name; all else is as `exposure --lose` takes it. */
function lostNamed(text: string, names: LoseNames): Lost {
  return lostBy(bytesOfArgument(names.hosts.includes(text) ? `host:${text}` : text), names);
}

/** Every host, and every domain that people declared, by itself. */
function each(names: LoseNames): readonly (readonly Lost[])[] {
  const hosts = names.hosts.map((host) => `host:${host}`);
  const groups = names.domains.map(({ kind, name }) => `${kind}:${name}`);
  return [...hosts, ...groups].map((text) => [lostBy(bytesOfText(text), names)]);
}

/** Other machines may hold what this one does not show. */
export const ONLY_THIS =
  'a look at this machine alone, now (no look was kept: `holdfast look HOST` asks others)';

function basisOf(saved: SavedEstate, style: Style, now: UnixMs): readonly string[] {
  const from = saved.isOfThis ? ONLY_THIS : `the look ${formatAge(now - saved.look.at)}`;
  const text = `From ${from}, and what was opened and drilled here.`;
  return wrap(inCharset(style, text), style.width).map((line) => paint(style, 'aside', line));
}

interface PlanCopy {
  readonly text: string;
  readonly page: string;
  readonly exposure: string;
  readonly json: string;
}

/** What is written: nothing of it is a secret, and nothing of it needs Holdfast. */
function copyOf(
  saved: SavedEstate,
  { plans, now }: { readonly plans: readonly RecoveryPlan[]; readonly now: UnixMs },
): PlanCopy {
  const exposure = renderExposure(exposureOf(saved.estate, now), PLAIN);
  const rule = '='.repeat(PLAIN.width);
  const parts = plans.flatMap((plan) => [rule, ...renderRecoveryPlan(plan, PLAIN, now), '']);
  const madeOn = os.hostname();
  const head = `Recovery plan, made ${timeJson(now)} on ${madeOn}, from the look of ${timeJson(saved.look.at)}.`;
  const note =
    'What is lost grows with the time since; the order, the places and the commands stand.';
  const overview = plans.length > 1 ? [...renderRecoveryOverview(plans, PLAIN), ''] : [];
  return {
    text: `${[head, note, '', ...overview, ...parts].join('\n')}\n`,
    page: renderPlanPage({ plans, madeAt: now, lookedAt: saved.look.at, madeOn, exposure }),
    exposure: `${head}\n\n${exposure}`,
    json: `${JSON.stringify({ computedAt: timeJson(now), lookedAt: timeJson(saved.look.at), plans: plans.map(planJson) }, undefined, 1)}\n`,
  };
}
