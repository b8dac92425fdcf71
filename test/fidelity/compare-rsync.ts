import type { Aspect, Difference } from './difference.ts';
import { runTool } from './python.ts';
import { leftToTheWalk, type WalkedTree } from './walk.ts';

/** `YXcstpoguax`: where each letter stands in an itemised change, and what it means. */
const LETTERS: readonly (readonly [at: number, aspect: Aspect])[] = [
  [2, 'content'],
  [3, 'size'],
  [4, 'mtime'],
  [5, 'mode'],
  [6, 'owner'],
  [7, 'owner'],
  [9, 'acl'],
  [10, 'xattrs'],
];
const ITEM_SIZE = 11;

const OPTIONS = [
  '-aHAXS',
  '--dry-run',
  '--itemize-changes',
  '--checksum',
  '--delete',
  '--numeric-ids',
  '--modify-window=-1', // Else nanoseconds are not compared.
  '--8-bit-output',
  '--out-format=%i %n',
  '--from0',
  '--exclude-from=-',
];

/** Blind to holes, and to paths over 4096 bytes and large files, which are left to the walk. */
export async function compareByRsync(a: WalkedTree, b: WalkedTree): Promise<Difference[]> {
  const excludes = leftToTheWalk([a, b]).map((path) => `/${path}\0`);
  const run = async (from: string, to: string) => {
    const args = [...OPTIONS, `${from}/`, `${to}/`];
    return runTool({ file: 'rsync', args, input: excludes.join('') });
  };
  const [there, back] = [await run(a.dir, b.dir), await run(b.dir, a.dir)];
  const problems = [there, back]
    .filter((it) => it.status !== 0 || it.stderr !== '')
    .map((it): Difference => {
      return { tool: 'rsync', aspect: 'tool', path: '.', detail: `${it.status}: ${it.stderr}` };
    });
  return [
    ...parseItems(there.stdout.toString('latin1'), 'to make the second as the first'),
    ...parseItems(back.stdout.toString('latin1'), 'to make the first as the second'),
    ...problems,
  ];
}

export function parseItems(output: string, direction: string): Difference[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const item = line.slice(0, ITEM_SIZE);
      const name = line.slice(ITEM_SIZE + 1);
      const path = name.replaceAll(/\\#(\d{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      );
      const trimmed = path === './' ? '.' : path.replace(/\/$/, '');
      return aspectsOf(item).map((aspect): Difference => {
        return { tool: 'rsync', aspect, path: trimmed, detail: `${item.trim()} ${direction}` };
      });
    });
}

function aspectsOf(item: string): readonly Aspect[] {
  if (item.startsWith('*deleting') || item.endsWith('+++++++++')) return ['presence'];
  const found = new Set<Aspect>();
  for (const [at, aspect] of LETTERS) {
    const letter = item[at] ?? '.';
    if (!/[a-zA-Z?]/.test(letter)) continue;
    if (aspect !== 'content') found.add(aspect);
    else if (item[1] === 'L') found.add('target');
    else if (item[1] === 'D' || item[1] === 'S') found.add('device');
    else found.add('content');
  }
  if (item[0] === 'h') found.add('links');
  return found.size > 0 ? [...found] : ['tool'];
}
