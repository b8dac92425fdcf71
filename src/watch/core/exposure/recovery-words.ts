/** What a recovery plan says, in words that terminal and page share. */
import type { StateMark } from '../../../base/say-mark.ts';
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { formatInstant, formatInterval } from '../../../base/say-time.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { Loss } from '../loss.ts';
import { lastWords, outageWords, unknownWords } from '../say-loss.ts';
import { bottleneckWords } from './say-bottleneck.ts';
import { fullWords, servesWords } from './say-live.ts';
import { pathWord } from './typed-line.ts';
import type { Needed } from './recovery-needs.ts';
import type { RecoveryPlan, RecoveryStep, RecoveryTime } from './recovery-plan.ts';
import type { MayWait } from './recovery-wait.ts';

/** A word, and what is said of it. Names in it are as they came. */
export interface SaidRow {
  readonly label: string;
  readonly text: string;
}

export function planSentence(plan: RecoveryPlan): string {
  const names = listed(plan.lost.map(({ name }) => name));
  const goes = `If ${names} ${plan.lost.length > 1 ? 'are lost together' : 'is lost'}: `;
  const { steps, forGood, unknown, total } = plan;
  const all = steps.length + forGood.length + unknown.length;
  if (all === 0) return `${goes}nothing that was seen has to be brought back.`;
  const back =
    steps.length === 0
      ? 'nothing can be brought back for certain'
      : `${steps.length} of ${countOf(all, 'data set')} ${steps.length === 1 ? 'comes' : 'come'} back, ${timeWords(total, steps.length)}`;
  const parts = [
    back,
    forGood.length === 0 ? '' : `${forGood.length} lost for good`,
    unknown.length === 0
      ? ''
      : `${unknown.length} unknown until backups that were found are opened`,
  ];
  return `${goes}${parts.filter((part) => part !== '').join('; ')}.`;
}

/** `one after another in 9 to 12 min`. */
function timeWords(total: RecoveryTime, count: number): string {
  const each = count > 1 ? 'one after another ' : '';
  if (total.atMostMs === undefined && total.atLeastMs < 1000) {
    return `${each}in a time that no drill shows`;
  }
  return `${each}in ${formatInterval(total)}`;
}

