import { runPython } from './python.ts';

/**
 * Removes a tree whatever it holds: paths over 4096 bytes, modes 0000, immutable files. Does not
 * leave its file system, follows no link; a tree that is not there is fine.
 *
 * @param dir an ASCII path, at least two levels below the root
 */
export async function removeTree(dir: string): Promise<void> {
  await runPython('remove-tree.py', { args: [dir] });
}
