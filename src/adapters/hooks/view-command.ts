/** A frozen view that the owner's own commands provide and take away. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { DurationMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { FrozenSource, FrozenView } from '../../host/frozen-source.ts';
import { type HookEnd, runHook, whyHookFailed } from './run-hook.ts';

export interface ViewCommands {
  readonly dataSet: string;
  /** What the view is of: a directory of the view for each, in this order. */
  readonly roots: readonly { readonly name: ByteString; readonly path: ByteString }[];
  /** Prints the directories, one a line. */
  readonly open: readonly string[];
  /** Is given them behind its own arguments. */
  readonly close: readonly string[] | undefined;
  readonly limit: DurationMs;
}

const METHOD = 'command';

export function viewByCommand(
  clock: Pick<Clock, 'now'>,
  { dataSet, roots, open, close, limit }: ViewCommands,
): FrozenSource {
  const run = (name: string, argv: readonly string[]): Promise<HookEnd> =>
    runHook({ argv, limit, env: { HOLDFAST_DATA_SET: dataSet, HOLDFAST_HOOK: name } });
  const takeAway = async (dirs: readonly string[]): Promise<void> => {
    if (close === undefined) return;
    const ended = await run('view-close', [...close, ...dirs]);
    if (ended.isOk) return;
    const undo = sayText([...close, ...dirs].join(' '));
    const left = `See what it said, and take the view away by hand: \`${undo}\`.`;
    const message = `the view was not taken away: ${sayText(whyHookFailed(ended))}`;
    throw new Fault('HF_THAW_FAILED', message, { left });
  };
  return {
    method: METHOD,
    open: async (): Promise<FrozenView> => {
      const coveredUpTo = clock.now();
      const ended = await run('view-open', open);
      if (!ended.isOk) throw failed(sayText(whyHookFailed(ended)));
      const dirs = ended.stdout.split('\n').filter((line) => line !== '');
      const objection = objectionTo(dirs, roots.length);
      if (objection !== undefined) {
        await takeAway(dirs).catch(() => undefined); // What is wrong with it is said first.
        throw failed(objection);
      }
      return {
        roots: roots.map(({ name, path: at }, index) => ({
          name,
          path: at,
          readPath: byteString(Buffer.from(dirs[index] ?? '', 'utf8').toString('latin1')),
        })),
        coveredUpTo,
        guarantee: 'crash-consistent',
        facts: { directory: dirs.join(' ') },
        close: () => takeAway(dirs),
      };
    },
  };
}

function objectionTo(dirs: readonly string[], wantedCount: number): string | undefined {
  if (dirs.length !== wantedCount) {
    return `it is to print ${wantedCount} path${wantedCount === 1 ? '' : 's'}, one a line, and printed ${dirs.length}`;
  }
  const wrong = dirs.find((dir) => !path.isAbsolute(dir) || !fs.existsSync(dir));
  return wrong === undefined ? undefined : `it printed ${sayText(wrong)}, which is not there`;
}

function failed(why: string): Fault {
  return new Fault('HF_FREEZE_FAILED', `the command gave no view: ${why}`, { method: METHOD });
}
