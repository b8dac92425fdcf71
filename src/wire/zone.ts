/** A time zone of IANA, one that this machine has a table of. */
import { z } from 'zod';

export const zone = z.string().max(64).refine(isZone, 'a time zone as Europe/Berlin');

function isZone(given: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: given }).format(0) !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
