/** How far the clock on a wall is ahead of UTC, by the tables of this machine. */

/** No clock is set but at a quarter of an hour of UTC. */
const STEP_MS = 900_000;
const KEPT_MAX = 64;

/** @param zone of IANA, as the schema of the configuration lets it through */
export function zoneOffset(zone: string): (wallMs: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  const known = new Map<number, number>();
  return (wallMs) => {
    const step = Math.floor(wallMs / STEP_MS);
    const kept = known.get(step);
    if (kept !== undefined) return kept;
    const at = step * STEP_MS;
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const day = [of('year'), of('month') - 1, of('day')] as const;
    const offset = Date.UTC(...day, of('hour'), of('minute'), of('second')) - at;
    if (known.size >= KEPT_MAX) known.clear();
    known.set(step, offset);
    return offset;
  };
}
