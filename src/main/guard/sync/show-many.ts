/** A dry run of several targets: one that cannot be looked at leaves the others to be shown. */
import { sayTreePlace, type TreePlace } from '../../../adapters/trees/tree-place.ts';
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import type { Answer, Cli } from '../../cli/cli.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { faultJson, faultLines } from '../../cli/say-fault.ts';
import { type SyncResult, worstCode } from './sync-act.ts';
import { syncJson, syncWords } from './sync-words.ts';

interface Unseen {
  readonly place: string;
  readonly fault: Fault;
}

export async function showMany(
  cli: Cli,
  of: {
    readonly places: readonly TreePlace[];
    readonly snapshot: string;
    readonly show: (place: TreePlace) => Promise<SyncResult>;
  },
): Promise<Answer> {
  const shown: (SyncResult | Unseen)[] = [];
  for (const place of of.places) {
    try {
      shown.push(await of.show(place));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      shown.push({ place: sayTreePlace(place), fault: error });
    }
  }
  const now = cli.clock.now();
  const results = shown.filter((each): each is SyncResult => 'sync' in each);
  return {
    code: results.length < shown.length ? EXIT.error : worstCode(results),
    say: (style) =>
      shown.flatMap((each, at) => [
        ...(at === 0 ? [] : ['']),
        ...('sync' in each
          ? syncWords(each, now, style)
          : [`${sayText(each.place, style)} was not looked at:`, ...faultLines(style, each.fault)]),
      ]),
    json: {
      snapshot: of.snapshot,
      targets: shown.map((each) =>
        'sync' in each ? syncJson(each) : { target: each.place, ...faultJson(each.fault) },
      ),
    },
  };
}
