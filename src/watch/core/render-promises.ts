/** Services, promises and single points of failure, below the exposure of what is kept. */
import { inCharset, paint, type Style } from '../../base/say.ts';
import { sayMessage, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { type Cell, type Column, layoutTable } from '../../base/say-table.ts';
import { formatDuration } from '../../base/say-time.ts';
import { widthOf, wrap } from '../../base/say-width.ts';
import type { LiveSetView } from './exposure/live-sets.ts';
import { bottleneckWords } from './exposure/say-bottleneck.ts';
import { fullWords, liveWords, missingWords } from './exposure/say-live.ts';
import { stepCommand, stepWords } from './exposure/say-step.ts';
import type { DataSetView, PromiseBreach, ServiceView, SinglePoint } from './exposure/view.ts';
import type { Loss } from './loss.ts';
import { domainWords } from './render-exposure.ts';
import { outageWords, unknownWords, windowWords } from './say-loss.ts';

/** The worst come first; all are in --json. */
const ROWS_MAX = 12;

/** Nothing where the file says nothing and nothing stands alone. */
export function renderPromises(
  of: {
    readonly services: readonly ServiceView[];
    readonly breaches: readonly PromiseBreach[];
    readonly singlePoints: readonly SinglePoint[];
    readonly dataSets: readonly DataSetView[];
    readonly liveSets?: readonly LiveSetView[];
  },
  style: Style,
): readonly string[] {
  const blocks = [
    helpsBlock(of.dataSets, style),
    listBlock(
      'What limits the time out',
      of.dataSets.flatMap((each) => limitWordsOf(each, style)),
      style,
    ),
    listBlock(
      'Live copies',
      (of.liveSets ?? []).flatMap((each) => liveLines(each, style)),
      style,
    ),
    servicesBlock(of.services, style),
    listBlock(
      'Promises that are not proven',
      of.breaches.map((each) => breachWords(each, style)),
      style,
    ),
    listBlock(
      'Single points of failure',
      of.singlePoints.map((each) => pointWords(each, style)),
      style,
    ),
  ];
  return blocks.flatMap((block) => (block.length === 0 ? [] : ['', ...block]));
}

/** Worst first, as data sets stand: each with what would raise it at the least cost. */
function helpsBlock(dataSets: readonly DataSetView[], style: Style): readonly string[] {
  const helps = dataSets.flatMap(({ name, places, step }) => {
    if (step === undefined) return [];
    const { act, gain, cost } = stepWords(step);
    const command = stepCommand(step, { name, places });
    const what = command ?? act;
    const of = command === undefined ? ` (${sayText(name, style)})` : '';
    return [{ what, text: `${gain}${of}${cost === '' ? '' : `, ${cost}`}` }];
  });
  const more = helps.length - HELPS_MAX;
  const lines = helps.slice(0, HELPS_MAX).flatMap(({ what, text }) => {
    const said = paint(style, 'ask', inCharset(style, sayMessage(what)));
    const rest = inCharset(style, sayMessage(text));
    if (widthOf(what) + widthOf(rest) + 6 <= style.width) return [`  ${said}    ${rest}`];
    return [`  ${said}`, ...wrap(rest, style.width - 6).map((line) => `      ${line}`)];
  });
  if (lines.length === 0) return [];
  const tail = more > 0 ? [`  and ${formatCount(more)} more, in --json`] : [];
  return ['Helps most', ...lines, ...tail];
}

const HELPS_MAX = 3;

function limitWordsOf({ name, bottleneck }: DataSetView, style: Style): readonly string[] {
  return bottleneck === undefined || bottleneck.limit.kind === 'unknown'
    ? []
    : [`${sayText(name, style)}: ${sayMessage(bottleneckWords(bottleneck))}`];
}

function liveLines(set: LiveSetView, style: Style): readonly string[] {
  const missing = missingWords(set);
  const said = [liveWords(set), ...(missing === '' ? [] : [missing]), fullWords(set.full)];
  return [`${sayText(set.name, style)}: ${sayMessage(said.join('; '))}`];
}

function listBlock(title: string, items: readonly string[], style: Style): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length - ROWS_MAX;
  const shown = items.slice(0, ROWS_MAX).flatMap((item) => {
    const [first = '', ...rest] = wrap(inCharset(style, item), style.width - 4);
    return [`  ${first}`, ...rest.map((line) => `    ${line}`)];
  });
  const tail = more > 0 ? [`  and ${formatCount(more)} more, in --json`] : [];
  return [title, ...shown, ...tail];
}

const COLUMNS: readonly Column[] = [
  { header: 'SERVICE', shrink: 'ends', widthMin: 12 },
  { header: 'TIER', align: 'right' },
  { header: 'AT WORST LOST' },
  { header: 'OUT' },
  { header: 'IF LOST', shrink: 'start', widthMin: 12 },
];

function servicesBlock(services: readonly ServiceView[], style: Style): readonly string[] {
  if (services.length === 0) return [];
  const cells = services.map(({ name, tier, worst }): readonly Cell[] => [
    { text: sayText(name, style) },
    { text: tier === undefined ? '' : String(tier) },
    { text: worst === undefined ? 'nothing' : lossWords(worst.loss) },
    { text: worst === undefined ? 'not out' : outageWords(worst.outage) },
    { text: worst === undefined ? '' : domainWords(worst.domain, style) },
  ]);
  const inner = { ...style, width: style.width - 2 };
  const unseen = services.flatMap(({ name, unseen: names }) =>
    names.map((each) => `${sayText(name, style)}: no data were seen of ${sayText(each, style)}`),
  );
  return [
    ...layoutTable(inner, COLUMNS, cells).map((line) => `  ${line}`),
    ...unseen.flatMap((line) => wrap(line, style.width - 4).map((each) => `    ${each}`)),
  ];
}

function lossWords(loss: Loss): string {
  switch (loss.kind) {
    case 'nothing':
      return 'nothing';
    case 'all':
      return 'all';
    case 'unknown':
      return unknownWords(loss.atLeastMs);
    case 'window':
      return windowWords(loss);
  }
}

/** `wiki may lose 15 min: 22 h or more if host hv3 is lost (broken)`. */
function breachWords(breach: PromiseBreach, style: Style): string {
  const { of, name, what, promisedMs, standing, by, loss, outage } = breach;
  const span = formatDuration(promisedMs);
  const who = `${of === 'service' ? 'service ' : ''}${sayText(name, style)}`;
  const promised = what === 'may-lose' ? `may lose ${span}` : `is to be back within ${span}`;
  const found = what === 'may-lose' ? `${lossWords(loss)} lost` : `out ${outageWords(outage)}`;
  const where = by === undefined ? '' : ` with ${domainWords(by, style)}`;
  return `${who} ${promised}, ${standing}: ${found}${where}`;
}

function pointWords({ domain, dataSets, bytes }: SinglePoint, style: Style): string {
  const [first = ''] = dataSets;
  const what = dataSets.length === 1 ? sayText(first, style) : countOf(dataSets.length, 'data set');
  return `${domainWords(domain, style)}: ${what}, ${formatBytes(bytes)}, gone or unknown with it`;
}
