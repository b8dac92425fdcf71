import { largest } from '../../../base/long-list.ts';
import { paint, type Style, type Tone } from '../../../base/say.ts';
import { stateTone } from '../../../base/say-mark.ts';
import { sayName, sayText } from '../../../base/say-name.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { layoutSentence, type Mark, markCell, markWidth } from '../../../base/say-rows.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { padTo, shorten, widthOf } from '../../../base/say-width.ts';
import type { DataLoss, HostAnswer, HostLoss, LookAnswer } from './answer.ts';
import { allOf, sizeWords } from './at-stake.ts';
import { listsOf } from './render-look-lists.ts';
import { restLine, sayFact, type Shown, sizedRows, wrapped } from './render-look-rows.ts';

/** The answer of a look: a sentence first, then hosts and lists, worst first. */
export function renderLook(answer: LookAnswer, style: Style, shown: Shown = {}): string {
  const [only] = answer.hosts;
  const isOne = only !== undefined && answer.hosts.length === 1;
  const blocks = [
    layoutSentence(style, { mark: undefined, text: sayFact(answer.counted, style) }),
    sentences(answer, style, shown),
    isOne ? dataTable(only, style, shown) : hostTable(answer.hosts, style, shown),
    ...listsOf(answer, style, shown),
    expiry(answer, style),
  ];
  const lines = blocks.filter((each) => each.length > 0).flatMap((each) => [...each, '']);
  return `${lines.slice(0, -1).join('\n')}\n`;
}

const DEGRADED_MAX = 6;

/** What is, in its colour; then what would be. */
function sentences(answer: LookAnswer, style: Style, shown: Shown): readonly string[] {
  const { degraded } = answer;
  const max = shown.all === true ? degraded.length : DEGRADED_MAX;
  const lines = degraded.slice(0, max).flatMap(({ hosts, is, sentence }) =>
    layoutSentence(style, {
      mark: { is },
      text: sayFact(`${whoWords(hosts)} ${sentence}.`, style),
      tone: stateTone(is),
    }),
  );
  const would = layoutSentence(style, {
    mark: undefined,
    text: sayFact(answer.wouldBe, style),
    tone: 'strong',
  });
  return [...lines, ...restLine(degraded.length - max, style), ...would];
}

function whoWords(hosts: readonly string[]): string {
  return hosts.length === 1 ? hosts.join() : `${hosts.join(', ')}: each`;
}

const HOSTS_MAX = 20;
const NAME_MAX = 24;
const SURVIVES = 'SURVIVES';

function hostTable(hosts: readonly HostAnswer[], style: Style, shown: Shown): readonly string[] {
  const max = shown.all === true ? hosts.length : HOSTS_MAX;
  const rows = hosts.slice(0, max);
  const names = rows.map(({ host }) =>
    shorten(sayText(host, style), { width: NAME_MAX, keep: 'ends', style }),
  );
  const nameWidth = largest(names.map(widthOf), 4);
  const mark = markWidth(style) + 1;
  const room = style.width - (2 + mark + nameWidth + 1 + mark) - (2 + SURVIVES.length);
  const blank = ' '.repeat(2 + mark + nameWidth + 1);
  const head = `${' '.repeat(2 + mark)}${padTo('HOST', nameWidth)} ${' '.repeat(mark)}${padTo('IF IT DIED NOW', room)}  ${SURVIVES}`;
  const body = rows.flatMap((row, at) => {
    const lead = `  ${markCell(style, { is: row.is })} ${padTo(names[at] ?? '', nameWidth)} `;
    const survives = survivesCell(row, style);
    return [row.loss, ...row.alsoLoss].flatMap((loss, index) =>
      lossLines(row, loss, { style, room }).map((line, nth) => {
        const isFirst = index === 0 && nth === 0;
        const filled = isFirst
          ? `${lead}${line.text}${' '.repeat(line.left)}  ${survives}`
          : blank + line.text;
        return filled.trimEnd();
      }),
    );
  });
  return [head, ...body, ...restLine(hosts.length - rows.length, style)];
}

