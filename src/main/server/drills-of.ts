/** What pages show of drills over the estate. */
import type { EstateDrill } from '../../watch/core/drills/estate-drill.ts';
import type { DrillShown } from '../../web/drills-shown.ts';
import type { Served } from './served.ts';

/** Newest first. */
export function drillsOf(
  { drilling }: Pick<Served, 'drilling'>,
  dataSet: string,
): readonly DrillShown[] {
  return drilling.book.of(dataSet).map(shownDrill);
}

export function shownDrill(drill: EstateDrill): DrillShown {
  const { job, host, dataSet, point, which, by, askedAt, end } = drill;
  return { job, host, dataSet, point, which, by, askedAt, of: drill.of, end };
}
