/**
 * What closes each way around, as text to be read and put in place by a person: nothing here applies
 * anything. Each piece says how to see that it works and how to take it back.
 */
import { quoteWord } from '../../base/shell-word.ts';
import type { Way } from './ways.ts';

/** Where the originals lie behind their wrappers, and the programs that these find first. */
export const BEHIND = '/usr/local/lib/holdfast/behind';
export const SHIMS = '/usr/local/lib/holdfast/shims';

export type PieceKind = 'wrapper' | 'line' | 'sudoers' | 'rsyncd' | 'authorized-keys';

export interface KitPiece {
  readonly kind: PieceKind;
  readonly title: string;
  /** `shell`: to be run as root. `file`: what stands in `file` from then on. */
  readonly form: 'shell' | 'file';
  readonly file: string;
  readonly text: string;
  /** How a person sees that it works. */
  readonly check: string;
  readonly undo: string;
  /** What it does not close, or what to know. */
  readonly note: string | undefined;
}

export interface KitOptions {
  /** How Holdfast is called: an absolute path. */
  readonly holdfast: string;
  /** Of sudoers: who runs the wrappers. */
  readonly group: string;
  readonly hasSudo: boolean;
  /** Where programs lie on this host. */
  readonly programs: Readonly<Record<string, string>>;
}

