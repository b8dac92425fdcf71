import type { Style } from '../../../base/say.ts';
import { sayName, sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { formatAge } from '../../../base/say-time.ts';
import { wrap, widthOf } from '../../../base/say-width.ts';
import { inCharset, paint } from '../../../base/say.ts';
import type { UnixMs } from '../../../base/units.ts';
import type {
  BackupAnswer,
  Finding,
  Fix,
  LookAnswer,
  NotSeenAnswer,
  Unprotected,
} from './answer.ts';
import { manyWords } from './at-stake.ts';
import { list, restLine, type Row, sayFact, type Shown, sizedRows } from './render-look-rows.ts';

/** The lists below the table, each with the most urgent first. */
export function listsOf(
  answer: LookAnswer,
  style: Style,
  shown: Shown,
): readonly (readonly string[])[] {
  const at: At = { answer, style, shown };
  const max = (count: number): number => (shown.all === true ? Number.MAX_SAFE_INTEGER : count);
  const findings = (title: string, of: readonly Finding[], count: number): readonly string[] =>
    list(style, { title, rows: of.map((each) => findingRow(at, each)), max: max(count) });
  return [
    findings('Single points of failure', answer.singlePoints, 8),
    unprotectedLines(at, max(8)),
    list(style, {
      title: 'Backups found and not opened: what they hold is unknown',
      rows: answer.backups.map((each) => backupRow(at, each)),
      max: max(6),
    }),
    findings('Shared fate: lost together with what it should save', answer.sharedFate, 6),
    findings('Worth a change', answer.findings, 8),
    list(style, {
      title: 'Not seen',
      rows: together(answer.notSeen).map((each) => notSeenRow(at, each)),
      max: max(8),
    }),
  ];
}

interface At {
  readonly answer: LookAnswer;
  readonly style: Style;
  readonly shown: Shown;
}

/** More names than this are counted. */
const HOSTS_WIDTH_MAX = 10;

/** `st1`, `hv1, hv2`, `5 hosts`, `all`; of one machine nothing. */
function hostsLabel({ answer, style }: At, hosts: readonly string[]): string {
  if (answer.hosts.length === 1) return '';
  const answered = answer.hosts.filter(({ look }) => look === 'whole' || look === 'partial');
  const isAll =
    hosts.length === answered.length && answered.every(({ host }) => hosts.includes(host));
  if (hosts.length > 1 && isAll) return 'all';
  const joined = hosts.map((host) => sayText(host, style)).join(', ');
  return hosts.length < 2 || widthOf(joined) <= HOSTS_WIDTH_MAX
    ? joined
    : countOf(hosts.length, 'host');
}

const HOSTS_NAMED = 6;

function findingRow(at: At, each: Finding): Row {
  const { style, shown } = at;
  const isChange = answerHasFix(at.answer, each) || shown.all === true;
  const fix = isChange && each.fix !== undefined ? [fixLine(each.fix, style)] : [];
  const source =
    shown.all === true && each.source !== undefined
      ? [{ text: `as at ${sayText(each.source, style)}`, tone: 'aside' as const }]
      : [];
  const label = hostsLabel(at, each.hosts);
  const isCounted = label.endsWith(' hosts');
  const max = shown.all === true ? each.hosts.length : HOSTS_NAMED;
  const more = each.hosts.length > max ? [`${each.hosts.length - max} more`] : [];
  const names = isCounted ? ` (${[...each.hosts.slice(0, max), ...more].join(', ')})` : '';
  return { label, text: sayFact(each.sentence + names, style), below: [...fix, ...source] };
}

/** Of what hangs on one thing the sentence is enough; a change is told with how it is made. */
function answerHasFix({ findings }: LookAnswer, each: Finding): boolean {
  return findings.includes(each);
}

/** Of one machine, where no look is answered: what is worth a change, each with how it is made. */
export function findingLines(found: readonly Finding[], style: Style): readonly string[] {
  const rows = found.map(({ sentence, fix }) => ({
    ...{ label: '', text: sayFact(sentence, style) },
    below: fix === undefined ? [] : [fixLine(fix, style)],
  }));
  return list(style, { title: 'Worth a change', rows, max: rows.length });
}

function fixLine(fix: Fix, style: Style) {
  return fix.kind === 'command'
    ? { text: sayText(fix.line, style), tone: 'ask' as const, isCommand: true }
    : { text: `Fix: ${sayText(fix.text, style)}`, tone: 'plain' as const };
}

function unprotectedLines({ answer, style }: At, max: number): readonly string[] {
  const { unprotected, answeredAt } = answer;
  if (unprotected.length === 0) return [];
  const some = unprotected.slice(0, max);
  const rows = some.map((each) => ({
    name: answer.hosts.length === 1 ? sayName(each.path, style) : sayText(each.dataSet, style),
    ...{ bytes: each.bytes, isAtLeast: each.isAtLeast },
    text: sayFact(remarks(each, answeredAt), style),
  }));
  const title = 'In no recovery point that was opened, and named by no job that was found';
  const head = wrap(inCharset(style, title), style.width).map((line) =>
    paint(style, 'strong', line),
  );
  const rest = unprotected.slice(some.length);
  const bytes = rest.reduce((sum, each) => sum + each.bytes, 0);
  const more = restLine(rest.length, style).map((line) => `${line}, ${formatBytes(bytes, 'down')}`);
  return [...head, ...sizedRows(style, rows), ...more];
}

function remarks(each: Unprotected, now: UnixMs): string {
  const { newestChange, notes, isCertain } = each;
  const ageMs = newestChange === undefined ? undefined : now - newestChange;
  const written =
    ageMs === undefined
      ? 'change not seen'
      : Math.abs(ageMs) < 60_000
        ? 'written now'
        : `written ${formatAge(ageMs)}`;
  return [written, ...notes, ...(isCertain ? [] : ['perhaps in a backup not opened'])].join('; ');
}

function backupRow({ answer, style }: At, each: BackupAnswer): Row {
  const now = answer.answeredAt;
  const from = each.from.length === 0 ? 'no job seen' : `from ${fromWords(each)}`;
  const ran = each.lastRun === undefined ? '' : `; last run ${formatAge(now - each.lastRun)}`;
  const written =
    each.lastWritten === undefined ? '' : `; last written ${formatAge(now - each.lastWritten)}`;
  const count = each.count > 1 ? ` (${each.count})` : '';
  const text = `${each.where ?? 'somewhere'}${count}, ${from}${ran}${written}`;
  const below = { text: sayText(each.openCommand, style), tone: 'ask' as const, isCommand: true };
  return {
    mark: { is: 'unknown' },
    label: sayText(each.tool, style),
    text: sayFact(text, style),
    below: each.openCommand === '' ? [] : [below],
  };
}

function fromWords({ from, by }: BackupAnswer): string {
  const who = manyWords(from, 'host');
  return by.length === 0 ? who : `${who} by ${by.join(', ')}`;
}

/** What one command would show is one row. */
function together(all: readonly NotSeenAnswer[]): readonly NotSeenAnswer[] {
  const rows = new Map<string, NotSeenAnswer>();
  for (const each of all) {
    const id = JSON.stringify([each.hosts, each.why, each.command]);
    const before = rows.get(id);
    rows.set(id, before === undefined ? each : { ...each, what: `${before.what}, ${each.what}` });
  }
  return [...rows.values()];
}

function notSeenRow(at: At, { hosts, isAll, what, why, remedy, command }: NotSeenAnswer): Row {
  const { style } = at;
  const label = isAll ? (at.answer.hosts.length === 1 ? '' : 'all') : hostsLabel(at, hosts);
  const below =
    command === undefined || command === ''
      ? []
      : [{ text: sayText(command, style), tone: 'ask' as const, isCommand: true }];
  // Why nothing was seen of a machine, its own row says where there is a table of several.
  const isTold = remedy !== '' && at.answer.hosts.length > 1;
  const because = isTold || why === '' ? '' : `: ${why.replace(/\.$/, '')}`;
  const then = remedy === '' ? '' : `. ${remedy}`;
  return { label, text: sayFact(what + because + then, style), below };
}
