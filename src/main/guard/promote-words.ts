/** What is said of a promotion: what both places hold, what would be lost, and who was told. */
import { paint, type Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import { sayTreePlace } from '../../adapters/trees/tree-place.ts';
import type {
  ComparedPlaces,
  DifferenceKind,
  ListedDifference,
} from '../../guard/core/compare-listings.ts';
import { differenceWords } from '../../guard/core/rules/eligible-source.ts';
import type { Promotion, Told } from './promote-tree.ts';

export function differenceCount({ counts }: ComparedPlaces): number {
  return Object.values(counts).reduce((sum, { entries }) => sum + entries, 0);
}

/** What both hold, before anything is changed. */
export function* promotionWords(promotion: Promotion, style: Style): Iterable<string> {
  const { former, tree } = promotion;
  if (promotion.kind === 'promote') {
    for (const each of tree.differs) {
      yield* layoutSentence(style, {
        mark: { is: 'degraded' },
        text: `${tree.place}: ${differenceWords(each, tree.role)}.`,
      });
      yield '';
    }
  }
  if (former === undefined) return;
  const there = sayTreePlace(former.place);
  if (former.compared === undefined) {
    const text = `Nothing was compared: ${sayText(former.trouble ?? 'it could not be looked at')}.`;
    yield* layoutSentence(style, { mark: { is: 'unknown' }, text });
    yield '';
    return;
  }
  const { compared } = former;
  const count = differenceCount(compared);
  const both = `${tree.place} has ${countOf(compared.entriesHere, 'entry', 'entries')}, ${there} ${formatCount(compared.entriesThere)}`;
  const text =
    count === 0
      ? `${both}; size and time of all agree.`
      : `${both}; ${countOf(count, 'differs', 'differ')}.`;
  yield* layoutSentence(style, { mark: { is: count === 0 ? 'ok' : 'degraded' }, text });
  if (count === 0) {
    yield '';
    return;
  }
  yield '';
  yield* layoutTable(
    style,
    [{ header: '' }, { header: 'entries', align: 'right' }, { header: 'bytes', align: 'right' }],
    countRows(compared, there),
  );
  yield '';
  yield '  Worst first';
  yield* worstTable(compared.worst, promotion.asked.at, style);
  yield '';
}

function wordsOf(there: string): Readonly<Record<DifferenceKind, string>> {
  return {
    'only-there': `only on ${there}: lost to whoever is synced from here`,
    older: `newer on ${there}`,
    differs: 'differ, with one time',
    newer: 'newer here',
    'only-here': 'only here',
  };
}

function countRows(compared: ComparedPlaces, there: string): { text: string }[][] {
  const words = wordsOf(there);
  return (Object.keys(words) as DifferenceKind[])
    .filter((kind) => compared.counts[kind].entries > 0)
    .map((kind) => {
      const { entries, bytes } = compared.counts[kind];
      return [{ text: words[kind] }, { text: formatCount(entries) }, { text: formatBytes(bytes) }];
    });
}

const SHORT: Readonly<Record<DifferenceKind, string>> = {
  'only-there': 'only there',
  older: 'newer there',
  differs: 'differs',
  newer: 'newer here',
  'only-here': 'only here',
};

function worstTable(
  worst: readonly ListedDifference[],
  now: number,
  style: Style,
): readonly string[] {
  const rows = worst.map(({ kind, path, type, bytes, mtime }) => [
    { text: `${sayName(path)}${type === 'd' ? '/' : ''}` },
    { text: type === 'd' ? '' : formatBytes(bytes) },
    { text: SHORT[kind] },
    { text: mtime > now ? 'from the future' : formatAge(now - mtime) },
  ]);
  const columns = [
    { header: '', shrink: 'ends' as const },
    { header: '', align: 'right' as const },
    { header: '' },
    { header: '' },
  ];
  return layoutTable(style, columns, rows);
}

/** What was done. */
export function* promotedWords(
  promotion: Promotion,
  told: readonly Told[],
  style: Style,
): Iterable<string> {
  const { kind, tree, generation, identity, mustExist } = promotion;
  if (kind === 'already') {
    const text = `${tree.place} is the source already, of generation ${generation}.`;
    yield* layoutSentence(style, { mark: { is: 'ok' }, text });
    return;
  }
  const isFirst = kind === 'enrol';
  const text = {
    enrol: `${tree.place} is enrolled as a source.`,
    promote: `${tree.place} is the source now, of generation ${generation}.`,
    adds: `${tree.place} is the source already; more must exist in it from now on.`,
  }[kind];
  yield* layoutSentence(style, { mark: { is: 'ok' }, text });
  const exist =
    mustExist.length === 0
      ? 'nothing was named'
      : mustExist.map((each) => sayText(each)).join(', ');
  const rows: LabelledRow[] = [
    { mark: undefined, label: 'tree', text: identity },
    { mark: undefined, label: 'must exist', text: exist },
    ...told.map((each) => toldRow(each)),
  ];
  yield* layoutRows(style, rows);
  if (isFirst) yield* firstWords(style);
}

function firstWords(style: Style): readonly string[] {
  const text =
    'A re-image, a clone or an unmounted disk under this name is a candidate from now on: it may be synced to, and not from.';
  return [
    '',
    ...layoutSentence(style, { mark: undefined, text }).map((line) => paint(style, 'aside', line)),
  ];
}

function toldRow({ place, role, how, why }: Told): LabelledRow {
  const text = {
    told: `${place} knows that it is a ${role}`,
    'not-installed': `${place} has no Holdfast: its role is known here only`,
    unreachable: `${place} was not told (${why ?? 'unreachable'}); its older generation keeps it from being a source for whatever is synced from now on`,
  }[how];
  return { mark: { is: how === 'told' ? 'ok' : 'degraded' }, label: 'told', text };
}

export function promotionJson(promotion: Promotion, told: readonly Told[]): object {
  const { kind, tree, identity, generation, mustExist, former, asked } = promotion;
  return {
    kind,
    done: told.length > 0,
    place: tree.place,
    identity,
    generation,
    mustExist,
    reason: asked.reason,
    differs: tree.differs,
    ...(former === undefined
      ? {}
      : {
          former: {
            place: sayTreePlace(former.place),
            ...(former.trouble === undefined ? {} : { trouble: former.trouble }),
            ...(former.compared === undefined ? {} : { compared: comparedJson(former.compared) }),
          },
        }),
    told,
  };
}

function comparedJson(compared: ComparedPlaces): object {
  const worst = compared.worst.map(({ path, ...rest }) => ({ path: sayName(path), ...rest }));
  return { ...compared, worst };
}
