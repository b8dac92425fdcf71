/** A judged plan as people read it: one sentence, every reason with what to do, what would go. */
import { type Digest, hexOf } from '../../base/bytes.ts';
import type { Decision, Objection, PlanHeader, RuleName, Verdict } from '../../base/plan.ts';
import { paint, type Style } from '../../base/say.ts';
import { type StateMark, stateMark, stateShape } from '../../base/say-mark.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { formatDuration, formatInstant } from '../../base/say-time.ts';
import { padTo, unbreakable, widthOf, wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import { isInForce } from './release.ts';
import type { PlanPicture } from './plan-picture.ts';
import { layoutDirectories, layoutOps } from './say-ops.ts';

export interface SaidPlan {
  readonly header: Pick<PlanHeader, 'id' | 'target' | 'expires' | 'doneBy'>;
  readonly verdict: Verdict;
  /** Of the whole plan; undefined where it is not kept: then nothing can be approved. */
  readonly digest: Digest | undefined;
  /** The other machine where it is kept and applied, as people write it. */
  readonly host?: string;
  /** To which every operation was added. */
  readonly picture: PlanPicture;
  readonly now: UnixMs;
  /** Nothing was decided yet: what goes is shown even where it may. */
  readonly isAsked?: boolean;
}

const DIGEST_DIGITS = 8;

interface Heading {
  readonly mark: StateMark;
  readonly word: string;
  readonly sentence: string;
}

const HEADINGS: Readonly<Record<Decision, Heading>> = {
  allow: { mark: 'ok', word: 'ALLOWED', sentence: '' },
  'additive-only': {
    mark: 'degraded',
    word: 'ADDS ONLY',
    sentence: 'What is new is created; nothing is deleted or overwritten.',
  },
  hold: { mark: 'held', word: 'HELD', sentence: 'Nothing was deleted or overwritten.' },
  deny: { mark: 'failed', word: 'DENIED', sentence: 'Nothing was or will be deleted.' },
};

/** First eight digits, as people compare and type them. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, DIGEST_DIGITS);
}

/** Lines, the sentence first. */
export function* sayVerdict(said: SaidPlan, style: Style): Generator<string> {
  yield* sentences(said, style);
  const { objections, passed } = said.verdict;
  if (objections.length > 0) {
    yield '';
    yield* layoutObjections(objections.toSorted(byFirmness), style);
    yield* passedLines(passed, style);
  }
  yield* contentLines(said, style);
  yield* commandLines(said, style);
}

function* sentences({ header, verdict, picture, host }: SaidPlan, style: Style): Generator<string> {
  const { mark, word, sentence } = HEADINGS[verdict.decision];
  const isAllowed = verdict.decision === 'allow';
  const would = wouldWords(
    { header, picture, ...(host !== undefined && { host }) },
    isAllowed ? 'will' : 'would',
  );
  const shape = stateShape(style, mark);
  const lead = `${word}  ${header.id}   `;
  const hang = ' '.repeat(widthOf(shape) + 1);
  const first = `${lead}${isAllowed ? would : sentence}`;
  const [head = '', ...rest] = wrap(first, style.width - hang.length);
  const painted = head.replace(word, () => paint(style, 'strong', word));
  yield `${stateMark(style, mark)} ${painted}`;
  for (const line of rest) yield hang + line;
  if (!isAllowed) yield* wrap(`It would ${would}.`, style.width);
}

/** `delete 12 of 18 932 entries, overwrite 9, add 41 below /srv/mirror`; `will`: `deletes 12 ...`. */
export function wouldWords(
  { header, picture, host }: Pick<SaidPlan, 'header' | 'host' | 'picture'>,
  tense: 'would' | 'will' = 'would',
): string {
  const { create, update, rename, replace, delete: gone, forget } = picture.summary;
  const { entries, place } = header.target;
  const of = entries > 0 ? ` of ${countOf(entries, 'entry', 'entries')}` : '';
  const counts: readonly (readonly [string, number, string])[] = [
    ['delete', gone.entries + forget.entries + replace.entries, of],
    ['overwrite', update.ops - picture.attributesOnly, ''],
    ['rename', rename.ops, ''],
    ['add', create.entries, ''],
    ['touch', picture.attributesOnly, ' (owner, mode or times only)'],
  ];
  const ending =
    tense === 'will' ? (verb: string) => `${verb}${verb.endsWith('ch') ? 'es' : 's'}` : String;
  const parts = counts
    .filter(([, count]) => count > 0)
    .map(([verb, count, more]) => `${ending(verb)} ${formatCount(count)}${more}`);
  const where = ` below ${sayText(host === undefined ? place : `${host}:${place}`)}`;
  return `${parts.length === 0 ? `${ending('change')} nothing` : parts.join(', ')}${where}`;
}

/** Each rule with what it has against it, and what to do about that. */
export function layoutObjections(
  objections: readonly Objection[],
  style: Style,
): readonly string[] {
  const labels = objections.map(({ rule }) => ruleLabel(rule, style));
  const width = Math.max(...labels.map(widthOf));
  const indent = ' '.repeat(2 + width + 2);
  return objections.flatMap((objection, at) => {
    const room = style.width - indent.length;
    const { why, fix, releasedBy } = objection;
    const said = `${sayText(why, style)}${/[.!?]$/.test(why) ? '' : '.'}${standing(objection, style)}`;
    const todo = releasedBy === undefined ? `Fix: ${sayText(fix, style)}` : '';
    const texts = [...wrap(together(said), room), ...hanging(together(todo), room)];
    const label = padTo(labels[at] ?? '', width);
    return texts.map((text, line) => (line === 0 ? `  ${label}  ${text}` : indent + text));
  });
}

/** A command and a share stay on one line where that is long enough for them. */
function together(text: string): string {
  return text.replaceAll(/\bholdfast( \S+){1,2}|\d+ %/g, unbreakable);
}

/** What further lines of a fix stand under. */
function hanging(text: string, room: number): readonly string[] {
  const lines = text === '' ? [] : wrap(text, room - 5);
  return lines.map((line, at) => (at === 0 ? line : `     ${line}`));
}

function standing({ mode, releasedBy }: Objection, style: Style): string {
  if (releasedBy !== undefined) return ` Passed over by ${sayText(releasedBy, style)}.`;
  return mode === 'observe' ? ' It only observes, and holds nothing.' : '';
}

/** `own:no-git` is called as its team calls it. */
export function ruleLabel(rule: RuleName, style: Style): string {
  return sayText(rule.startsWith('own:') ? rule.slice(4) : rule, style);
}

function* passedLines(passed: readonly RuleName[], style: Style): Generator<string> {
  if (passed.length === 0) return;
  const words = passed.map((rule) => `${stateShape(style, 'ok')}\u00a0${ruleLabel(rule, style)}`);
  for (const line of wrap(words.join('  '), style.width - 2)) yield `  ${line}`;
}

function* contentLines(said: SaidPlan, style: Style): Generator<string> {
  const { verdict, picture, now, isAsked = false } = said;
  const alarms = picture.alarms();
  if ((verdict.decision === 'allow' && !isAsked) || alarms.length === 0) return;
  yield '';
  const { summary, attributesOnly } = picture;
  const lossy = [summary.delete, summary.replace, summary.forget, summary.update];
  const isAll = lossy.reduce((sum, { ops }) => sum + ops, -attributesOnly) === alarms.length;
  yield `  What would go or be overwritten${isAll ? '' : ', most alarming first'}`;
  yield* layoutOps(alarms, now, style);
  if (isAll) return;
  yield '';
  yield* layoutDirectories(picture.directories(), style);
}

function* commandLines(said: SaidPlan, style: Style): Generator<string> {
  const { header, verdict, digest, host } = said;
  if (verdict.decision === 'allow') return;
  const commands: (readonly [string, string])[] = [];
  if (digest !== undefined) {
    const there = host === undefined ? '' : `on ${host}: `;
    commands.push(['Look at all of it', `${there}holdfast plan ${header.id} --all`]);
    if (canBeApproved(verdict)) {
      const id = host === undefined ? header.id : `${host}:${header.id}`;
      commands.push(['Let it pass', `holdfast approve ${id} ${shortDigest(digest)}`]);
    }
  }
  const [worst] = verdict.objections.filter(isInForce).toSorted(byFirmness);
  if (worst !== undefined && !worst.rule.startsWith('own:')) {
    commands.push(['Why it is so', `holdfast explain ${worst.rule}`]);
  }
  yield '';
  const need = needWords(said);
  if (need !== '') yield* wrap(need, style.width);
  const width = Math.max(...commands.map(([what]) => what.length), 0);
  for (const [what, command] of commands) {
    yield `  ${padTo(what, width)}   ${paint(style, 'ask', command)}`;
  }
}

/** What no approval releases first, what holds nothing last. */
function byFirmness(a: Objection, b: Objection): number {
  const rank = (each: Objection): number => (isInForce(each) ? (isFirm(each) ? 0 : 1) : 2);
  return rank(a) - rank(b);
}

/** Whether signatures would change anything: something asks, and nothing that they cannot release is harsher. */
export function canBeApproved({ needs, objections }: Verdict): boolean {
  const fixed = objections.filter((each) => isInForce(each) && isFirm(each));
  return needs.approvals > 0 && fixed.length === 0;
}

/** No approval releases it. */
function isFirm({ isInvariant, effect }: Objection): boolean {
  return isInvariant || effect !== 'hold';
}

function needWords({ verdict, header, digest, now }: SaidPlan): string {
  const { objections, needs } = verdict;
  const firm = objections.filter((each) => isInForce(each) && isFirm(each));
  if (firm.length > 0) {
    const names = [...new Set(firm.map(({ rule }) => rule.replace(/^own:/, '')))];
    const must = names.length === 1 ? 'must hold' : 'must all hold';
    return `No approval can release this: ${sayText(names.join(', '))} ${must}.`;
  }
  if (needs.approvals === 0) return '';
  const isOne = needs.approvals === 1;
  const cool =
    needs.coolOffMs === undefined ? '' : `, or one and ${formatDuration(needs.coolOffMs)} go by`;
  const named = needs.namesTarget ? ', typing the name of the target' : '';
  const persons = countOf(needs.approvals, 'person', 'persons');
  const until =
    digest === undefined
      ? 'It would pass'
      : `Until ${formatInstant(header.expires, now)} it passes`;
  return `${until} when ${persons} ${isOne ? 'approves' : 'approve'} it${named}${cool}.`;
}
