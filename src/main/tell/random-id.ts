import type { Random } from '../../host/random.ts';

/** 32 hexadecimal digits, never the same twice. */
export function randomId(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('hex');
}
