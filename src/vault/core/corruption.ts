import { Fault } from '../../base/fault.ts';

/** @param object what was being read, for people: `group header`, `index`, `snapshots/...` */
export function corrupt(object: string, why: string): Fault {
  return new Fault('HF_VAULT_CORRUPT', `${object}: ${why}`, { object });
}

/** What a parser demands of bytes it has not made itself. */
export function demand(condition: boolean, object: string, why: string): asserts condition {
  if (!condition) throw corrupt(object, why);
}
