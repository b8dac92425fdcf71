import { file, hardlink, node, type OracleCase, symlink, utf8 } from './oracle-case.ts';

const TARGETS: readonly (readonly [name: string, target: string, special: string])[] = [
  ['dangling', 'no/such/file', 'points nowhere'],
  ['absolute', '/etc/hostname', 'absolute, must not be rewritten'],
  ['absolute-dangling', '/no/such/thing', 'absolute and points nowhere'],
  ['to-file', '../contents/random-512', 'relative, through the parent'],
  ['to-directory', '../directories/many', 'a directory: must not be walked'],
  ['to-directory-slash', '../directories/many/', 'ends in a slash'],
  ['to-itself', 'to-itself', 'a loop'],
  ['to-dot', '.', 'its own directory: endless when followed'],
  ['to-parent', '..', 'the directory above'],
  ['to-root', '/', 'everything'],
  ['outside', '../../../../../../etc/passwd', 'out of the tree'],
  ['to-symlink', 'to-file', 'a link to a link'],
  ['unusual', './/..///symlinks/./to-file', 'must not be normalised'],
  ['space', ' a b ', 'spaces at the ends'],
  ['newline', 'line\nbreak', 'a newline in the target'],
  ['arrow', 'a -> b', 'what ls prints between name and target'],
  ['backslash', 'a\\b\\n', 'backslashes in the target'],
  ['not-utf8', 'caf\xe9\xff', 'no UTF-8 in the target'],
  ['utf8', utf8('\u{1f4be}/\u00e9'), 'UTF-8 in the target'],
  ['long-255', 't'.repeat(255), 'a target of 255 bytes'],
  ['long-59', 't'.repeat(59), 'the longest that ext4 keeps in the inode'],
  ['long-60', 't'.repeat(60), 'the shortest that ext4 keeps outside the inode'],
  ['long-4095', `${'t'.repeat(254)}/`.repeat(17).slice(0, 4095), 'the longest target, 4095 bytes'],
];

function symlinkCases(): OracleCase[] {
  return [
    ...TARGETS.map(([name, target, special]) => symlink(`symlinks/${name}`, special, { target })),
    symlink('symlinks/old', 'a link with a time of its own, before 1970', {
      target: 'to-file',
      mtimeNs: -1_500_000_001n,
    }),
    symlink('symlinks/precise', 'a link with nanoseconds', {
      target: 'no',
      mtimeNs: 1_234_567_890_123_456_789n,
    }),
    symlink('symlinks/owned', 'a link with an owner of its own', {
      target: 'to-file',
      needs: 'root',
      owner: [54_321, 54_322],
    }),
    symlink('symlinks/name\xff\n', 'a link with a name that is no UTF-8', { target: '\xff' }),
  ];
}

function hardlinkCases(): OracleCase[] {
  return [
    file('hardlinks/a', 'two names in one directory'),
    hardlink('hardlinks/b', 'hardlinks/a', 'the second name'),
    file('hardlinks/z-first', 'the name made first sorts last'),
    hardlink('hardlinks/0-second', 'hardlinks/z-first', 'sorts before the name made first'),
    file('hardlinks/near/x', 'two directories'),
    hardlink('hardlinks/far/away/x', 'hardlinks/near/x', 'in another directory'),
    file('hardlinks/five-0', 'five names', { size: 300_000 }),
    hardlink('hardlinks/five-1', 'hardlinks/five-0', 'five names'),
    hardlink('hardlinks/near/five-2', 'hardlinks/five-0', 'five names'),
    hardlink('hardlinks/far/five-3', 'hardlinks/five-1', 'five names'),
    hardlink('hardlinks/five-\xff', 'hardlinks/five-0', 'five names, one no UTF-8'),
    file('hardlinks/empty-a', 'empty, with two names', { size: 0 }),
    hardlink('hardlinks/empty-b', 'hardlinks/empty-a', 'the second name of an empty file'),
    file('hardlinks/twin', 'same content as its neighbour, and no link', {
      size: 1000,
      parts: [{ offset: 0, length: 1000, fill: 'text', seed: 1 }],
    }),
    file('hardlinks/twin-apart', 'same content as its neighbour, and no link', {
      size: 1000,
      parts: [{ offset: 0, length: 1000, fill: 'text', seed: 1 }],
    }),
    symlink('hardlinks/link-a', 'a symbolic link with two names', { target: 'a' }),
    hardlink('hardlinks/link-b', 'hardlinks/link-a', 'the second name of a symbolic link'),
    node('hardlinks/fifo-a', 'fifo', { special: 'a FIFO with two names' }),
    hardlink('hardlinks/fifo-b', 'hardlinks/fifo-a', 'the second name of a FIFO'),
    file('hardlinks/sparse-a', 'sparse, with two names', {
      size: 3_000_000,
      parts: [{ offset: 2_000_000, length: 1000, fill: 'random', seed: 9 }],
    }),
    hardlink('hardlinks/sparse-b', 'hardlinks/sparse-a', 'the second name of a sparse file'),
    file('hardlinks/dressed-a', 'attributes and a time, with two names', {
      mode: 0o640,
      mtimeNs: 987_654_321n,
      xattrs: { 'user.dressed': 'eWVz' },
    }),
    hardlink('hardlinks/dressed-b', 'hardlinks/dressed-a', 'attributes belong to both names'),
    hardlink(`deep-link/${`${'l'.repeat(250)}/`.repeat(18)}x`, 'hardlinks/a', 'at over 4500 bytes'),
  ];
}

function nodeCases(): OracleCase[] {
  const device = (name: string, kind: 'character' | 'block', numbers: readonly [number, number]) =>
    node(`nodes/${name}`, kind, {
      special: `${kind} device ${numbers.join(', ')}`,
      needs: 'root',
      device: numbers,
      mode: 0o620,
    });
  return [
    node('nodes/fifo', 'fifo', { special: 'opening it would wait for ever', mode: 0o600 }),
    node('nodes/fifo-666', 'fifo', {
      special: 'a FIFO for all, with a time',
      mode: 0o666,
      mtimeNs: 7n,
    }),
    node('nodes/fifo \xff', 'fifo', { special: 'a FIFO whose name is no UTF-8' }),
    node('nodes/socket', 'socket', { special: 'opening it fails', mode: 0o755 }),
    node('nodes/socket-777', 'socket', { special: 'a socket for all', mode: 0o777, mtimeNs: -7n }),
    device('null', 'character', [1, 3]),
    device('full-numbers', 'character', [4095, 1_048_575]),
    device('minor-256', 'character', [10, 256]),
    device('zero-zero', 'character', [0, 0]),
    device('loop', 'block', [7, 200]),
    device('minor-large', 'block', [259, 70_000]),
    device('large', 'block', [511, 255]),
    node('nodes/fifo-owned', 'fifo', {
      special: 'a FIFO of another user',
      needs: 'root',
      owner: [1234, 4321],
    }),
    node('nodes/null-owned', 'character', {
      special: 'a device of another user, with a time',
      needs: 'root',
      device: [1, 3],
      owner: [1234, 4321],
      mtimeNs: 1_700_000_000_000_000_001n,
    }),
  ];
}

export function linkAndNodeCases(): OracleCase[] {
  return [...symlinkCases(), ...hardlinkCases(), ...nodeCases()];
}
