/** `guard run -- mv ...`: what it would overwrite is kept, then mv itself runs. */
import fs from 'node:fs';
import path from 'node:path';
import { mountPointOf, mountTable } from '../../../adapters/node/mount-table.ts';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { type MvCommand, parseMv } from '../../../adapters/coreutils/parse-mv.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import { joined } from '../../../guard/shell/target-tree.ts';
import { bytesOfText, textOfBytes } from '../../cli/places.ts';
import { explicitly, nothingListed, uncovered } from './explicit.ts';
import { gather, lstatOf, realPlace } from './explicit-places.ts';
import type { Surroundings, Wrapped } from './wrapped.ts';

export function understandMv(argv: readonly string[], around: Surroundings): Wrapped {
  const command = parseMv(argv);
  const { sources, target, keepsOld } = command;
  if (target === undefined || sources.length === 0 || keepsOld) return { risk: 'none', notes: [] };
  const { lost, froms } = within(overwritten(command, around));
  const { notUnderstood } = command;
  if (lost.length === 0) return { risk: 'none', notes: notUnderstood.map((text) => sayText(text)) };
  if (notUnderstood.length > 0) return uncovered('mv', notUnderstood, 'is overwritten');
  const { root, below } = gather([...lost, ...froms.values()]);
  const updated = below.slice(0, lost.length);
  const skip = root === '/' ? 1 : root.length + 1;
  return explicitly({
    name: 'mv',
    pipeline: `mv:${textOfBytes(root)}`,
    root,
    scope: below,
    copiesFirst: true,
    ask: (see) => {
      for (const path of updated) {
        const from = froms.get(joined(root, path));
        const moved = from === undefined ? {} : { from: byteString(from.slice(skip)) };
        see({ what: 'update', path, attributesOnly: false, size: 0, ...moved });
      }
      return Promise.resolve(nothingListed(0));
    },
    run: () => ({ argv }),
  });
}

interface Overwritten {
  readonly lost: readonly ByteString[];
  /** What is moved there, where an undo can move it back. */
  readonly froms: ReadonlyMap<ByteString, ByteString>;
}

/** A rename stays on one mount, and below a directory that can be read. */
function within({ lost, froms }: Overwritten): Overwritten {
  if (lost.length === 0) return { lost, froms: new Map() };
  const table = mountTable(fs.readFileSync('/proc/self/mountinfo', 'latin1'));
  const mountOf = (place: ByteString): ByteString =>
    mountPointOf(table, byteString(path.posix.dirname(place)));
  const kept = new Map([...froms].filter(([to, from]) => mountOf(to) === mountOf(from)));
  const { root } = gather([...lost, ...kept.values()]);
  return { lost, froms: root === '/' || !canList(root) ? new Map() : kept };
}

function canList(dir: ByteString): boolean {
  try {
    fs.accessSync(fsPath(dir), fs.constants.R_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What lies where something is moved to. A directory mv never takes away, unless it is empty. */
function overwritten(command: MvCommand, { cwd, env }: Surroundings): Overwritten {
  const { sources, target = '', targetIs, keepsBackup } = command;
  const isInto = targetIs === 'directory' || (targetIs === 'found' && isDirectory(cwd, target));
  const suffix = command.suffix ?? env.SIMPLE_BACKUP_SUFFIX ?? '~';
  const froms = new Map<ByteString, ByteString>();
  const lost = sources.flatMap((source) => {
    const name = path.posix.basename(source);
    const to = realPlace(cwd, isInto ? `${target}/${name}` : target);
    const from = realPlace(cwd, source);
    if (to === undefined || from === undefined || to === from) return [];
    if (lstatOf(from) === undefined || !isOther(to)) return [];
    if (!froms.has(to)) froms.set(to, from);
    // Its own backup takes the place of an older one; that it makes any depends on VERSION_CONTROL.
    const backup = byteString(`${to}${bytesOfText(suffix)}`);
    return keepsBackup && isOther(backup) ? [to, backup] : [to];
  });
  return { lost: [...new Set(lost)], froms };
}

/** Something is there, and it is no directory. */
function isOther(place: ByteString): boolean {
  return lstatOf(place)?.isDirectory() === false;
}

/** A link to a directory is one for mv. */
function isDirectory(cwd: ByteString, place: string): boolean {
  return realPlace(cwd, `${place}/.`) !== undefined;
}
