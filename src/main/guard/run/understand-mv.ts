/** `guard run -- mv ...`: what it would overwrite is kept, then mv itself runs. */
import path from 'node:path';
import { parseMv } from '../../../adapters/coreutils/parse-mv.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import { textOfBytes } from '../../cli/places.ts';
import { explicitly, nothingListed } from './explicit.ts';
import { gather, lstatOf, realPlace } from './explicit-places.ts';
import type { Surroundings, Wrapped } from './wrapped.ts';

export function understandMv(argv: readonly string[], around: Surroundings): Wrapped {
  const command = parseMv(argv);
  const { sources, target, targetIs, keepsOld } = command;
  if (target === undefined || sources.length === 0 || keepsOld) return { risk: 'none', notes: [] };
  const lost = overwritten({ sources, target, targetIs, cwd: around.cwd });
  const notes = command.notUnderstood.map((text) => sayText(text));
  if (lost.length === 0) return { risk: 'none', notes };
  if (notes.length > 0) {
    const why = `what mv would do by ${notes.join(' ')} is not covered by guard run`;
    return { risk: 'unclear', why, fix: 'Leave it out: what is overwritten can be put back.' };
  }
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
function overwritten(of: {
  readonly sources: readonly string[];
  readonly target: string;
  readonly targetIs: 'directory' | 'name' | 'found';
  readonly cwd: ByteString;
}): readonly ByteString[] {
  const { sources, target, targetIs, cwd } = of;
  const isInto = targetIs === 'directory' || (targetIs === 'found' && isDirectory(cwd, target));
  return sources.flatMap((source) => {
    const name = path.posix.basename(source);
    const to = realPlace(cwd, isInto ? path.posix.join(target, name) : target);
    const from = realPlace(cwd, source);
    const old = lstatOf(to);
    if (old === undefined || old.isDirectory() || to === from) return [];
    return lstatOf(from) === undefined ? [] : [to];
  });
}

/** A link to a directory is one for mv. */
function isDirectory(cwd: ByteString, place: string): boolean {
  return lstatOf(byteString(`${realPlace(cwd, place)}/.`))?.isDirectory() === true;
}
