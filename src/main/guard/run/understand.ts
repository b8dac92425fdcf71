/** Which program it is, by its name, wherever it lies. */
import path from 'node:path';
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import { understandFind } from './understand-find.ts';
import { understandMv } from './understand-mv.ts';
import { understandRclone } from './understand-rclone.ts';
import { understandRm } from './understand-rm.ts';
import { understandRsync } from './understand-rsync.ts';
import type { Surroundings, Wrapped } from './wrapped.ts';

const PROGRAMS: Readonly<
  Record<string, (argv: readonly string[], around: Surroundings) => Wrapped | Promise<Wrapped>>
> = {
  rsync: understandRsync,
  rclone: understandRclone,
  rm: understandRm,
  mv: understandMv,
  find: understandFind,
};

/** @throws Fault HF_GUARD_COMMAND */
export async function understand(argv: readonly string[], around: Surroundings): Promise<Wrapped> {
  const program = argv[0] ?? '';
  const name = path.basename(program);
  const known = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
  if (known === undefined) {
    throw new Fault('HF_GUARD_COMMAND', `holdfast guard run does not know ${sayText(program)}`, {
      instead:
        'It guards rsync, rclone, rm, mv and find. A pipe or a script: guard the one command in it that deletes.',
    });
  }
  // Node spells what is no UTF-8 anew: the child would be given another name than was typed.
  if (argv.some((word) => word.includes('\ufffd'))) {
    throw new Fault('HF_GUARD_COMMAND', 'an argument is not UTF-8, and could not be handed on', {
      instead: 'Name the directory that holds it; names inside trees may be any bytes.',
    });
  }
  return known(argv, around);
}
