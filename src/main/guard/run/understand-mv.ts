/** `guard run -- mv ...`: what it would overwrite is kept, then mv itself runs. */
import path from 'node:path';
import { type MvCommand, parseMv } from '../../../adapters/coreutils/parse-mv.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import { bytesOfText, textOfBytes } from '../../cli/places.ts';
import { explicitly, nothingListed, uncovered } from './explicit.ts';
import { gather, lstatOf, realPlace } from './explicit-places.ts';
import type { Surroundings, Wrapped } from './wrapped.ts';

export function understandMv(argv: readonly string[], around: Surroundings): Wrapped {
  const command = parseMv(argv);
  const { sources, target, keepsOld } = command;
  if (target === undefined || sources.length === 0 || keepsOld) return { risk: 'none', notes: [] };
  const lost = overwritten(command, around);
  const { notUnderstood } = command;
  if (lost.length === 0) return { risk: 'none', notes: notUnderstood.map((text) => sayText(text)) };
  if (notUnderstood.length > 0) return uncovered('mv', notUnderstood, 'is overwritten');
  const { root, below } = gather(lost);
  return explicitly({
    name: 'mv',
    pipeline: `mv:${textOfBytes(root)}`,
    root,
    scope: below,
    copiesFirst: true,
    ask: (see) => {
      for (const each of below) see({ what: 'update', path: each, attributesOnly: false, size: 0 });
      return Promise.resolve(nothingListed(0));
    },
    run: () => argv,
  });
}

/** What lies where something is moved to. A directory mv never takes away, unless it is empty. */
function overwritten(command: MvCommand, { cwd, env }: Surroundings): readonly ByteString[] {
  const { sources, target = '', targetIs, keepsBackup } = command;
  const isInto = targetIs === 'directory' || (targetIs === 'found' && isDirectory(cwd, target));
  const suffix = command.suffix ?? env.SIMPLE_BACKUP_SUFFIX ?? '~';
  const lost = sources.flatMap((source) => {
    const name = path.posix.basename(source);
    const to = realPlace(cwd, isInto ? `${target}/${name}` : target);
    const from = realPlace(cwd, source);
    if (to === undefined || from === undefined || to === from) return [];
    if (lstatOf(from) === undefined || !isOther(to)) return [];
    // Its own backup takes the place of an older one; that it makes any depends on VERSION_CONTROL.
    const backup = byteString(`${to}${bytesOfText(suffix)}`);
    return keepsBackup && isOther(backup) ? [to, backup] : [to];
  });
  return [...new Set(lost)];
}

/** Something is there, and it is no directory. */
function isOther(place: ByteString): boolean {
  return lstatOf(place)?.isDirectory() === false;
}

/** A link to a directory is one for mv. */
function isDirectory(cwd: ByteString, place: string): boolean {
  return realPlace(cwd, `${place}/.`) !== undefined;
}
