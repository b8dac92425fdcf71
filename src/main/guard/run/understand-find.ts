/** `guard run -- find ... -delete` and `-exec rm`: the same find is asked what it finds. */
import path from 'node:path';
import { type FindCommand, parseFind } from '../../../adapters/coreutils/parse-find.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayName, sayText } from '../../../base/say-name.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { bytesOfArgument, textOfBytes } from '../../cli/places.ts';
import { askChild } from './child.ts';
import { explicitly, nothingListed } from './explicit.ts';
import { gather, lstatOf, realPlace } from './explicit-places.ts';
import type { Asked, Surroundings, Wrapped } from './wrapped.ts';

interface Start {
  /** As find begins each path below it. */
  readonly typed: ByteString;
  readonly place: ByteString;
}

export function understandFind(argv: readonly string[], around: Surroundings): Wrapped {
  const command = parseFind(argv);
  const notes = command.notUnderstood.map((text) => sayText(text));
  if (notes.length > 0) {
    const why = `what find would do by ${notes.join(', ')} is not covered by guard run`;
    return {
      risk: 'unclear',
      why,
      fix: 'Use -delete, or -exec rm, as the only action that changes anything.',
    };
  }
  if (command.takes === 'none') return { risk: 'none', notes: [] };
  const starts = command.starts.flatMap((typed) => {
    // A slash at the end leads through a link.
    const place = realPlace(around.cwd, typed.endsWith('/') ? `${typed}.` : typed);
    return place === undefined ? [] : [{ typed: bytesOfArgument(typed), place }];
  });
  // None of them is there, and find says so.
  if (starts.length === 0) return { risk: 'none', notes: [] };
  const { root, below } = gather(starts.map(({ place }) => place));
  const { printed } = command;
  return explicitly({
    name: 'find',
    pipeline: `find:${textOfBytes(root)}:${command.starts.join(' ')}`,
    root,
    scope: below,
    ask: (see) => ask(command, { starts, root, around, see }),
    run: printed === undefined ? undefined : () => ({ argv: printed }),
  });
}

async function ask(
  command: FindCommand,
  parts: {
    readonly starts: readonly Start[];
    readonly root: ByteString;
    readonly around: Surroundings;
    readonly see: (change: WrappedChange) => void;
  },
): Promise<Asked> {
  const [program = 'find', ...args] = command.asked;
  const { starts, root, around, see } = parts;
  const skip = root === '/' ? 1 : root.length + 1;
  const chunks: Buffer[] = [];
  const call = { program, args, env: around.env };
  const { code, said } = await askChild(call, (bytes) => void chunks.push(bytes));
  const found = Buffer.concat(chunks).toString('latin1').split('\0').slice(0, -1);
  const seen = new Set<ByteString>();
  const refused: string[] = [];
  for (const each of found) {
    const start = starts.find(({ typed }) => each === typed || each.startsWith(withSlash(typed)));
    // It never takes away the directory that it stands in.
    if (start === undefined || /(?:^|\/)\.{1,2}\/*$/.test(each)) continue;
    const below = each.slice(start.typed.length).replace(/^\/+/, '');
    const place = byteString(path.posix.join(start.place, below));
    const isDir = lstatOf(place)?.isDirectory();
    if (isDir === undefined || seen.has(place)) continue;
    if (isDir && command.takes === 'files') {
      refused.push(`rm: cannot remove '${sayName(byteString(each))}': Is a directory`);
      continue;
    }
    seen.add(place);
    const isWhole = isDir && command.takes === 'tree' ? { isWhole: true as const } : {};
    const shown = sayName(byteString(each));
    see({ what: 'delete', path: byteString(place.slice(skip)), isDir, shown, ...isWhole });
  }
  const lines = [said.trimEnd(), ...refused].filter((line) => line !== '');
  const isTold = refused.length > 0 && command.tellsRefusals;
  return { ...nothingListed(isTold ? 1 : code), said: lines.join('\n') };
}

function withSlash(typed: ByteString): string {
  return typed.endsWith('/') ? typed : `${typed}/`;
}
