/** Tools that list one tree; the two lists are compared here. */
import {
  type Aspect,
  type Difference,
  differencesOfSheets,
  linkLeaders,
  type Sheet,
} from './difference.ts';
import { runTool } from './python.ts';
import { isReadByTools, visibleToTools, type WalkedEntry, type WalkedTree } from './walk.ts';

const NONE: ReadonlyMap<Aspect, string> = new Map();

/** All namespaces, values in hexadecimal. Blind to missing files, and to paths over 4096 bytes. */
export async function compareByGetfattr(a: WalkedTree, b: WalkedTree): Promise<Difference[]> {
  // It does not show a file without attributes, so every file of either tree begins with none.
  const paths = [a, b].flatMap((tree) => visibleToTools(tree).map(({ path }) => path));
  const list = async (tree: WalkedTree): Promise<Sheet> => {
    const command = ['getfattr', '--no-dereference', '-d', '-m', '-', '-e', 'hex', '--'];
    const output = await listed(tree, { command, of: visibleToTools(tree) });
    const shown = blocksOf(output, (line) =>
      line.startsWith('system.posix_acl') ? 'acl' : 'xattrs',
    );
    return new Map([...paths.map((path) => [path, NONE] as const), ...shown]);
  };
  return differencesOfSheets('getfattr', await list(a), await list(b));
}

/** Blind to symbolic links, which have no ACL, and to paths over 4096 bytes. */
export async function compareByGetfacl(a: WalkedTree, b: WalkedTree): Promise<Difference[]> {
  const list = async (tree: WalkedTree) => {
    const of = visibleToTools(tree).filter((it) => it.kind !== 'symlink');
    return blocksOf(
      await listed(tree, { command: ['getfacl', '-n', '-p', '--'], of }),
      aspectOfAcl,
    );
  };
  return differencesOfSheets('getfacl', await list(a), await list(b));
}

/** Sees every path, of any length. Blind to content, holes, attributes, device numbers. */
export async function compareByFind(a: WalkedTree, b: WalkedTree): Promise<Difference[]> {
  return differencesOfSheets('find', await found(a), await found(b));
}

/** Blind to paths over 4096 bytes and to files over 512 MiB. */
export async function compareBySha256sum(a: WalkedTree, b: WalkedTree): Promise<Difference[]> {
  const list = async (tree: WalkedTree): Promise<Sheet> => {
    const of = visibleToTools(tree).filter((it) => it.kind === 'file' && isReadByTools(it));
    const output = await listed(tree, { command: ['sha256sum', '--zero', '--'], of });
    const lines = output.split('\0').filter((it) => it !== '');
    return new Map(
      lines.map((line) => [
        line.slice(66).replace(/^\.\//, ''),
        sheet('content', line.slice(0, 64)),
      ]),
    );
  };
  return differencesOfSheets('sha256sum', await list(a), await list(b));
}

/** Paths go by xargs: our arguments could not carry bytes that are no UTF-8. */
async function listed(
  tree: WalkedTree,
  task: { readonly command: readonly string[]; readonly of: readonly WalkedEntry[] },
): Promise<string> {
  const paths = task.of.map(({ path }) => (path === '.' ? '.\0' : `./${path}\0`)).join('');
  const outcome = await runTool({
    file: 'xargs',
    args: ['--null', '--no-run-if-empty', ...task.command],
    cwd: tree.dir,
    input: Buffer.from(paths, 'latin1'),
  });
  // What the tool could not do is no difference of the trees: the comparison did not happen.
  if (outcome.status !== 0 || outcome.stderr !== '') {
    throw new Error(`${task.command.join(' ')} in ${tree.dir}: ${outcome.stderr}`);
  }
  return outcome.stdout.toString('latin1');
}

/** Blocks of lines under `# file: name`, a blank line after each. */
function blocksOf(output: string, aspectOf: (line: string, lines: string[]) => Aspect): Sheet {
  const blocks = output.split('\n\n').filter((it) => it !== '');
  return new Map(
    blocks.map((block) => {
      const [head = '', ...lines] = block.split('\n');
      const name = head
        .replace('# file: ', '')
        .replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
          String.fromCharCode(Number.parseInt(code, 8)),
        );
      const values = new Map<Aspect, string>();
      for (const line of lines.filter((it) => it !== '').sort()) {
        const aspect = aspectOf(line, lines);
        values.set(aspect, `${values.get(aspect) ?? ''}${line} `);
      }
      return [name.replace(/^\.\//, ''), values];
    }),
  );
}

/** A list of the three base entries is the mode, said otherwise. */
function aspectOfAcl(line: string, lines: readonly string[]): Aspect {
  if (/^# (owner|group):/.test(line)) return 'owner';
  if (line.startsWith('# flags:')) return 'mode';
  const isExtended = lines.some((it) => it.startsWith('mask:'));
  return isExtended || line.startsWith('default:') ? 'acl' : 'mode';
}

const FIELDS = ['%P', '%y', '%m', '%U:%G', '%s', '%T@', '%n', '%l', '%D:%i'] as const;

async function found(tree: WalkedTree): Promise<Sheet> {
  const format = FIELDS.map((it) => `${it}\\0`).join('');
  const outcome = await runTool({ file: 'find', args: ['.', '-printf', format], cwd: tree.dir });
  const isBlind = /Permission denied/.test(outcome.stderr);
  if (outcome.status !== 0 && !isBlind) throw new Error(`find in ${tree.dir}: ${outcome.stderr}`);
  const fields = outcome.stdout.toString('latin1').split('\0');
  const rows: string[][] = [];
  for (let at = 0; at + FIELDS.length < fields.length; at += FIELDS.length) {
    rows.push(fields.slice(at, at + FIELDS.length));
  }
  const leaders = linkLeaders(rows.map((row) => ({ path: pathOf(row), inode: row[8] ?? '' })));
  return new Map(
    rows.map((row) => {
      const [, kind = '', mode = '', owner = '', size = '', mtime = '', links, target = ''] = row;
      const path = pathOf(row);
      const values = new Map<Aspect, string>([
        ['kind', kind],
        ['mode', mode],
        ['owner', owner],
        ['mtime', mtime],
        ['target', target],
      ]);
      // Of a directory both tell how the file system keeps it.
      if (kind !== 'd') values.set('size', size);
      if (kind !== 'd') values.set('links', `${links} with ${leaders.get(path)}`);
      return [path, values];
    }),
  );
}

function pathOf(row: readonly string[]): string {
  return row[0] === '' ? '.' : (row[0] ?? '');
}

function sheet(aspect: Aspect, value: string): ReadonlyMap<Aspect, string> {
  return new Map([[aspect, value]]);
}
