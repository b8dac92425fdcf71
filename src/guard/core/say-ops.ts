/** Operations of a plan as people read them. */
import type { Op, OpVerb } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { type Cell, type Column, layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import { days } from '../../base/units.ts';
import type { DirectoryCount } from './plan-picture.ts';
import { hasUndo, isDestructive } from './rule.ts';

const DIRECTORIES_SHOWN = 8;

const SIGNS: Readonly<Record<OpVerb, string>> = {
  create: '+',
  update: '~',
  delete: '-',
  replace: '!',
  rename: '>',
  forget: '-',
};

/** What the signs mean, for those who see them the first time. */
const SIGNS_SAID = '+ new   ~ changed   - gone   ! replaced   > renamed';

const OP_COLUMNS: readonly Column[] = [
  { header: '' },
  { header: '', shrink: 'ends', widthMin: 16 },
  { header: '', align: 'right' },
  { header: '', shrink: 'start', widthMin: 12 },
];

/** Operations that are laid out together: columns fit these, memory stays small. */
const PAGE = 500;

/** Every one, in the order in which they are done. */
export function* layoutAllOps(ops: Iterable<Op>, now: UnixMs, style: Style): Generator<string> {
  yield '';
  yield `All operations:  ${SIGNS_SAID}`;
  const page: Op[] = [];
  for (const op of ops) {
    page.push(op);
    if (page.length === PAGE) yield* layoutOps(page.splice(0), now, style);
  }
  yield* layoutOps(page, now, style);
}

/** A table without a head: sign, path, size, what is remarkable. */
export function layoutOps(ops: readonly Op[], now: UnixMs, style: Style): readonly string[] {
  return layoutTable(
    style,
    OP_COLUMNS,
    ops.map((op) => opCells(op, now, style)),
  );
}

function opCells(op: Op, now: UnixMs, style: Style): readonly Cell[] {
  const size = op.attributesOnly === true ? '' : formatBytes(op.bytes);
  const hasSize = op.kind === 'file' || op.bytes > 0;
  return [
    { text: SIGNS[op.op], tone: op.op === 'delete' ? 'failed' : 'plain' },
    { text: pathWords(op, style) },
    { text: hasSize ? size : '' },
    { text: sayText(remarks(op, now).join('; '), style) },
  ];
}

function pathWords(op: Op, style: Style): string {
  const name = op.path === '' ? '(the target itself)' : sayName(op.path, style);
  const slash = op.kind === 'dir' && op.path !== '' ? '/' : '';
  const coversMore = op.entries > 1 && op.attributesOnly !== true;
  const covers = coversMore ? `  (${countOf(op.entries, 'entry', 'entries')})` : '';
  const from = op.from === undefined ? '' : `  (was ${sayName(op.from, style)})`;
  return `${name}${slash}${covers}${from}`;
}

function remarks(op: Op, now: UnixMs): readonly string[] {
  if (op.attributesOnly === true) return ['owner, mode or times only'];
  if (!isDestructive(op)) return [];
  const said: string[] = [];
  if (op.live.state === 'in-use') said.push(op.live.evidence ?? 'in use');
  if (op.live.state === 'unknown') said.push(op.live.evidence ?? 'may be in use');
  if (!hasUndo(op, now)) said.push('could not be put back');
  if (op.owner === 'other') said.push('not its own');
  const isSaid = op.live.state !== 'idle' && /\bwritten\b/.test(op.live.evidence ?? '');
  if (!isSaid && op.newest !== undefined && now - op.newest < days(1)) {
    said.push(`written ${formatAge(now - op.newest)}`);
  }
  return said;
}

const DIRECTORY_COLUMNS: readonly Column[] = [
  { header: 'By directory', shrink: 'ends', widthMin: 12 },
  { header: 'delete', align: 'right' },
  { header: 'change', align: 'right' },
  { header: 'add', align: 'right' },
  { header: 'size', align: 'right' },
];

export function layoutDirectories(
  directories: readonly DirectoryCount[],
  style: Style,
): readonly string[] {
  const shown = directories.slice(0, DIRECTORIES_SHOWN);
  const rest = directories.slice(DIRECTORIES_SHOWN);
  const rows = shown.map((each) => directoryCells(nameOf(each, style), each));
  if (rest.length > 0) {
    rows.push(directoryCells(countOf(rest.length, 'other'), rest.reduce(added)));
  }
  return layoutTable(style, DIRECTORY_COLUMNS, rows);
}

function nameOf({ path }: DirectoryCount, style: Style): string {
  if (path === undefined) return 'all others';
  return path === '' ? '(at the top)' : `${sayName(path, style)}/`;
}

function directoryCells(name: string, count: DirectoryCount): readonly Cell[] {
  const number = (value: number): Cell => ({ text: value === 0 ? '' : formatCount(value) });
  return [
    { text: name },
    number(count.gone),
    number(count.changed),
    number(count.added),
    { text: count.bytes === 0 ? '' : formatBytes(count.bytes) },
  ];
}

function added(a: DirectoryCount, b: DirectoryCount): DirectoryCount {
  return {
    path: undefined,
    gone: a.gone + b.gone,
    changed: a.changed + b.changed,
    added: a.added + b.added,
    bytes: a.bytes + b.bytes,
  };
}
