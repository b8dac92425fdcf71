/** What a line of shell would delete, and whether it does so through `holdfast guard run`. */
import { placesNamed, type Said } from '../discovery/backup-claims.ts';
import { commandsInLine } from '../discovery/backup-command.ts';
import type { WayKind } from '../../guard/core/ways.ts';

export interface DeleteInLine {
  readonly kind: WayKind;
  /** `rsync`, `rm`, ...: as it would be called. */
  readonly program: string;
  readonly target: string | undefined;
  readonly isGuarded: boolean;
  /** It goes through the guard, which only watches. */
  readonly isObserved?: true;
}

const PROGRAMS = new Set(['rsync', 'rclone', 'find', 'rm', 'lftp', 'holdfast']);
/** What is scratch by its place is nobody's data. */
const SCRATCH = /^(?:\/tmp|\/var\/tmp|\/run|\/var\/run|\/dev\/shm|\/var\/cache)(?:\/|$)/;
const RCLONE_DELETES = new Set(['sync', 'bisync', 'delete', 'purge', 'move', 'moveto', 'rmdirs']);

export function deletesInLine(
  line: string,
  variables: ReadonlyMap<string, string>,
): readonly DeleteInLine[] {
  const isWanted = (program: string): boolean => PROGRAMS.has(program);
  return commandsInLine(line, { variables, isWanted }).flatMap(deletesOf);
}

function deletesOf(said: Said): readonly DeleteInLine[] {
  if (said.program !== 'holdfast') return inCommand(said);
  const end = said.args.indexOf('--');
  const [first, second] = said.args;
  if (first !== 'guard' || second !== 'run' || end === -1) return [];
  const [program = '', ...args] = said.args.slice(end + 1);
  const name = program.slice(program.lastIndexOf('/') + 1);
  const isObserved = said.args.slice(2, end).includes('--observe');
  const how = isObserved ? ({ isObserved } as const) : { isGuarded: true };
  return inCommand({ ...said, program: name, args }).map((each) => ({ ...each, ...how }));
}

function inCommand({ program, args }: Said): readonly DeleteInLine[] {
  const one = (kind: WayKind, target: string | undefined): readonly DeleteInLine[] =>
    target !== undefined && SCRATCH.test(target)
      ? []
      : [{ kind, program, target, isGuarded: false }];
  switch (program) {
    case 'rsync': {
      const deletes = args.some((word) =>
        /^--(?:del(?:ete[a-z-]*)?|remove-source-files)$/.test(word),
      );
      const isDry = args.some((word) => /^(?:--dry-run|-[a-zA-Z]*n[a-zA-Z]*)$/.test(word));
      // The far side of somebody's rsync: what it may do is said by the key or the daemon.
      return deletes && !isDry && args[0] !== '--server'
        ? one('rsync --delete', placesNamed(args).at(-1))
        : [];
    }
    case 'rclone':
      return args.some((word) => RCLONE_DELETES.has(word)) && !args.includes('--dry-run')
        ? one('rclone sync', placesNamed(args).at(-1))
        : [];
    case 'find': {
      const rm = args.findIndex((word) => /^-(?:exec|execdir|ok)$/.test(word));
      const deletes =
        args.includes('-delete') || (rm !== -1 && /(?:^|\/)rm$/.test(args[rm + 1] ?? ''));
      const target = args.find((word) => word.startsWith('/'));
      return deletes && target !== undefined ? one('find -delete', target) : [];
    }
    case 'rm': {
      const isRecursive = args.some((word) =>
        /^(?:--recursive|-[a-zA-Z]*[rR][a-zA-Z]*)$/.test(word),
      );
      const targets = args.filter((word) => word.startsWith('/') && !SCRATCH.test(word));
      return isRecursive && targets[0] !== undefined ? one('rm -r', targets[0]) : [];
    }
    case 'lftp':
      return args.some((word) => /\bmirror\b.*--delete\b/s.test(word))
        ? one('lftp mirror --delete', undefined)
        : [];
    default:
      return [];
  }
}

const OBSERVED = /(\bguard run\b.*?) --observe(?= .*--)/;
const CALL = (program: string): RegExp =>
  new RegExp(`(^|[\\s;&|({\`])((?:/[^\\s;&|()'"]*/)?${program})(?=\\s)`, 'g');

/**
 * The same line with the guard before each such program. Undefined where that cannot be told from the
 * text: the line that comes out is read again, and all its deletes must be guarded.
 */
export function guardedLine(
  line: string,
  of: { readonly program: string; readonly holdfast: string },
): string | undefined {
  const guarded = OBSERVED.test(line)
    ? line.replace(OBSERVED, '$1')
    : line.replaceAll(CALL(of.program), `$1${of.holdfast} guard run -- $2`);
  const found = deletesInLine(guarded, new Map());
  const isWhole = found.length > 0 && found.every(({ isGuarded }) => isGuarded);
  return isWhole ? guarded : undefined;
}

/** Absolute paths by which a script calls the program: a `PATH` of ours would not be looked at. */
export function absoluteCalls(text: string, program: string): readonly string[] {
  const found = [...text.matchAll(CALL(program))].map((match) => match[2] ?? '');
  return [...new Set(found.filter((word) => word.startsWith('/')))];
}
