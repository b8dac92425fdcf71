/** Whether what a round found is worth another look by a person: a screen that scrolls is not read. */
import type { Exposure } from '../../watch/core/exposure/rows.ts';
import { domainId } from '../../watch/core/domain.ts';
import type { Done, UpView } from './up-view.ts';

/** A figure that changed by less than this is told when the table is printed for another reason. */
const FACTOR_MIN = 4;
/** And seconds are no news at all. */
const MS_MIN = 60_000;

/** What was printed last, against what is known now. Ages move all the time, and are no news. */
export function isNews(before: UpView, now: UpView): boolean {
  if (standingOf(before) !== standingOf(now)) return true;
  const old = new Map(before.exposure.map((row) => [idOf(row), row]));
  return now.exposure.some((row) => {
    const last = old.get(idOf(row));
    return last === undefined || isMoved(upperEnd(last), upperEnd(row));
  });
}

/** Everything that is a word and no figure. */
function standingOf({ exposure, coverage, done, key }: UpView): string {
  return JSON.stringify([
    exposure
      .map((row) => [idOf(row), row.is, wordsOf(row), row.survives, row.proof.kind])
      .sort((one, other) => (String(one[0]) < String(other[0]) ? -1 : 1)),
    [coverage.none.count, coverage.unknown.count],
    done.map(doneWords),
    key.isConfirmed,
  ]);
}

function idOf({ dataSet, domain }: Exposure): string {
  return `${dataSet}\0${domainId(domain)}`;
}

function wordsOf({ loss, outage }: Exposure): readonly unknown[] {
  const why = 'why' in loss ? loss.why : '';
  const isBounded = loss.kind === 'window' && loss.atMostMs !== undefined;
  return [loss.kind, isBounded, why, outage.kind, upperOf(outage) !== undefined];
}

function doneWords(done: Done): readonly unknown[] {
  if (done.kind === 'refused') return [done.target.dataSet, done.fault.code];
  const { target, backup, drill } = done;
  const torn = backup.torn.map(({ path }) => path);
  return [target.dataSet, torn, Math.sign(backup.report.gapCount), drill.isPassed, drill.kind];
}

/** How long it would be out at most, or at least where nothing says more. */
function upperEnd({ outage }: Exposure): number {
  if (outage.kind !== 'interval') return 0;
  return upperOf(outage) ?? outage.atLeastMs;
}

function upperOf(outage: Exposure['outage']): number | undefined {
  return outage.kind === 'interval' ? outage.atMostMs : undefined;
}

function isMoved(before: number, now: number): boolean {
  const [low, high] = before < now ? [before, now] : [now, before];
  return high - low >= MS_MIN && high >= low * FACTOR_MIN;
}
