/** What is said of a plan in a line: how it stands, what it would do, who objects. */
import { smallest } from '../base/long-list.ts';
import { formatCount } from '../base/say-quantity.ts';
import { quoteWord } from '../base/shell-word.ts';
import type { UnixMs } from '../base/units.ts';
import { isToldWaiting, type ToldObjection } from '../watch/core/plans-report.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { glyph } from './glyphs.ts';
import type { PlanShown, PlansShown } from './shown.ts';
import { urlPart } from './words.ts';

/** Those that somebody has yet to do something about: as they stand, and as they were known last. */
export function waitingPlans({ plans }: PlansShown): readonly PlanShown[] {
  return plans.filter((plan) => isToldWaiting(plan) && plan.state !== 'allowed');
}

const STATES: Readonly<
  Record<PlanShown['state'], { readonly mark: StandingMark | 'held'; readonly words: string }>
> = {
  held: { mark: 'held', words: 'Held for approval' },
  'adds-only': { mark: 'held', words: 'Held: it only adds' },
  denied: { mark: 'failed', words: 'Denied' },
  stopped: { mark: 'degraded', words: 'Stopped on the way' },
  'under-way': { mark: 'degraded', words: 'Under way' },
  allowed: { mark: 'ok', words: 'Allowed, not applied' },
  applied: { mark: 'ok', words: 'Applied' },
  undone: { mark: 'ok', words: 'Applied, and put back' },
  released: { mark: 'ok', words: 'Applied; what was kept is released' },
  expired: { mark: 'unknown', words: 'Expired' },
  superseded: { mark: 'unknown', words: 'Superseded by a newer plan' },
};

/** Shape and word; of one that may not be so any more, the unknown shape. */
export function planStateHtml(plan: PlanShown, at: UnixMs): Html {
  const { mark, words } = STATES[plan.state];
  if (plan.lastKnown !== '' && isToldWaiting(plan)) {
    return html`<span class="st unknown">${glyph('unknown')}Last known: ${words.toLowerCase()}</span>`;
  }
  if (plan.state === 'held' && isReleased(plan, at)) {
    return html`<span class="st ok">${glyph('ok')}Approved, not applied yet</span>`;
  }
  if (mark !== 'held') return html`<span class="st ${mark}">${glyph(mark)}${words}</span>`;
  return html`<span class="st degraded">${glyph('hold')}${words}</span>`;
}

/**
 * Whether what was signed is enough: by its persons, or by the time since the first of them signed. What no approval
 * releases, none has released. Its host decides.
 */
export function isReleased({ approvals, canBeApproved, verdict }: PlanShown, at: UnixMs): boolean {
  const { approvals: wanted = 0, coolOffMs } = verdict?.needs ?? {};
  if (!canBeApproved || wanted === 0 || approvals.length === 0) return false;
  const first = smallest(approvals.map((each) => each.at));
  const hasCooled = coolOffMs !== undefined && at - first >= coolOffMs;
  return hasCooled || new Set(approvals.map(({ person }) => person)).size >= wanted;
}

/**
 * When time alone makes another of what is said of them: one expires, or has cooled off. The page asks then,
 * for nothing else tells it.
 */
export function turnsHtml(plans: readonly PlanShown[], at: UnixMs): Html {
  const turns = plans.filter(isToldWaiting).flatMap((plan) => {
    const { coolOffMs } = plan.verdict?.needs ?? {};
    const cooled = coolOffMs === undefined ? [] : plan.approvals.map((each) => each.at + coolOffMs);
    return [plan.expires, ...cooled].filter((turn) => turn > at);
  });
  if (turns.length === 0) return NOTHING;
  return html` data-turns="${String(smallest(turns) - at)}"`;
}

export function objectionsInForce({
  verdict,
}: Pick<PlanShown, 'verdict'>): readonly ToldObjection[] {
  return (
    verdict?.objections.filter(
      ({ mode, releasedBy }) => mode === 'enforce' && releasedBy === undefined,
    ) ?? []
  );
}

export function ruleName(rule: string): string {
  return rule.replace(/^own:/, '');
}

/** `delete 1 204 of 18 932 entries, overwrite 15, add 306`; the first count in the tone of harm. */
export function wouldHtml(plan: PlanShown): Html {
  const { summary, entries, picture } = plan;
  const { create, update, rename, replace, delete: gone, forget } = summary;
  const lost = gone.entries + forget.entries + replace.entries;
  const changed = Math.max(0, update.ops - (picture?.attributesOnly ?? 0));
  const parts: Html[] = [];
  if (lost > 0) {
    const of = entries > 0 ? ` of ${formatCount(entries)} entries` : '';
    parts.push(html`delete <span class="bad nw">${formatCount(lost)}${of}</span>`);
  }
  if (changed > 0) parts.push(html`overwrite <b>${formatCount(changed)}</b>`);
  if (rename.ops > 0) parts.push(html`rename ${formatCount(rename.ops)}`);
  if (create.entries > 0) parts.push(html`add ${formatCount(create.entries)}`);
  const touched = picture?.attributesOnly ?? 0;
  if (touched > 0 && parts.length === 0) parts.push(html`touch ${formatCount(touched)}`);
  if (parts.length === 0) return html`change nothing`;
  return html`${parts.map((part, at) => (at === 0 ? part : html`, ${part}`))}`;
}

/** `7 are in use, and 38 could not be put back.` */
export function harmHtml({ picture }: PlanShown): Html {
  if (picture === undefined) return NOTHING;
  const { inUse, noUndo } = picture;
  const use = html`<b>${formatCount(inUse)}</b> ${inUse === 1 ? 'is' : 'are'} in use`;
  const gone = html`<b>${formatCount(noUndo)} could not be put back</b>`;
  if (inUse > 0 && noUndo > 0) return html` ${use}, and ${gone}.`;
  if (inUse > 0) return html` ${use}.`;
  return noUndo > 0 ? html` ${gone}.` : NOTHING;
}

export function kindOfPlan({ undoOf, doneBy, from }: PlanShown): string {
  if (undoOf !== undefined) return 'undo';
  if (doneBy === 'command') return 'command';
  return from === undefined ? 'plan' : 'sync';
}

export function planHref({ host, id }: Pick<PlanShown, 'host' | 'id'>): Html {
  return html`/plan?host=${urlPart(host)}&amp;id=${urlPart(id)}`;
}

/** Who signs does so where the key is; the host it is for verifies it. */
export function approveLine(plan: PlanShown): string {
  return `holdfast approve ${quoteWord(`${userOf(plan)}@${plan.host}:${plan.id}`)} ${shortDigest(plan)}`;
}

export function onHostLine(plan: PlanShown, line: string): string {
  return `ssh ${quoteWord(`${userOf(plan)}@${plan.host}`)} ${line}`;
}

export function shortDigest({ digest }: Pick<PlanShown, 'digest'>): string {
  return digest.slice(0, 8);
}

/** One that has no name here, or whose name ssh takes for an option, is to be filled in by who types it. */
function userOf({ user }: PlanShown): string {
  return /^[A-Za-z0-9._][A-Za-z0-9._-]*$/.test(user) ? user : 'USER';
}

export function chipsHtml(plan: PlanShown): Html {
  const rules = [...new Set(objectionsInForce(plan).map(({ rule }) => ruleName(rule)))];
  if (rules.length === 0) return NOTHING;
  return html`<span class="chips">${rules.slice(0, 6).map((rule) => html`<span class="chip">${rule}</span> `)}</span>`;
}
