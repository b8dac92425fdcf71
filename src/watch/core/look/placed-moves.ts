/** What exercises have shown, with hosts called as places call them. */
import type { Evidence } from '../../../base/evidence.ts';
import { MOVES_PREFIX } from '../exposure/moves-by-itself.ts';
import type { HostOf } from './host-names.ts';

/** `moves/wiki/host:HV3` is of `hv3` where that is the name of its look. */
export function placedMoves(moves: readonly Evidence[], hostOf: HostOf): readonly Evidence[] {
  return moves.map((each) => {
    const [, service, name] =
      /^([^/]*)\/host:(.*)$/.exec(each.subject.slice(MOVES_PREFIX.length)) ?? [];
    const host = name === undefined ? undefined : hostOf(name);
    if (service === undefined || host === undefined) return each;
    return { ...each, subject: `${MOVES_PREFIX}${service}/host:${host}` };
  });
}
