/** Names of files below `tmp/` of a vault: of what is being written, and of what killed puts left. */
import { byteString, hexOf } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import { days } from '../../base/units.ts';
import type { Random } from '../../host/random.ts';

/** A put takes seconds; a day leaves room for hosts whose clocks disagree. */
const AGE_MAX = days(1);
const FORM = /^([0-9]{1,15})-[0-9a-f]{32}$/;
const RANDOM_SIZE = 16;

/** A name that nobody else draws, and that says when. */
export function temporaryName(random: Random, now: UnixMs): string {
  let raw = '';
  for (const byte of random.bytes(RANDOM_SIZE)) raw += String.fromCharCode(byte);
  return `${now}-${hexOf(byteString(raw))}`;
}

/**
 * Whether a put that was killed more than a day ago left it. Another form is not ours; a time to
 * come is a wrong clock, maybe this one: left alone.
 */
export function isLeftOver(name: string, now: UnixMs): boolean {
  const madeAt = FORM.exec(name)?.[1];
  return madeAt !== undefined && now - Number(madeAt) > AGE_MAX;
}
