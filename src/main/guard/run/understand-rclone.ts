/** `guard run -- rclone sync|copy ...`: what its command line means here, how it is asked and run. */
import fs from 'node:fs';
import path from 'node:path';
import {
  isLocalPlace,
  parseRclone,
  type RcloneCommand,
  rcloneDryRun,
  rcloneRun,
} from '../../../adapters/rclone/parse-rclone.ts';
import { RcloneLogReader } from '../../../adapters/rclone/read-dry-run.ts';
import { nodeTreeWriter } from '../../../adapters/node/tree-writer.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { bytesOfText, textOfBytes } from '../../cli/places.ts';
import { askChild, readInput } from './child.ts';
import type { Asked, CommandCall, Guarded, Surroundings, Wrapped } from './wrapped.ts';

/** 9: nothing was to be transferred, where that is asked for. */
const LISTED = new Set([0, 9]);

export async function understandRclone(
  argv: readonly string[],
  around: Surroundings,
): Promise<Wrapped> {
  const command = parseRclone(argv);
  const notes = command.notUnderstood.map((text) => sayText(text));
  const keepsAll = command.risk === 'copy' && (command.keepsOld || command.hasOwnBackup);
  if (command.risk === 'none' || keepsAll) return { risk: 'none', notes };
  if (command.risk === 'other') {
    const why = `what rclone ${sayText(command.verb)} would do is not covered by guard run`;
    return {
      risk: 'unclear',
      why,
      fix: 'Covered are sync and copy; for what lies here, rm and mv.',
    };
  }
  if (notes.length > 0) {
    const why = `what ${notes.join(' and ')} would do is not covered by guard run`;
    return { risk: 'unclear', why, fix: 'Leave it out; or run rclone itself, unguarded.' };
  }
  const [source, target, ...more] = command.places;
  if (source === undefined || target === undefined || more.length > 0) {
    return { risk: 'none', notes }; // rclone says what is wrong.
  }
  if (!isLocalPlace(target)) return guarded(command, { around, source, target, root: 'remote' });
  const absolute = path.resolve(textOfBytes(around.cwd), target);
  if (fs.statSync(absolute, { throwIfNoEntry: false }) === undefined) {
    if (!fs.existsSync(path.dirname(absolute))) return { risk: 'none', notes };
    // A link that leads nowhere: rclone says what is wrong.
    if (fs.lstatSync(absolute, { throwIfNoEntry: false })) return { risk: 'none', notes };
    nodeTreeWriter().makeTop(bytesOfText(absolute));
  }
  const root = byteString(fs.realpathSync.native(absolute, 'buffer').toString('latin1'));
  return guarded(command, { around, source, target, root });
}

interface Parts {
  readonly around: Surroundings;
  readonly source: string;
  readonly target: string;
  readonly root: ByteString | 'remote';
}

async function guarded(command: RcloneCommand, parts: Parts): Promise<Guarded> {
  const { around, source, target, root } = parts;
  const input = command.readsStdin ? await readInput() : undefined;
  const isLocal = isLocalPlace(source);
  const from = isLocal ? path.resolve(textOfBytes(around.cwd), source) : source;
  const targetText = root === 'remote' ? target : textOfBytes(root);
  const call = (of: Parameters<typeof rcloneRun>[1]): CommandCall => ({
    argv: [command.program, ...rcloneRun(command, of)],
    input,
  });
  const run = (backupDir: string | undefined): CommandCall =>
    call(backupDir === undefined || command.hasOwnBackup ? {} : { backupDir });
  return {
    ...{ risk: 'guarded', name: 'rclone', sourceText: from, targetText, target: root, input, run },
    pipeline: `rclone:${from}>${targetText}`,
    sourcePlace: isLocal ? { host: undefined, path: from } : undefined,
    scope: [byteString('')],
    deletes: command.risk === 'sync',
    cause: 'absent-in-source',
    filter: command.filter,
    filterNarrowsDeletes: command.filterNarrowsDeletes,
    copiesFirst: command.hasOwnBackup,
    ask: (see, same) => ask(command, { around, input, see, same }),
    runCreates: () => call({ createsOnly: true }),
    endedWell: (code) => LISTED.has(code),
    sourceFile: (below) => (isLocal ? byteString(`${bytesOfText(from)}/${below}`) : undefined),
  };
}

async function ask(
  command: RcloneCommand,
  parts: {
    readonly around: Surroundings;
    readonly input: Uint8Array | undefined;
    readonly see: (change: WrappedChange) => void;
    readonly same: ((path: ByteString) => void) | undefined;
  },
): Promise<Asked> {
  const reader = new RcloneLogReader(parts.see, parts.same);
  const env = { ...parts.around.env, RCLONE_LOG_FILE: undefined, TZ: 'UTC' };
  const args = rcloneDryRun(command, parts.same !== undefined);
  const call = { program: command.program, args, env, input: parts.input };
  const { code, said } = await askChild(
    call,
    () => undefined,
    (line) => reader.push(line),
  );
  if (!LISTED.has(code)) return { kind: 'ended', code, said };
  const listing = reader.end();
  const errors = listing.errors.map((each) => sayText(each));
  return {
    kind: 'listed',
    listing: { ...listing, errors },
    deleteMax: command.deleteMax,
    code,
    said: '',
  };
}
