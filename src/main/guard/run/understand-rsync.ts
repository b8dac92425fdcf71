/** `guard run -- rsync ...`: what its command line means here, how it is asked and run. */
import fs from 'node:fs';
import path from 'node:path';
import { parseRsync, type RsyncCommand } from '../../../adapters/rsync/parse-rsync.ts';
import { DryRunReader } from '../../../adapters/rsync/read-dry-run.ts';
import { dryRunArguments, remoteShellOf } from '../../../adapters/rsync/rsync-arguments.ts';
import { placeText, type RsyncPlace } from '../../../adapters/rsync/rsync-place.ts';
import { nodeTreeWriter } from '../../../adapters/node/tree-writer.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { bytesOfText, textOfBytes } from '../../cli/places.ts';
import { realPath, walkedFrom } from './explicit-places.ts';
import { RsyncListRun } from './rsync-list-run.ts';
import { EarlyAsk } from './early-ask.ts';
import { askChild, ByteLines, readInput } from './child.ts';
import type { Asked, Guarded, LookablePlace, Surroundings, Unclear, Wrapped } from './wrapped.ts';

/** Some could not be read (23), and some had vanished (24): the rest was listed. */
const LISTED = new Set([0, 23, 24]);
const ENDED_WELL = new Set([0, 24]);

export async function understandRsync(
  argv: readonly string[],
  around: Surroundings,
): Promise<Wrapped> {
  const command = parseRsync(argv);
  const notes = [...command.notUnderstood, ...aliasNotes(around)].map((text) => sayText(text));
  const { target } = command;
  if (target === undefined || (!command.deletes && !command.overwrites)) {
    return { risk: 'none', notes };
  }
  if (notes.length > 0) {
    return notCovered(notes);
  }
  if (target.kind !== 'local') {
    const remote = await guarded({ command, around, target: 'remote' });
    if (target.kind === 'daemon') return remote;
    const shell = remoteShellOf(command.options, around.env);
    return { ...remote, far: { host: target.host, path: target.path, shell } };
  }
  const place = localTarget(command, around.cwd, target.path);
  if (place === undefined) return { risk: 'none', notes };
  return guarded({ command, around, target: place });
}

/**
 * The same command as the machine sees it where its target lies; the source is elsewhere.
 *
 * @param sourceIsDir as it was seen there
 */
export async function rsyncAtTarget(
  argv: readonly string[],
  around: Surroundings,
  sourceIsDir: boolean,
): Promise<Guarded | undefined> {
  // A list on standard input is read over there.
  const command = { ...parseRsync(argv), readsStdin: false };
  const target = command.target?.kind === 'ssh' ? command.target.path : '';
  const place = localTarget({ ...command, sourceIsDir }, around.cwd, target);
  return place === undefined ? undefined : guarded({ command, around, target: place });
}

const REMOVES_AT_SOURCE: Pick<Unclear, 'why' | 'fix'> = {
  why: 'what is deleted at the source could not be put back',
  fix:
    'Leave --remove-source-files out. When it has ended well, and nobody writes there: ' +
    'holdfast guard run -- find SOURCE -type f -delete, which can be undone.',
};
const NOT_COVERED_WORDS: Readonly<Record<string, Pick<Unclear, 'why' | 'fix'>>> = {
  '--remove-source-files': REMOVES_AT_SOURCE,
  '--remove-sent-files': REMOVES_AT_SOURCE,
  '--keep-dirlinks': {
    why: 'behind a link at the target, rsync would write and delete outside it',
    fix: 'Leave -K (--keep-dirlinks) out, and run it once more for each place that such a link leads to.',
  },
};

function notCovered(notes: readonly string[]): Unclear {
  const [only = ''] = notes;
  const known = notes.length === 1 ? NOT_COVERED_WORDS[only] : undefined;
  if (known !== undefined) return { risk: 'unclear', ...known };
  const why = `what ${notes.join(' and ')} would do is not covered by guard run`;
  return { risk: 'unclear', why, fix: 'Leave it out; or run rsync itself, unguarded.' };
}

interface TargetHere {
  /** The directory: paths of the dry run lie below it. */
  readonly root: ByteString;
  /** The target is a file, whatever the source is called. */
  readonly fileName: ByteString | undefined;
}