export function listed(items: readonly string[]): string {
  if (items.length < 3) return items.join(' and ');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

export interface NeededRow extends SaidRow {
  readonly is: StateMark;
}

export function neededRow(needed: Needed): NeededRow {
  const { kind, is, of } = needed;
  switch (kind) {
    case 'store':
      return {
        is,
        label: 'store',
        text: `${of}${is === 'ok' ? ' is not hit' : is === 'unknown' ? ': whether it is left is not known' : ' is lost'}`,
      };
    case 'key':
      return { is, label: 'key', text: `of ${of}: ${keyWords(needed)}` };
    case 'machine':
      return { is, label: 'machine', text: `that reads ${of}: ${machineWords(needed)}` };
  }
}

function keyWords({ is, places, isElsewhere }: Needed): string {
  const lies = places.map(({ host, path }) =>
    path === undefined || path === '/' ? `somewhere on ${host}` : `${host}:${pathWord(path)}`,
  );
  const elsewhere = isElsewhere ? 'its sheet, or somebody who knows it, is elsewhere' : '';
  const where = [listed(lies), elsewhere].filter((part) => part !== '').join('; ');
  if (is === 'ok') return where;
  if (is === 'unknown') return `perhaps left at ${where}`;
  return 'lost with it. Look for its sheet, and for whoever knows it';
}

function machineWords({ is, where, isOwn }: Needed): string {
  if (is === 'ok') return listed(where);
  return isOwn
    ? 'none is left. Any with Node.js 18 does it with rescue.mjs, which lies in the vault'
    : 'none is left. Install its tool on a new one';
}

export function stepHead({ row, services, tier }: RecoveryStep): string {
  const of = services.length === 0 ? '' : `; service ${listed(services)}`;
  const rank = tier === undefined ? '' : `, tier ${tier}`;
  const size = row.bytes === 0 ? '' : `, ${formatBytes(row.bytes)}`;
  return `${row.dataSet}${size}${of}${rank}`;
}

export function stepRows(step: RecoveryStep, now: UnixMs): readonly SaidRow[] {
  const { from, row } = step;
  const when = formatInstant(from.point.coveredUpTo, now);
  const proof = from.isProven
    ? 'its bytes were read back'
    : from.proven === undefined
      ? 'nobody read it back: it may be damaged'
      : `not read back; one that was is of ${formatInstant(from.proven.coveredUpTo, now)}, ${from.proven.id.slice(0, 12)}`;
  return [
    { label: 'loses', text: losesWords(row.loss) },
    { label: 'from', text: `${from.copy.copy}, the point of ${when}; ${proof}` },
    { label: 'back', text: backWords(step) },
    ...(step.limit === undefined || step.limit.limit.kind === 'unknown'
      ? []
      : [{ label: 'limit', text: bottleneckWords(step.limit) }]),
    { label: 'to', text: targetWords(step) },
    ...(row.within === undefined
      ? []
      : [{ label: 'note', text: `it lies in ${row.within}, and is back with that as of then` }]),
    ...step.begins.flatMap(({ name, owners = [], runbook }) => [
      ...(owners.length === 0 ? [] : [{ label: 'call', text: `${listed(owners)}, for ${name}` }]),
      ...(runbook === undefined ? [] : [{ label: 'read', text: `${runbook}, for ${name}` }]),
    ]),
    ...step.lines.notes.map((text) => ({ label: 'note', text })),
  ];
}

export function losesWords(loss: Loss): string {
  switch (loss.kind) {
    case 'nothing':
      return 'nothing';
    case 'window':
      return `${lastWords(loss)}${loss.atMostMs === undefined && loss.why !== '' ? `: ${loss.why}` : ''}`;
    case 'unknown':
      return `${unknownWords(loss.atLeastMs)}: ${loss.why}`;
    case 'all':
      return `all: ${loss.why}`;
  }
}

function backWords({ row, doneAfter }: RecoveryStep): string {
  const { outage } = row;
  if (outage.kind === 'unknown') return `unknown: ${outage.why}`;
  if (outage.kind !== 'interval') return outageWords(outage);
  const bound =
    outage.bottleneck === undefined
      ? ''
      : `; ${outage.atMostMs === undefined ? 'no upper end: ' : 'bound by '}${outage.bottleneck}`;
  const done =
    doneAfter.atLeastMs > outage.atLeastMs ? `; done after ${formatInterval(doneAfter)}` : '';
  return `${outageWords(outage)} (${outage.basis}${bound})${done}`;
}

function targetWords({ to, largest, row }: RecoveryStep): string {
  if (to !== undefined) {
    const place = `${to.host}:${pathWord(to.path)}`;
    const own = to.isOwnPlace ? 'where it was; ' : '';
    return `${place} (${own}${formatBytes(to.spareBytes, 'down')} to spare there)`;
  }
  const most =
    largest === undefined
      ? 'no file system that was seen has room'
      : `the most room is ${formatBytes(largest.spareBytes, 'down')} at ${largest.host}:${pathWord(largest.mountPoint)}`;
  return `a new machine or disk with ${formatBytes(row.bytes, 'up')}: ${most}`;
}

export function mayWaitRow({ host, what, name, tier, bytes }: MayWait): SaidRow {
  const size = bytes === undefined || bytes === 0 ? '' : `, ${formatBytes(bytes)} there`;
  const rank = tier === undefined ? 'in no service: ask whoever has it' : `tier ${tier}`;
  return { label: host, text: `${what} ${name}, ${rank}${size}` };
}

/** What is less redundant then, and what it takes until it is as before. */
export function liveRows({ live }: RecoveryPlan): readonly SaidRow[] {
  return live.map(({ set, serves, survives }) => ({
    label: set.name,
    text: `${servesWords({ serves, survives })}; ${fullWords(set.full)}`,
  }));
}
