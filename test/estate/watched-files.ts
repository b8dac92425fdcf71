/** A host whose items are files that must be there: the test makes each of them well or broken, and knows it. */
import fs from 'node:fs';
import { type Estate, until, type Watched } from './estate.ts';
import { type Known, Truth } from './oracle.ts';

const EVERY_S = 1;

export interface WatchedFiles extends Watched {
  readonly name: string;
  /** `path:f0` and so on. */
  readonly known: readonly Known[];
  readonly line: Truth;
  /** Makes one of them well or broken. */
  put(nth: number, isWell: boolean): void;
  /** All of them are said as they are. @returns after how many milliseconds */
  agrees(): Promise<number>;
}

/** Enrolled, and its agent runs. */
export async function addWatchedFiles(
  estate: Estate,
  name: string,
  of: { readonly count?: number; readonly story?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<WatchedFiles> {
  const { count = 2, story = '', env = {} } = of;
  const files = Array.from({ length: count }, (_, nth) => estate.at(`${name}-f${nth}`));
  const probes = files.map(
    (file, nth) => `  f${nth}: {kind: path, path: ${file}, every: ${EVERY_S}s, limit: 2s}\n`,
  );
  const host = await estate.addWatched(name, { story, agent: `probes:\n${probes.join('')}` });
  const line = new Truth();
  const known = files.map((_, nth) => ({
    host: name,
    item: `path:f${nth}`,
    truth: new Truth(),
    line,
  }));
  const put = (nth: number, isWell: boolean): void => {
    const [file = '', one] = [files[nth], known[nth]];
    one?.truth.makes(isWell, () => {
      if (isWell) fs.writeFileSync(file, '');
      else fs.rmSync(file, { force: true });
    });
  };
  for (const nth of files.keys()) put(nth, true);
  line.makes(true, () => host.startAgent({ env }));
  const agrees = (): Promise<number> =>
    until(`what is said of ${name} is so`, async () => {
      const items = await estate.api.itemsOf(name);
      const wrong = known.filter(({ item, truth }) => {
        const mark = items.find((each) => each.item === item)?.mark;
        return mark !== (truth.isSo ? 'ok' : 'failed');
      });
      if (wrong.length === 0) return true;
      throw new Error(JSON.stringify(items.filter(({ kind }) => kind === 'path')));
    });
  return { ...host, name, known, line, put, agrees };
}
