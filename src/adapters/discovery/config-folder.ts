import type { ByteString } from '../../base/bytes.ts';
import { joinPath, type World } from './world.ts';

/**
 * Files of a directory that a configuration includes, by name, as the engines read them.
 * @returns false where it, or one of them, was not read
 */
export function readFolder(
  world: World,
  folder: ByteString,
  of: { readonly isWanted: RegExp; readonly read: (file: ByteString) => boolean },
): boolean {
  const names = world.list(folder)?.map(({ name }) => name);
  // A look tells of a directory by what lies in it: of one that is empty there is nothing.
  if (names === undefined) return world.stat(folder)?.type === 'directory';
  return names
    .filter((name) => of.isWanted.test(name))
    .sort()
    .every((name) => of.read(joinPath(folder, name)));
}
