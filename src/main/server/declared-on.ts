/** Which hosts stand on which, as people wrote it. */
import type { Config } from '../../wire/config.ts';

/** What people wrote of guests and their hypervisors; what they did not write is discovered. */
export function declaredOn({ hosts = {} }: Config): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(hosts).flatMap(([name, { on }]) => (on === undefined ? [] : [[name, on]])),
  );
}
