import { addAll } from '../../base/long-list.ts';
import { inCharset, paint, type Style } from '../../base/say.ts';
import { type Mark, layoutSentence, markCell } from '../../base/say-rows.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { type Cell, type Column, layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import { unbreakable, wrap } from '../../base/say-width.ts';
import type { Coverage, CoverageRow, CoverageTotal } from './coverage.ts';
import type { Discovery, FoundData } from './discovery.ts';

const ROWS_MAX = 10;

/** What lies here and is in no recovery point, then what is unknown, then what is kept. */
export function renderCoverage(
  seen: { readonly coverage: Coverage; readonly discovery: Discovery },
  style: Style,
): string {
  const { coverage, discovery } = seen;
  const of = (state: CoverageRow['state']): readonly CoverageRow[] =>
    coverage.rows.filter((row) => row.state === state);
  const sections = [
    section(
      style,
      { title: noneTitle(coverage.none), rows: of('none'), mark: { wouldBe: 'lost' } },
      discovery,
    ),
    section(
      style,
      { title: unknownTitle(coverage), rows: of('unknown'), mark: { wouldBe: 'unknown' } },
      discovery,
    ),
    section(
      style,
      {
        title: `In a recovery point: ${totalWords(coverage.covered)}`,
        rows: of('covered'),
        mark: { is: 'ok' },
      },
      discovery,
    ),
    lookedLines(discovery, style),
    notSeenLines(discovery, style),
  ];
  const lines = sections.filter((each) => each.length > 0).flatMap((each) => [...each, '']);
  return lines.length === 0 ? '' : `${lines.slice(0, -1).join('\n')}\n`;
}

function noneTitle(total: CoverageTotal): string {
  return `In no recovery point, no backup found that may hold it: ${totalWords(total)}`;
}

function unknownTitle(coverage: Coverage): string {
  const isOpened = coverage.rows.some((row) => row.state === 'unknown' && row.isOpened);
  const lead = isOpened
    ? 'Unknown from what was seen of the backups'
    : 'Unknown until a backup that was found is opened';
  return `${lead}: ${totalWords(coverage.unknown)}`;
}

/** `3 data sets, at least 41 GiB`. */
export function totalWords(total: CoverageTotal): string {
  return unbreakable(`${countOf(total.count, 'data set')}, ${amountWords(total)}`);
}

/** `41 GiB`, or `at least 41 GiB` where a size was cut short. */
export function amountWords(total: Pick<CoverageTotal, 'bytes' | 'isAtLeast'>): string {
  return total.isAtLeast
    ? `at least ${formatBytes(total.bytes, 'down')}`
    : formatBytes(total.bytes);
}

const COLUMNS: readonly Column[] = [
  { header: '', shrink: 'ends', widthMin: 16 },
  { header: '', align: 'right' },
  { header: '', shrink: 'start', widthMin: 10 },
  { header: '', shrink: 'start', widthMin: 8 },
];

function section(
  style: Style,
  what: { readonly title: string; readonly rows: readonly CoverageRow[]; readonly mark: Mark },
  discovery: Discovery,
): readonly string[] {
  if (what.rows.length === 0) return [];
  const shown = what.rows.slice(0, ROWS_MAX);
  const lead = `  ${markCell(style, what.mark)}`;
  const width = style.width - (style.utf8 ? 3 : 6);
  const table = layoutTable(
    { ...style, width },
    COLUMNS,
    shown.map((row) => cellsOf(row, { style, discovery })),
  );
  const lines = [
    ...layoutSentence(style, { mark: undefined, text: what.title, tone: 'strong' }),
    ...table.map((line) => lead + line.slice(1)),
  ];
  const rest = what.rows.slice(ROWS_MAX);
  if (rest.length > 0) {
    const bytes = rest.reduce((sum, row) => sum + row.data.bytes, 0);
    const isAtLeast = rest.some((row) => !row.data.isComplete);
    lines.push(`    ${countOf(rest.length, 'more', 'more')}, ${amountWords({ bytes, isAtLeast })}`);
  }
  return lines;
}

function cellsOf(
  row: CoverageRow,
  at: { readonly style: Style; readonly discovery: Discovery },
): readonly Cell[] {
  const { data } = row;
  const size = formatBytes(data.bytes, data.isComplete ? 'nearest' : 'down');
  return [
    { text: sayName(data.path, at.style) },
    { text: data.isComplete ? size : data.entries === 0 ? 'not seen' : `${size}+` },
    { text: changeWords(row, at.discovery) },
    {
      text: remarks(row)
        .map((text) => sayText(text, at.style))
        .join(', '),
      tone: 'aside',
    },
  ];
}

function changeWords(row: CoverageRow, discovery: Discovery): string {
  if (row.coveredUpTo !== undefined) return `kept ${formatAge(discovery.seenAt - row.coveredUpTo)}`;
  const { newestChange } = row.data;
  if (newestChange === undefined) return 'change not seen';
  const ageMs = discovery.seenAt - newestChange;
  return ageMs < 60_000 && ageMs >= -60_000 ? 'written now' : `written ${formatAge(ageMs)}`;
}

export const KIND_WORDS: Readonly<Record<FoundData['kind'], string>> = {
  tree: '',
  home: 'home',
  www: 'web root',
  config: 'configuration',
  repository: 'git tree',
  image: 'VM image',
  postgres: 'PostgreSQL',
  mysql: 'MariaDB or MySQL',
  mongodb: 'MongoDB',
  sqlite: 'SQLite',
};

function remarks(row: CoverageRow): readonly string[] {
  const isUnopened = row.state === 'unknown' && !row.isOpened;
  const words = isUnopened ? [row.isNamedByJob ? 'a job names it' : 'no job names it'] : [row.why];
  if (row.data.isInUse) words.push('in use');
  addAll(words, [KIND_WORDS[row.data.kind], ...row.data.notes]);
  return words.filter((word) => word !== '');
}

/** "Nothing found" means something only beside where was looked. */
function lookedLines(discovery: Discovery, style: Style): readonly string[] {
  const parts = discovery.looked.map(({ where, count, cut }) => {
    const said = `${where} (${count}${cut === undefined ? '' : `, ${cut}`})`;
    return sayText(said, style);
  });
  if (parts.length === 0) return [];
  const lines = wrap(inCharset(style, `Looked at ${parts.join(', ')}.`), style.width);
  return lines.map((line) => paint(style, 'aside', line));
}

const NOT_SEEN_MAX = 8;

function notSeenLines(discovery: Discovery, style: Style): readonly string[] {
  const { notSeen, user } = discovery;
  if (notSeen.length === 0) return [];
  const rows = notSeen
    .slice(0, NOT_SEEN_MAX)
    .map(({ what, why, command }): readonly Cell[] => [
      { text: sayText(what, style) },
      { text: sayText(why, style) },
      { text: sayText(command ?? '', style), tone: 'ask' },
    ]);
  const columns: readonly Column[] = [
    { header: '', shrink: 'ends', widthMin: 20 },
    { header: '', shrink: 'start', widthMin: 16 },
    { header: '' },
  ];
  const more = notSeen.length - rows.length;
  return [
    ...layoutSentence(style, {
      mark: undefined,
      text: `Not seen, as ${sayText(user.name, style)}`,
      tone: 'strong',
    }),
    ...layoutTable(style, columns, rows),
    ...(more > 0 ? [`  ${countOf(more, 'more place', 'more places')}`] : []),
  ];
}
