/** What became of a sync, for people and for machines. */
import type { ByteString } from '../../../base/bytes.ts';
import type { Op, OpVerb, PlanSummary } from '../../../base/plan.ts';
import { isGlassBroken } from '../../../guard/core/release.ts';
import { parseOp } from '../../../guard/core/plan-lines.ts';
import { layoutAllOps } from '../../../guard/core/say-ops.ts';
import type { Style } from '../../../base/say.ts';
import { stateMark } from '../../../base/say-mark.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { formatInstant } from '../../../base/say-time.ts';
import { wrap } from '../../../base/say-width.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import { opJson, planJson } from '../plan-json.ts';
import type { SyncDone } from './prepared-sync.ts';
import { planWords, type SyncResult } from './sync-act.ts';

const LEFT_SHOWN_MAX = 5;
const FAILURES_SHOWN_MAX = 20;

export function* syncWords(result: SyncResult, now: UnixMs, style: Style): Generator<string> {
  const { sync, done, notDone } = result;
  const place = sayText(sync.place, style);
  if (notDone === 'equal') yield `${stateMark(style, 'ok')} ${place} is what was to be put there.`;
  else if (done !== undefined) yield* doneWords({ sync, done }, now, style);
  else yield* notDoneWords(result, now, style);
  yield* leftWords(sync, style);
}

function* doneWords(
  { sync, done }: { readonly sync: SyncResult['sync']; readonly done: SyncDone },
  now: UnixMs,
  style: Style,
): Generator<string> {
  const { header, verdict } = sync;
  if (verdict.decision !== 'allow' || isGlassBroken(verdict)) yield* planWords(sync, now, style);
  const { outcome, stop, unset } = done;
  if (outcome !== 'applied') {
    const why = stop === undefined ? '' : `${stop.path === '' ? '' : `${stop.path}: `}${stop.why}`;
    const word = outcome === 'stale' ? 'STALE' : 'STOPPED';
    const count = `${formatCount(done.done)} of ${countOf(header.ops.count, 'operation')} done`;
    const line = `${word}  ${header.id}   ${count}; ${sayText(why, style)}`;
    yield `${stateMark(style, 'failed')} ${line}`;
  } else {
    yield* appliedWords(sync, done, style);
  }
  const facts = [
    `${formatBytes(done.bytes)} put in`,
    ...(done.linkBytes === undefined ? [] : [`${formatBytes(done.linkBytes)} over the link`]),
    ...(done.asideEntries > 0
      ? [`${countOf(done.asideEntries, 'entry', 'entries')} set aside`]
      : []),
  ];
  if (done.done > 0) yield `  ${facts.join(', ')}`;
  if (unset.length > 0) {
    const [first] = unset;
    const example = first === undefined ? '' : `: ${first.what} of ${sayText(first.path, style)}`;
    yield* wrap(`  ${countOf(unset.length, 'attribute')} could not be set${example}`, style.width);
  }
  for (const { path, code, why } of (done.failures ?? []).slice(0, FAILURES_SHOWN_MAX)) {
    yield* wrap(
      `  Not restored: ${sayText(path, style)}: ${sayText(why, style)} (${code})`,
      style.width,
    );
  }
  const more = (done.failureCount ?? 0) - FAILURES_SHOWN_MAX;
  if (more > 0) yield `  and ${formatCount(more)} more that could not be restored`;
  if (done.done > 0) {
    const on = sync.host === undefined ? '' : `on ${sync.host}: `;
    const until = formatInstant(unixMs(done.until), now);
    yield `  Put it all back     ${on}holdfast undo ${header.id}     until ${until}`;
  }
}

function* appliedWords(
  { header, verdict }: SyncResult['sync'],
  done: SyncDone,
  style: Style,
): Generator<string> {
  if (verdict.decision === 'allow') {
    const what = summaryWords(header.summary);
    yield* wrap(`${stateMark(style, 'ok')} Done  ${header.id}   ${what}`, style.width);
    return;
  }
  const waits = `${countOf(done.waiting, 'operation')} ${done.waiting === 1 ? 'waits' : 'wait'}`;
  const isNew = countOf(done.done, 'entry', 'entries');
  yield '';
  if (done.done === 0) yield `Nothing was done; ${waits}.`;
  else yield `What is new is in place: ${isNew}; ${waits}.`;
}

const VERBS: readonly (readonly [OpVerb, string])[] = [
  ['create', 'added'],
  ['update', 'changed'],
  ['replace', 'replaced'],
  ['rename', 'renamed'],
  ['delete', 'deleted'],
];

/** `41 added, 9 changed, 12 deleted`: entries, of what is renamed its operations. */
export function summaryWords(summary: PlanSummary): string {
  const said = VERBS.flatMap(([verb, word]) => {
    const { ops, entries } = summary[verb];
    const count = verb === 'rename' ? ops : entries;
    return count === 0 ? [] : [`${formatCount(count)} ${word}`];
  });
  return said.join(', ');
}

function* notDoneWords(result: SyncResult, now: UnixMs, style: Style): Generator<string> {
  const { sync, notDone, opLines } = result;
  // A plan that was only shown is not kept: no command finds it.
  const shown = notDone === 'shown' ? { ...sync, digest: undefined, isAsked: true } : sync;
  yield* planWords(shown, now, style);
  if (opLines !== undefined) yield* layoutAllOps(opsOf(opLines), now, style);
  if (notDone === 'asked') {
    yield '';
    yield* wrap(
      `Nothing was done: it deletes or overwrites, and nobody said yes. Run it again with --yes, or on a terminal.`,
      style.width,
    );
  } else if (notDone === 'refused-half') {
    yield '';
    yield 'Nothing was done: only a part of it may be, and --all-or-nothing was given.';
  } else if (notDone === 'held') {
    // Frozen, claimed, leased or expired: no approval releases any of these.
    yield '';
    yield 'Nothing was done. Once that is over, run the same command again.';
  }
}

function* opsOf(lines: Iterable<ByteString>): Generator<Op> {
  for (const line of lines) yield parseOp(line);
}

function* leftWords({ left, leftCount }: SyncResult['sync'], style: Style): Generator<string> {
  if (leftCount === 0) return;
  yield '';
  yield `Left as it is: ${countOf(leftCount, 'place')}`;
  for (const { path, why } of left.slice(0, LEFT_SHOWN_MAX)) {
    yield* wrap(
      `  ${sayText(path === '' ? '.' : path, style)}  ${sayText(why, style)}`,
      style.width,
    );
  }
  if (leftCount > LEFT_SHOWN_MAX) yield `  and ${formatCount(leftCount - LEFT_SHOWN_MAX)} more`;
}

export function syncJson({ sync, done, notDone, code, opLines }: SyncResult): object {
  const { place, left, leftCount, verdict } = sync;
  return {
    ...{ target: place, code, ...planJson(sync, verdict), left, leftCount, missed: sync.missed },
    ...(done === undefined ? {} : { done }),
    ...(notDone === undefined ? {} : { notDone }),
    ...(opLines === undefined ? {} : { ops: [...opsOf(opLines)].map(opJson) }),
  };
}
