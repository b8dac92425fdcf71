import { assert } from './assert.ts';
import { type UnixMs, unixMs } from './units.ts';

const DAY_MS = 86_400_000;
const FORM = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{3})Z$/;
/** 0000-01-01 and 10000-01-01. */
const FIRST_MS = -62_167_219_200_000;
const END_MS = 253_402_300_800_000;

/** `2026-11-20T11:00:00.000Z`; what lies outside the years of four digits becomes their end. */
export function isoTimeOf(at: UnixMs): string {
  const clamped = Math.min(Math.max(Math.floor(at), FIRST_MS), END_MS - 1);
  const dayNumber = Math.floor(clamped / DAY_MS);
  const inDay = clamped - dayNumber * DAY_MS;
  const { year, month, day } = dateOf(dayNumber);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const hour = Math.floor(inDay / 3_600_000);
  const minute = Math.floor(inDay / 60_000) % 60;
  const second = Math.floor(inDay / 1000) % 60;
  const clock = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`;
  return `${date}T${clock}.${digits(inDay % 1000, 3)}Z`;
}

/** Undefined where it is not the one form that `isoTimeOf` writes. */
export function parseIsoTime(text: string): UnixMs | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = match
    .slice(1)
    .map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const inDay = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
  const at = unixMs(dayNumberOf({ year, month, day }) * DAY_MS + inDay);
  // The 31st of February and the 61st minute come out as something else.
  return isoTimeOf(at) === text ? at : undefined;
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970, by the Gregorian calendar with years that begin in March (H. Hinnant). */
function dayNumberOf({ year, month, day }: CivilDate): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOf(dayNumber: number): CivilDate {
  const shifted = dayNumber + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  assert(month >= 1 && month <= 12 && day >= 1, 'a day has a date');
  return { year, month, day };
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