/** Undefined where nothing is there that could be lost, and rsync will say what is wrong. */
function localTarget(
  command: RsyncCommand & { readonly sourceIsDir?: boolean },
  cwd: ByteString,
  typed: string,
): TargetHere | undefined {
  const place = textOfBytes(walkedFrom(cwd, bytesOfText(typed)));
  const stat = fs.statSync(place, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return hereAt(place, undefined);
  const parent = path.dirname(place);
  if (fs.statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  if (stat !== undefined) return hereAt(parent, bytesOfText(path.basename(place)));
  // A link that leads nowhere.
  if (fs.lstatSync(place.replace(/\/+$/, ''), { throwIfNoEntry: false })) return undefined;
  const [source, ...more] = command.sources;
  const sourceIsDir = source?.kind === 'local' && isSentAsDir(command, source);
  const isDirectory = more.length > 0 || (command.sourceIsDir ?? sourceIsDir);
  if (!isDirectory && !command.targetText.endsWith('/')) return undefined;
  nodeTreeWriter().makeTop(bytesOfText(place));
  return hereAt(place, undefined);
}

function hereAt(dir: string, fileName: ByteString | undefined): TargetHere | undefined {
  const root = realPath(bytesOfText(dir));
  return root === undefined ? undefined : { root, fileName };
}

/** A link without a slash behind it is sent as a link, unless links are followed. */
function isSentAsDir(command: RsyncCommand, { path: typed }: { readonly path: string }): boolean {
  const follows = command.options.some(
    ({ name }) => name === 'copy-links' || name === 'copy-dirlinks',
  );
  return isDir(typed) && (follows || fs.lstatSync(typed).isDirectory());
}

interface Parts {
  readonly command: RsyncCommand;
  readonly around: Surroundings;
  readonly target: TargetHere | 'remote';
}

async function guarded({ command, around, target }: Parts): Promise<Guarded> {
  const fileName = target === 'remote' ? undefined : target.fileName;
  const input = command.readsStdin ? await readInput() : undefined;
  const cwd = textOfBytes(around.cwd);
  const targetText =
    target === 'remote'
      ? command.targetText
      : textOfBytes(
          fileName === undefined ? target.root : byteString(`${target.root}/${fileName}`),
        );
  const sourceText = sourceName(command.sources, cwd);
  const sourceFile = sourceFileOf(command, cwd);
  const list = new RsyncListRun(command, { cwd: around.cwd, sourceFile });
  const early = new EarlyAsk((see, same, stop) =>
    ask({ command, around, input, fileName, see, same, list, stop }),
  );
  const isHere = target !== 'remote' && command.sources.every(({ kind }) => kind === 'local');
  return {
    ...{ risk: 'guarded', name: 'rsync', sourceText, targetText, input },
    pipeline: `rsync:${sourceText}>${targetText}`,
    sourcePlace: lookable(command, around),
    target: target === 'remote' ? target : target.root,
    scope: [fileName ?? byteString('')],
    deletes: command.deletes,
    cause: 'absent-in-source',
    filter: command.filter,
    filterNarrowsDeletes: command.filterNarrowsDeletes,
    copiesFirst: command.needsCopies,
    keepsDirTimes: command.keepsDirTimes,
    ask: (see, same) =>
      early.ask((change) => {
        list.note(change);
        see(fileName === undefined ? change : { ...change, path: fileName });
      }, same),
    // Over ssh somebody may be asked who they are: not before it is needed.
    ...(isHere ? { early } : {}),
    run: (backupDir) =>
      // Beside copies as well: of what changes after the dry run none was made.
      list.call(backupDir === undefined || command.hasOwnBackup ? {} : { backupDir }, input),
    runCreates: () => list.call({ createsOnly: true }, input),
    endedWell: (code) => ENDED_WELL.has(code),
    sourceFile,
  };
}

interface Asking {
  readonly command: RsyncCommand;
  readonly around: Surroundings;
  readonly input: Uint8Array | undefined;
  readonly fileName: ByteString | undefined;
  readonly see: (change: WrappedChange) => void;
  readonly same: ((path: ByteString) => void) | undefined;
  readonly list: RsyncListRun;
  readonly stop: AbortSignal | undefined;
}

async function ask(asking: Asking): Promise<Asked> {
  const { command, around, input, fileName, see, same, list, stop } = asking;
  const reader = new DryRunReader(see, (each) => same?.(fileName ?? each));
  const lines = new ByteLines((line) => reader.push(line));
  const env = { ...around.env, LC_ALL: 'C', TZ: 'UTC' };
  const args = dryRunArguments(command, same !== undefined);
  const { code, said } = await askChild(
    { program: command.program, args, env, input, stop },
    (bytes) => lines.push(bytes),
  );
  if (!LISTED.has(code)) return { kind: 'ended', code, said };
  lines.end();
  const listing = reader.end(command.sources.length);
  list.listed(code !== 23 && fileName === undefined);
  const ownErrors = code === 23 ? [firstLine(said) ?? 'rsync could not read all of it'] : [];
  return {
    kind: 'listed',
    listing: { ...listing, errors: [...ownErrors, ...listing.errors].map((each) => sayText(each)) },
    deleteMax: command.deleteMax,
    code,
    said,
  };
}

function firstLine(said: string): string | undefined {
  return said.split('\n').find((line) => line.trim() !== '' && !line.startsWith('rsync error'));
}

/** `/srv/a`, `host:/srv/a`; of several in one directory (`a/*`) that directory. */
function sourceName(sources: readonly RsyncPlace[], cwd: string): string {
  const names = sources.map((source) =>
    source.kind === 'local' ? absoluteKeepingSlash(cwd, source.path) : placeText(source),
  );
  const [first = '', ...more] = names;
  if (more.length === 0) return first;
  const parents = new Set(names.map((name) => path.posix.dirname(name)));
  return parents.size === 1 ? `${[...parents][0] ?? ''}/*` : names.join(' ');
}

/** A slash at the end makes it another source: what is in it, not itself. */
function absoluteKeepingSlash(cwd: string, given: string): string {
  const absolute = path.posix.resolve(cwd, given);
  return /(?:^|\/)\.?$/.test(given) && absolute !== '/' ? `${absolute}/` : absolute;
}

/** The directory that is read: of single files the one they lie in. */
function lookable(command: RsyncCommand, around: Surroundings): LookablePlace | undefined {
  const [first, ...more] = command.sources;
  if (first === undefined || first.kind === 'daemon') return undefined;
  if (first.kind === 'ssh') {
    const shell = remoteShellOf(command.options, around.env);
    return { host: first.host, path: first.path === '' ? '.' : first.path, shell };
  }
  const absolute = resolved(textOfBytes(around.cwd), first.path);
  const isWhole = more.length === 0 && (isDir(absolute) || !fs.existsSync(absolute));
  return { host: undefined, path: isWhole ? absolute : path.posix.dirname(absolute) };
}

/** Known for one local source whose names come through as they are. */
function sourceFileOf(
  command: RsyncCommand,
  cwd: string,
): (path: ByteString) => ByteString | undefined {
  const [source, ...more] = command.sources;
  const renames = command.options.some(({ name }) => name === 'relative' || name === 'files-from');
  if (source?.kind !== 'local' || more.length > 0 || renames) return () => undefined;
  const absolute = resolved(cwd, source.path);
  const isInside = absoluteKeepingSlash(cwd, source.path).endsWith('/');
  const root = bytesOfText(isInside ? absolute : path.posix.dirname(absolute));
  return (below) => byteString(`${root}/${below}`);
}

/** `..` behind a link is the directory above what the link leads to. */
function resolved(cwd: string, given: string): string {
  const walked = walkedFrom(bytesOfText(cwd), bytesOfText(given));
  const real = walked.split('/').includes('..') ? realPath(walked) : undefined;
  return real === undefined ? path.posix.resolve(cwd, given) : textOfBytes(real);
}

/** popt lets a file of the user give options other meanings. */
function aliasNotes({ env }: Surroundings): readonly string[] {
  const files = [
    '/etc/popt',
    ...filesIn('/etc/popt.d'),
    ...(env.HOME === undefined ? [] : [`${env.HOME}/.popt`]),
  ];
  return files.filter((file) => {
    try {
      return /^\s*rsync\s/m.test(fs.readFileSync(file, 'latin1'));
    } catch {
      return false; // Not there, or not to be read; then rsync cannot read it either.
    }
  });
}

function filesIn(dir: string): readonly string[] {
  try {
    return fs.readdirSync(dir).map((name) => `${dir}/${name}`);
  } catch {
    return []; // As a file that is not there.
  }
}

function isDir(absolute: string): boolean {
  return fs.statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true;
}
