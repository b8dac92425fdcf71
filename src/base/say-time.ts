import { roundBy, type Rounding } from './say-quantity.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface DurationOptions {
  readonly rounding?: Rounding;
  /** `exact` has two units where one is coarse (`3 min 29 s`); `rough` is for tables (`3 min`). */
  readonly detail?: 'exact' | 'rough';
}

/** `0.4 s`, `38 s`, `3 min 29 s`, `5 h 50`, `22 h`, `41 d`. */
export function formatDuration(ms: number, options: DurationOptions = {}): string {
  const { value, unit } = durationParts(ms, options);
  return unit === '' ? value : `${value} ${unit}`;
}

function durationParts(ms: number, options: DurationOptions): { value: string; unit: string } {
  const rounding = options.rounding ?? 'nearest';
  const isRough = options.detail === 'rough';
  const inUnits = (size: number): number => roundBy(ms / size, rounding);
  if (ms < 9.95 * SECOND) return { value: tenths(ms, rounding), unit: 's' };
  if (inUnits(SECOND) < 60) return { value: String(inUnits(SECOND)), unit: 's' };
  if (isRough && inUnits(MINUTE) < 60) return { value: String(inUnits(MINUTE)), unit: 'min' };
  if (inUnits(SECOND) < 600) return twoUnits(inUnits(SECOND), 60, ['min', 's']);
  if (inUnits(MINUTE) < 60) return { value: String(inUnits(MINUTE)), unit: 'min' };
  if (inUnits(MINUTE) < (isRough ? 5 : 24) * 60) return hoursAndMinutes(inUnits(MINUTE));
  if (inUnits(HOUR) < 48) return { value: String(inUnits(HOUR)), unit: 'h' };
  if (!isRough && inUnits(HOUR) < 96) return twoUnits(inUnits(HOUR), 24, ['d', 'h']);
  return { value: String(inUnits(DAY)), unit: 'd' };
}

function tenths(ms: number, rounding: Rounding): string {
  const value = roundBy(ms / 100, rounding) / 10;
  // Something took time: it is never printed as none.
  if (value === 0 && ms > 0) return rounding === 'down' ? '0' : '0.1';
  return value.toFixed(1).replace(/\.0$/, '');
}

function hoursAndMinutes(minutes: number): { value: string; unit: string } {
  const rest = minutes % 60;
  const whole = Math.floor(minutes / 60);
  if (rest === 0) return { value: String(whole), unit: 'h' };
  return { value: `${whole} h ${String(rest).padStart(2, '0')}`, unit: '' };
}

function twoUnits(
  small: number,
  size: number,
  units: readonly [string, string],
): { value: string; unit: string } {
  const rest = small % size;
  const whole = Math.floor(small / size);
  if (rest === 0) return { value: String(whole), unit: units[0] };
  return { value: `${whole} ${units[0]} ${rest}`, unit: units[1] };
}

/** Undefined: nothing fresh bounds that end. */
export interface Interval {
  readonly atLeastMs: number;
  readonly atMostMs: number | undefined;
}

/**
 * `9 to 12 min`, `40 s to 3 min`, `at least 2 h 40`. The lower end is rounded down and the upper
 * end up, so that rounding never promises more than was measured.
 */
export function formatInterval(interval: Interval): string {
  const low = durationParts(interval.atLeastMs, { rounding: 'down', detail: 'rough' });
  if (interval.atMostMs === undefined) return `at least ${joined(low)}`;
  const high = durationParts(interval.atMostMs, { rounding: 'up', detail: 'rough' });
  if (joined(low) === joined(high)) return joined(high);
  if (low.unit === high.unit && low.unit !== '') return `${low.value} to ${joined(high)}`;
  return `${joined(low)} to ${joined(high)}`;
}

function joined(parts: { readonly value: string; readonly unit: string }): string {
  return parts.unit === '' ? parts.value : `${parts.value} ${parts.unit}`;
}

/** `now`, `9 s ago`, `11 min ago`, `41 d ago`; a time ahead of the clock says so. */
export function formatAge(ageMs: number): string {
  if (ageMs < -SECOND) return `dated ${formatBriefly(-ageMs)} ahead`;
  if (ageMs < SECOND) return 'now';
  return `${formatBriefly(ageMs)} ago`;
}

/** One unit, rounded down, as ages are said. */
function formatBriefly(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

/** `10:42 UTC` today, `Fri 20 Nov, 10:42 UTC` in this year, with the year else. */
export function formatInstant(atMs: number, nowMs: number): string {
  const at = civilOf(atMs);
  const now = civilOf(nowMs);
  const time = `${two(at.hour)}:${two(at.minute)} UTC`;
  if (at.dayNumber === now.dayNumber) return time;
  const date = `${WEEKDAYS[at.weekday] ?? ''} ${at.day} ${MONTHS[at.month - 1] ?? ''}`;
  return at.year === now.year ? `${date}, ${time}` : `${date} ${at.year}, ${time}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The proleptic Gregorian date of an instant, computed here since the core has no Date. */
function civilOf(ms: number): {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  weekday: number;
  dayNumber: number;
} {
  const dayNumber = Math.floor(ms / DAY);
  const inDay = ms - dayNumber * DAY;
  // Eras of 400 years beginning on 1 March, so that the leap day comes last (Hinnant, 2013).
  const shifted = dayNumber + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(inDay / HOUR),
    minute: Math.floor((inDay % HOUR) / MINUTE),
    weekday: (((dayNumber + 4) % 7) + 7) % 7,
    dayNumber,
  };
}
