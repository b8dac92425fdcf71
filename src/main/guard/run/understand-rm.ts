/** `guard run -- rm ...`: what is named goes aside, with the messages and the code of rm. */
import { parseRm, type RmCommand } from '../../../adapters/coreutils/parse-rm.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { textOfBytes } from '../../cli/places.ts';
import { explicitly, nothingListed } from './explicit.ts';
import { gather, lstatOf, realPlace } from './explicit-places.ts';
import type { Asked, Surroundings, Wrapped } from './wrapped.ts';

interface Operand {
  readonly typed: string;
  readonly place: ByteString;
}

export function understandRm(argv: readonly string[], around: Surroundings): Wrapped {
  const command = parseRm(argv);
  const { operands, notUnderstood, informs } = command;
  if (informs || operands.length === 0) return { risk: 'none', notes: [] };
  if (notUnderstood.length > 0) {
    const why = `what rm would do by ${notUnderstood.map((text) => sayText(text)).join(' ')} is not covered by guard run`;
    return { risk: 'unclear', why, fix: 'Leave it out: what goes can be put back.' };
  }
  const named = operands.map((typed) => ({ typed, place: realPlace(around.cwd, typed) }));
  const { root, below } = gather(named.map(({ place }) => place));
  return explicitly({
    name: 'rm',
    pipeline: `rm:${textOfBytes(root)}`,
    root,
    scope: below,
    ask: (see) => Promise.resolve(ask(command, named, { root, see })),
    run: undefined,
  });
}

/** As rm looks at each: what it refuses it says, and goes on. */
function ask(
  command: RmCommand,
  named: readonly Operand[],
  to: { readonly root: ByteString; readonly see: (change: WrappedChange) => void },
): Asked {
  const errors: string[] = [];
  const skip = to.root === '/' ? 1 : to.root.length + 1;
  for (const { typed, place } of named) {
    const isDir = lstatOf(place)?.isDirectory();
    const refusal = refusalOf(command, typed, isDir);
    if (refusal !== undefined) errors.push(`rm: ${refusal}`);
    if (refusal !== undefined || isDir === undefined) continue;
    const path = byteString(place.slice(skip));
    const whole = isDir && command.isRecursive ? { isWhole: true as const } : {};
    to.see({ what: 'delete', path, isDir, shown: sayText(typed), ...whole });
  }
  return { ...nothingListed(errors.length === 0 ? 0 : 1), said: errors.join('\n') };
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