/** In sudoers these are patterns, or cannot be written: such a name would allow more than itself. */
const SUDO_PATTERN = /[*?[\]\\"]/;
/** Those are put in front by PATH; of others each line is changed. */
const BY_PATH = new Set(['rsync', 'rclone']);

export function kitFor(ways: readonly Way[], options: KitOptions): readonly KitPiece[] {
  const open = ways.filter(({ state }) => state === 'open');
  const scripts = new Set<string>();
  const pieces = open.flatMap((way) => {
    const { detail } = way;
    const isWrapped = detail.of === 'script' && BY_PATH.has(detail.program);
    if (!isWrapped) return piecesOf(way, options);
    // One wrapper for all that a script calls by that name.
    const isKnown = scripts.has(detail.path);
    scripts.add(detail.path);
    return isKnown ? [] : [wrapperPiece(detail, options)];
  });
  const wrapped = [...scripts].filter((path) => !SUDO_PATTERN.test(path));
  const isSudo = options.hasSudo && wrapped.length > 0;
  return isSudo ? [...pieces, sudoersPiece(wrapped, options.group)] : pieces;
}

function piecesOf(way: Way, options: KitOptions): readonly KitPiece[] {
  const { detail } = way;
  switch (detail.of) {
    case 'script':
    case 'line':
      return linePiece(way, detail);
    case 'module':
      return [modulePiece(way, detail)];
    case 'key':
      return keyPiece(way, detail, options);
    case 'nothing':
      return [];
    default:
      return unreachable(detail);
  }
}

function unreachable(detail: never): never {
  throw new Error(`no such detail: ${String(detail)}`);
}

/** Its old path below another top, so that its name stays what it is. */
export function behindOf(path: string): string {
  return `${BEHIND}${path}`;
}

type ScriptDetail = Extract<Way['detail'], { of: 'script' }>;
type LineDetail = Extract<Way['detail'], { of: 'line' | 'script' }>;

function wrapperPiece(detail: ScriptDetail, options: KitOptions): KitPiece {
  const { path, program, absolute } = detail;
  const [old, behind] = [quoteWord(path), quoteWord(behindOf(path))];
  const original = quoteWord(`${behindOf(path)}.original`);
  const directory = quoteWord(behindOf(path).slice(0, behindOf(path).lastIndexOf('/')));
  const shim = quoteWord(`${SHIMS}/${program}`);
  const real = options.programs[program] ?? `/usr/bin/${program}`;
  // Absolute calls would pass the shim by: in the copy they become the bare name.
  const edits = absolute.map(
    (word) =>
      `-e ${quoteWord(`s,${word.replaceAll('.', '\\.')}\\([[:space:]]\\),${program}\\1,g`)}`,
  );
  const copied = edits.length === 0 ? [] : [`sed ${edits.join(' ')} ${original} >${behind}`];
  const text = [
    'set -e',
    `mkdir -p ${directory} ${SHIMS}`,
    `cp -p ${old} ${original}`,
    `cp -p ${old} ${behind}`,
    ...copied,
    `cat >${shim} <<'END'`,
    '#!/bin/sh',
    '# From `holdfast guard kit`: what wrapped scripts find in the place of this program.',
    `PATH=\${PATH#${SHIMS}:}; export PATH`,
    `exec ${quoteWord(options.holdfast)} guard run -- ${quoteWord(real)} "$@"`,
    'END',
    `chmod 0755 ${shim}`,
    `cat >${quoteWord(`${path}.new`)} <<'END'`,
    '#!/bin/sh',
    '# From `holdfast guard kit`: under the old name, and what it deletes is judged first.',
    `PATH=${SHIMS}:$PATH; export PATH`,
    `exec ${behind} "$@"`,
    'END',
    `chmod --reference=${original} ${quoteWord(`${path}.new`)}`,
    `chown --reference=${original} ${quoteWord(`${path}.new`)}`,
    `mv ${quoteWord(`${path}.new`)} ${old}`,
  ].join('\n');
  return {
    kind: 'wrapper',
    title: `${path}: a wrapper under the old name`,
    form: 'shell',
    file: path,
    text: `${text}\n`,
    check: `holdfast guard coverage`,
    undo: `cp -p ${original} ${old}`,
    note: `What it calls as ${program} is asked for first; a program that it calls by another absolute path, or over ssh on another host, is not.`,
  };
}

function linePiece({ where, foundBy }: Way, detail: LineDetail): readonly KitPiece[] {
  const { line, guarded } = detail;
  if (guarded === undefined) return [];
  return [
    {
      kind: 'line',
      title: `${where}: the same command through the guard`,
      form: 'file',
      file: where,
      text: `${guarded}\n`,
      check: 'holdfast guard coverage',
      undo: `put the old command back: ${line}`,
      note: where.endsWith('.timer')
        ? `It stands in ExecStart= of the service that ${where} starts: systemctl edit --full.`
        : foundBy === 'cron'
          ? 'What stands before the command in its line, such as the times, stays.'
          : undefined,
    },
  ];
}

type ModuleDetail = Extract<Way['detail'], { of: 'module' }>;

function modulePiece({ where }: Way, { name, refused }: ModuleDetail): KitPiece {
  // A pattern for delete beside `delete` takes something of it back.
  const kept = refused.filter((word) => !/^!|^del|^remove|^force$|,$/.test(word));
  const words = ['delete', 'remove-*', 'force', ...kept];
  return {
    kind: 'rsyncd',
    title: `${where}, module ${name}: clients delete nothing`,
    form: 'file',
    file: where,
    text: `[${name}]\n    refuse options = ${words.join(' ')}\n`,
    check: `rsync -rn --delete EMPTY/ rsync://HOST/${name}/  must say: configured to refuse --delete`,
    undo: 'take the line out again; the daemon reads it at the next connection',
    note: 'Clients that may write can still overwrite. Words are separated by spaces: a comma, or a pattern such as delete*, lets some of it through.',
  };
}

type KeyDetail = Extract<Way['detail'], { of: 'key' }>;

function keyPiece(
  { where, what }: Way,
  { line, directory }: KeyDetail,
  { programs }: KitOptions,
): readonly KitPiece[] {
  if (directory === undefined || /["\\$`]/.test(directory)) return [];
  const rrsync = programs.rrsync ?? '/usr/bin/rrsync';
  const key = /(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+\s+[A-Za-z0-9+/=]+(?:\s.*)?$/.exec(line)?.[0] ?? '';
  const refuse = `case \\"$SSH_ORIGINAL_COMMAND\\" in *--force*) echo 'refused here: --force' >&2; exit 1;; esac`;
  const command = `${refuse}; exec ${rrsync} -no-del ${quoteWord(directory)}`;
  return [
    {
      kind: 'authorized-keys',
      title: `${where}: ${what} copies, and deletes nothing`,
      form: 'file',
      file: where,
      text: `restrict,command="${command}" ${key}\n`,
      check:
        'rsync -rn --delete EMPTY/ HOST:  must say: option --delete has been disabled on this server',
      undo: `put the old line back: ${line}`,
      note: 'rrsync -no-del lets --force through, which replaces a directory by a file: the line refuses it by itself. Paths of clients are below the directory then.',
    },
  ];
}

function sudoersPiece(paths: readonly string[], group: string): KitPiece {
  const commands = paths.map((path) => path.replaceAll(/[,:= #]/g, String.raw`\$&`)).join(', ');
  const file = '/etc/sudoers.d/holdfast';
  return {
    kind: 'sudoers',
    title: 'sudo: the wrappers, and nothing around them',
    form: 'file',
    file,
    text: `# From \`holdfast guard kit\`. Take rsync, rm and a shell out of what else this group may run.\n%${group} ALL=(root) ${commands}\n`,
    check: `visudo -cf ${file}`,
    undo: `rm ${file}`,
    note: `Who may run a shell or rsync as root by another line goes around it still.`,
  };
}