/** Wrapped below itself: a reason is not cut. */
function lossLines(
  row: HostAnswer,
  loss: HostLoss,
  { style, room }: { readonly style: Style; readonly room: number },
): readonly { readonly text: string; readonly left: number }[] {
  const { mark, tone } = markOf(loss.kind);
  const lines = wrapped(style, sayFact(lossText(row, loss), style), room);
  return lines.map((text, at) => ({
    text: `${at === 0 ? markCell(style, mark) : markCell(style, undefined)} ${paint(style, tone, text)}`,
    left: Math.max(0, room - widthOf(text)),
  }));
}

function markOf(kind: HostLoss['kind']): { readonly mark: Mark; readonly tone: Tone } {
  switch (kind) {
    case 'all':
      return { mark: { wouldBe: 'lost' }, tone: 'failed' };
    case 'unknown':
      return { mark: { wouldBe: 'unknown' }, tone: 'unknown' };
    case 'window':
      return { mark: { wouldBe: 'lost' }, tone: 'plain' };
    case 'nothing':
      return { mark: undefined, tone: 'plain' };
  }
}

function lossText(row: HostAnswer, loss: HostLoss): string {
  const part = row.look === 'partial' ? '; seen in part' : '';
  const why = `${loss.why === '' ? '' : `: ${loss.why}`}${part}`;
  const size = sizeWords(loss);
  switch (loss.kind) {
    case 'nothing':
      return row.runsOn === undefined ? 'no data seen' : `no data seen; runs on ${row.runsOn}`;
    case 'all':
      return `${allOf(loss.what)}${size}${why}`;
    case 'unknown':
      return loss.what === '' ? `unknown${why}` : `unknown, ${loss.what}${size}${why}`;
    case 'window':
      return `the last changes of ${loss.what}${size}${why}`;
  }
}

/** A recovery point that is proven outweighs disks: those help against a disk only. */
function survivesCell({ survives, survivesDisks }: HostAnswer, style: Style): string {
  if (survives === undefined) return '?';
  if (survives > 0) return `${survives} more`;
  if (survivesDisks !== undefined && survivesDisks > 0) return countOf(survivesDisks, 'disk');
  return survivesDisks === undefined ? '?' : paint(style, 'failed', '0 more');
}

const DATA_MAX = 12;

/** Of one machine its data, each with what would be lost of it. */
function dataTable(host: HostAnswer, style: Style, shown: Shown): readonly string[] {
  const max = shown.all === true ? host.data.length : DATA_MAX;
  const rows = host.data.slice(0, max);
  if (rows.length === 0) return [];
  const lines = sizedRows(
    style,
    rows.map((row) => {
      const { mark, tone } = markOf(row.loss.kind);
      const name = row.host === host.host ? sayName(row.path, style) : sayText(row.dataSet, style);
      const { bytes, isAtLeast } = row;
      return { mark, name, bytes, isAtLeast, tone, text: sayFact(dataText(row), style) };
    }),
  );
  return [...lines, ...restLine(host.data.length - rows.length, style)];
}

function dataText({ loss }: DataLoss): string {
  switch (loss.kind) {
    case 'nothing':
      return 'nothing would be lost';
    case 'all':
      return `all of it: ${loss.why}`;
    case 'unknown':
      return `unknown: ${loss.why}`;
    case 'window':
      return loss.atMostMs === undefined
        ? `at least the last ${formatDuration(loss.atLeastMs, { rounding: 'down' })}`
        : `the last ${formatDuration(loss.atMostMs, { rounding: 'up' })}`;
  }
}

function expiry({ expiresAt, answeredAt }: LookAnswer, style: Style): readonly string[] {
  if (expiresAt === undefined) return [];
  const left = formatDuration(expiresAt - answeredAt, { detail: 'rough' });
  return [paint(style, 'aside', `What was seen expires in ${left}, then it is unknown.`)];
}
