/** `guard run -- rm ...`: what is named goes aside, with the messages and the code of rm. */
import fs from 'node:fs';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { parseRm, type RmCommand } from '../../../adapters/coreutils/parse-rm.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayName, sayText } from '../../../base/say-name.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { joined } from '../../../guard/shell/target-tree.ts';
import { parentOf } from '../../../manifest/core/order.ts';
import { textOfBytes } from '../../cli/places.ts';
import { explicitly, nothingListed, uncovered } from './explicit.ts';
import { gather, lstatOf, realPlace } from './explicit-places.ts';
import type { Asked, Surroundings, Wrapped } from './wrapped.ts';

interface Operand {
  readonly typed: string;
  /** Undefined where there is no way to it. */
  readonly place: ByteString | undefined;
}

export function understandRm(argv: readonly string[], around: Surroundings): Wrapped {
  const command = parseRm(argv);
  const { operands, notUnderstood, informs } = command;
  if (informs || operands.length === 0) return { risk: 'none', notes: [] };
  if (notUnderstood.length > 0) {
    return uncovered('rm', notUnderstood, 'goes');
  }
  const named = operands.map((typed) => ({ typed, place: realPlace(around.cwd, typed) }));
  const places = named.flatMap(({ place }) => (place === undefined ? [] : [place]));
  // None of them is there, and rm says so.
  if (places.length === 0) return { risk: 'none', notes: [] };
  const { root, below } = gather(places);
  const gone: Removal[] = [];
  const noted = (change: WrappedChange): WrappedChange => {
    const place = joined(root, change.path);
    if (command.isVerbose && change.what === 'delete') {
      gone.push(...removals(place, change.shown ?? '', change.isWhole === true));
    }
    return change;
  };
  return explicitly({
    name: 'rm',
    pipeline: `rm:${textOfBytes(root)}`,
    root,
    scope: below,
    ask: (see) =>
      Promise.resolve(ask(command, named, { root, see: (change) => see(noted(change)) })),
    told: () => gone.filter(({ place }) => lstatOf(place) === undefined).map(({ line }) => line),
    run: undefined,
  });
}

interface Removal {
  readonly place: ByteString;
  /** As `rm -v` has it. */
  readonly line: string;
}

/** What lies in a directory goes before it does. */
function* removals(place: ByteString, shown: string, isWhole: boolean): Generator<Removal> {
  const isDir = lstatOf(place)?.isDirectory() === true;
  if (isDir && isWhole) {
    for (const name of fs.readdirSync(fsPath(place), { encoding: 'buffer' })) {
      const below = byteString(name.toString('latin1'));
      yield* removals(joined(place, below), `${shown.replace(/\/+$/, '')}/${sayName(below)}`, true);
    }
  }
  yield { place, line: `removed ${isDir ? 'directory ' : ''}'${shown}'` };
}

/** As rm looks at each: what it refuses it says, and goes on. */
function ask(
  command: RmCommand,
  named: readonly Operand[],
  to: { readonly root: ByteString; readonly see: (change: WrappedChange) => void },
): Asked {
  const errors: string[] = [];
  const skip = to.root === '/' ? 1 : to.root.length + 1;
  const gone = new Set<ByteString>();
  for (const { typed, place } of named) {
    const isThere = place !== undefined && !isGone(gone, place);
    const isDir = isThere ? lstatOf(place)?.isDirectory() : undefined;
    const refusal = refusalOf(command, typed, isDir);
    if (refusal !== undefined) errors.push(`rm: ${refusal}`);
    if (refusal !== undefined || !isThere || isDir === undefined) continue;
    gone.add(place);
    const path = byteString(place.slice(skip));
    const whole = isDir && command.isRecursive ? { isWhole: true as const } : {};
    to.see({ what: 'delete', path, isDir, shown: sayText(typed), ...whole });
  }
  return { ...nothingListed(errors.length === 0 ? 0 : 1), said: errors.join('\n') };
}

/** It, or a directory above it, was named before. */
function isGone(gone: ReadonlySet<ByteString>, place: ByteString): boolean {
  for (let at: ByteString | undefined = place; at !== undefined; at = parentOf(at)) {
    if (gone.has(at)) return true;
  }
  return false;
}

function refusalOf(
  command: RmCommand,
  typed: string,
  isDir: boolean | undefined,
): string | undefined {
  const shown = `'${sayText(typed)}'`;
  const name = typed.replace(/\/+$/, '').split('/').at(-1) ?? '';
  if (typed !== '' && name === '') {
    return `it is dangerous to operate recursively on '/'`;
  }
  if (name === '.' || name === '..') {
    return `refusing to remove '.' or '..' directory: skipping ${shown}`;
  }
  if (isDir === undefined) {
    return command.isForced ? undefined : `cannot remove ${shown}: No such file or directory`;
  }
  if (!isDir && typed.endsWith('/')) return `cannot remove ${shown}: Not a directory`;
  if (isDir && !command.isRecursive && !command.takesDirectories) {
    return `cannot remove ${shown}: Is a directory`;
  }
  return undefined;
}
