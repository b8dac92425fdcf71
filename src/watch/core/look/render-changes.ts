import { paint, type Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../../base/say-rows.ts';
import { formatInstant } from '../../../base/say-time.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { HostChanges, LookChanges } from './changes.ts';
import { type Change, TOPICS } from './compare-sights.ts';

/** Of one topic of one host; a release of the system changes hundreds of packages. */
const ROWS_MAX = 6;

/** What differs between two looks: a sentence, guests that moved, then each host. */
export function renderChanges(
  found: LookChanges,
  style: Style,
  of: { readonly now: UnixMs; readonly isAll: boolean },
): readonly string[] {
  const { moves, hosts } = found;
  const changed = hosts.filter(({ changes }) => changes.length > 0);
  const count = moves.length + changed.reduce((sum, { changes }) => sum + changes.length, 0);
  const span = `From ${formatInstant(found.from, of.now)} to ${formatInstant(found.to, of.now)}`;
  const compared = hosts.filter(({ notCompared }) => notCompared === undefined).length;
  const text = `${span}: ${countWords(count, { changed: changed.length, compared })}.`;
  return [
    ...layoutSentence(style, { mark: undefined, text, tone: 'strong' }),
    ...section(style, 'Guests that run on another host', moveRows(found, style)),
    ...changed.flatMap((host) =>
      section(style, sayText(host.host, style), changeRows(host, style, of.isAll)),
    ),
    ...section(style, 'Not compared', notComparedRows(hosts, style)),
    ...section(style, 'Not comparable', notComparableRows(hosts, style)),
  ];
}

function countWords(
  count: number,
  hosts: { readonly changed: number; readonly compared: number },
): string {
  if (hosts.compared === 0) return 'no machine answered in both looks';
  const machines = countOf(hosts.compared, 'machine');
  if (count === 0) return `nothing differs on ${machines}`;
  return `${countOf(count, 'change')}, on ${formatCount(hosts.changed)} of ${machines}`;
}

function section(style: Style, title: string, rows: readonly LabelledRow[]): readonly string[] {
  return rows.length === 0 ? [] : ['', paint(style, 'strong', title), ...layoutRows(style, rows)];
}

function moveRows({ moves }: LookChanges, style: Style): readonly LabelledRow[] {
  return moves.map(({ guest, from, to }) => ({
    mark: undefined,
    label: sayText(guest, style),
    text: `from ${sayText(from, style)} to ${sayText(to, style)}`,
  }));
}

function changeRows({ changes }: HostChanges, style: Style, isAll: boolean): LabelledRow[] {
  return TOPICS.flatMap((topic) => {
    const all = changes.filter((change) => change.topic === topic);
    const shown = isAll ? all : all.slice(0, ROWS_MAX);
    const rows = shown.map(
      (change, at): LabelledRow => ({
        mark: markOf(change),
        label: at === 0 ? topic : '',
        text: changeWords(change, style),
      }),
    );
    const left = all.length - shown.length;
    if (left === 0) return rows;
    const more = { text: `and ${formatCount(left)} more`, command: 'holdfast changes --all' };
    return [...rows, { mark: undefined, label: '', ...more }];
  });
}

/** Something that works worse than it did is marked as what it is now. */
function markOf({ topic, after = '' }: Change): LabelledRow['mark'] {
  if (topic !== 'volumes') return undefined;
  if (after.startsWith('failed')) return { is: 'failed' };
  return after.startsWith('degraded') ? { is: 'degraded' } : undefined;
}

const NAMELESS: ReadonlySet<string> = new Set(['system', 'kernel']);

function changeWords({ topic, kind, name, before, after }: Change, style: Style): string {
  if (topic === 'boot') return 'restarted';
  const called = sayText(name, style);
  const was = valueWords(before, style);
  const is = valueWords(after, style);
  switch (kind) {
    case 'added':
      return is === '' ? `${called} is new` : `${called} is new: ${is}`;
    case 'removed':
      return was === '' ? `${called} is gone` : `${called} is gone: ${was}`;
    case 'changed':
      return NAMELESS.has(topic) ? `${is}, was ${was}` : `${called}: ${is}, was ${was}`;
  }
}

function valueWords(value: string | undefined, style: Style): string {
  const text = (value ?? '').replaceAll(/\b(\d+) bytes\b/g, (_, bytes: string) =>
    formatBytes(Number(bytes)),
  );
  return sayText(text, style);
}

function notComparedRows(hosts: readonly HostChanges[], style: Style): readonly LabelledRow[] {
  return hosts.flatMap(({ host, notCompared }): readonly LabelledRow[] =>
    notCompared === undefined
      ? []
      : [{ mark: { is: 'unknown' }, label: sayText(host, style), text: notCompared }],
  );
}

/** One row for each host and reason. */
function notComparableRows(hosts: readonly HostChanges[], style: Style): readonly LabelledRow[] {
  return hosts.flatMap(({ host, notComparable }) => {
    const reasons = [...new Set(notComparable.map(({ why }) => why))];
    return reasons.map((why): LabelledRow => {
      const topics = notComparable.filter((each) => each.why === why).map(({ topic }) => topic);
      const text = sayText(`${topics.join(', ')}: ${why}`, style);
      return { mark: { is: 'unknown' }, label: sayText(host, style), text };
    });
  });
}
