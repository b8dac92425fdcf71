import type { Aspect, Difference } from './difference.ts';
import { runTool } from './python.ts';
import { leftToTheWalk, type WalkedTree } from './walk.ts';

const SAYINGS: readonly (readonly [pattern: RegExp, aspect: Aspect])[] = [
  [/^Mode differs$/, 'mode'],
  [/^[UG]id differs$/, 'owner'],
  [/^Mod time differs$/, 'mtime'],
  [/^Size differs$/, 'size'],
  [/^Contents differ$/, 'content'],
  [/^File type differs$/, 'kind'],
  [/^Symlink differs$/, 'target'],
  [/^Device number differs$/, 'device'],
  [/^Not linked to /, 'links'],
  [/Cannot (stat|open|readlink): No such file/, 'presence'],
];

/** Not about the trees: sockets are no part of the format, the last line repeats the status. */
const NOISE = /: socket ignored$|^tar: Exiting with failure status/;

/** The archive goes through a pipe; both ends quote names so that each message is one line. */
const PIPELINE = `
  from=$1 to=$2
  shift 2
  tar -C "$from" --create --format=posix --sparse --quoting-style=escape --numeric-owner \
    --acls --xattrs '--xattrs-include=*' --anchored --no-wildcards --file=- "$@" . |
  tar -C "$to" --compare --quoting-style=escape --numeric-owner \
    --acls --xattrs '--xattrs-include=*' --file=-
`;

/**
 * Blind to extra files, sockets, attributes, times of directories and links (GNU tar 1.34 does not
 * compare them), and to what is left to the walk.
 */
export async function compareByTar(a: WalkedTree, b: WalkedTree): Promise<Difference[]> {
  const excludes = leftToTheWalk([a, b]).map((path) => `--exclude=./${path}`);
  const args = ['-c', PIPELINE, 'sh', a.dir, b.dir, ...excludes];
  const outcome = await runTool({ file: 'sh', args });
  const lines = `${outcome.stdout.toString('latin1')}\n${outcome.stderr}`.split('\n');
  const found = lines.filter((line) => line !== '' && !NOISE.test(line)).map(parseLine);
  if (outcome.status === 0 || found.length > 0) return found;
  return [{ tool: 'tar', aspect: 'tool', path: '.', detail: `status ${outcome.status}` }];
}

export function parseLine(line: string): Difference {
  const match = /^(?:tar: )?\.\/?(.*?): (?:Warning: )?(\D.*)$/s.exec(line);
  const said = match?.[2] ?? line;
  const aspect = SAYINGS.find(([pattern]) => pattern.test(said))?.[1] ?? 'tool';
  const path = unquoted(match?.[1] ?? '').replace(/\/$/, '');
  return { tool: 'tar', aspect, path: path === '' ? '.' : path, detail: said };
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unquoted(name: string): string {
  return name.replaceAll(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
  );
}
