/** `22:00-07:00` of a channel, by the clock on the wall of whoever reads it. */
import type { UnixMs } from '../../base/units.ts';

const DAY_MINUTES = 24 * 60;

/** @param span as the schema of the configuration lets it through */
export function quietHours(span: string, zone: string): (now: UnixMs) => boolean {
  const [from = 0, to = 0] = span.split('-').map(minutesOf);
  const spanMinutes = (to - from + DAY_MINUTES) % DAY_MINUTES;
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone },
  });
  return (now) => {
    const since = (minutesOf(format.format(now)) - from + DAY_MINUTES) % DAY_MINUTES;
    return since < spanMinutes;
  };
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
