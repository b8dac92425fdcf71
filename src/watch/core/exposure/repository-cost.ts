/** What each connected repository takes up, and what a month adds: whole, for no tool says it of one data set. */
import { inCharset, paint, type Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { figures, formatBytes } from '../../../base/say-quantity.ts';
import { type Cell, type Column, layoutTable } from '../../../base/say-table.ts';
import { formatAge } from '../../../base/say-time.ts';
import { wrap } from '../../../base/say-width.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { ConnectedRepository } from '../connected.ts';
import { connectedCopy } from '../connected-estate.ts';
import { growthOf } from '../repository-size.ts';
import { moneyOf, type Price } from './cost.ts';

/** Undefined figures are unknown. */
export interface RepositoryCost {
  /** `restic /srv/restic`. */
  readonly name: string;
  readonly storedBytes: number | undefined;
  /** `disk`: its files were counted; `tool`: its tool said so. */
  readonly by: 'disk' | 'tool' | undefined;
  readonly measuredAt: UnixMs | undefined;
  /** Negative where it shrinks. */
  readonly monthBytes: number | undefined;
  readonly basisMs: number | undefined;
  readonly pointCount: number;
  /** Why the last look did not tell it. */
  readonly unknown: string | undefined;
  readonly moneyNow: number | undefined;
  readonly moneyMore: number | undefined;
}

/** What takes most first; what is not known last. */
export function repositoryCosts(
  repositories: readonly ConnectedRepository[],
  price: Price | undefined,
): readonly RepositoryCost[] {
  return repositories
    .map((of): RepositoryCost => {
      const growth = growthOf(of.sizes ?? []);
      const { monthBytes, basisMs, now } = growth ?? {};
      return {
        name: connectedCopy(of),
        ...{ storedBytes: now?.bytes, by: now?.by, measuredAt: now?.at, monthBytes, basisMs },
        pointCount: of.points.length,
        unknown: of.sizes === undefined ? NOT_ASKED : of.sizeUnknown,
        moneyNow: moneyOf(price, now?.bytes),
        moneyMore: moneyOf(price, monthBytes),
      };
    })
    .sort(
      (one, other) =>
        (other.storedBytes ?? -1) - (one.storedBytes ?? -1) || (one.name < other.name ? -1 : 1),
    );
}

const NOT_ASKED = 'it was last opened before sizes were asked: holdfast connect --refresh';

const UNKNOWN: Cell = { text: 'unknown', tone: 'unknown' };

export function renderRepositoryCosts(
  costs: readonly RepositoryCost[],
  style: Style,
  of: { readonly price: Price | undefined; readonly now: UnixMs },
): readonly string[] {
  if (costs.length === 0) return [];
  const { price, now } = of;
  const columns: readonly Column[] = [
    { header: 'CONNECTED', shrink: 'ends', widthMin: 14 },
    { header: 'STORED', align: 'right' },
    { header: '+ A MONTH', align: 'right' },
    ...(price === undefined
      ? []
      : [{ header: `${price.currency} A MONTH`, align: 'right' as const }]),
    { header: 'POINTS', align: 'right' },
    { header: 'MEASURED' },
  ];
  const rows = costs.map((each): readonly Cell[] => [
    { text: sayText(each.name, style) },
    each.storedBytes === undefined ? UNKNOWN : { text: formatBytes(each.storedBytes) },
    monthCell(each.monthBytes),
    ...(price === undefined
      ? []
      : [each.moneyNow === undefined ? UNKNOWN : { text: figures(each.moneyNow, 'up') }]),
    { text: String(each.pointCount) },
    each.measuredAt === undefined ? UNKNOWN : { text: formatAge(now - each.measuredAt) },
  ]);
  return [
    ...layoutTable({ ...style, width: style.width - 2 }, columns, rows),
    '',
    ...basisOf(costs).flatMap((line) =>
      wrap(inCharset(style, sayText(line, style)), style.width).map((each) =>
        paint(style, 'aside', each),
      ),
    ),
  ];
}

function monthCell(bytes: number | undefined): Cell {
  if (bytes === undefined) return UNKNOWN;
  return { text: bytes < 0 ? `-${formatBytes(-bytes)}` : formatBytes(bytes) };
}

function basisOf(costs: readonly RepositoryCost[]): readonly string[] {
  const isShort = costs.some(
    (each) => each.storedBytes !== undefined && each.basisMs === undefined,
  );
  const isByTool = costs.some(({ by }) => by === 'tool');
  return [
    ...costs.flatMap(({ name, unknown }) =>
      unknown === undefined ? [] : [`${name}: ${unknown}.`],
    ),
    ...(isShort
      ? ['What a month adds to one is known from two looks that are 20 h or more apart.']
      : []),
    ...(isByTool
      ? [
          'Of one on another machine it is what its snapshots refer to, and not what a prune would take.',
        ]
      : []),
  ];
}
