// Goal: the comparers are an oracle, so they must be able to fail: a faithful copy is equal, and
// each single thing that a copy could lose is noticed by the tools that claim to see it.
// Method: `cp -a` of small trees; one mutation in each; the tools that noticed are pinned, and
// nothing else may have been noticed there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from './cleanup.ts';
import { compareTrees, findDifferences, missingTools } from './compare.ts';
import { parseItems } from './compare-rsync.ts';
import { parseLine } from './compare-tar.ts';
import { makeOracleTree } from './oracle-tree.ts';

const isRoot = process.getuid?.() === 0;
const skip = missingTools().length > 0 ? `not installed: ${missingTools().join(', ')}` : false;

async function scratch(): Promise<{ dir: string } & AsyncDisposable> {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-compare-'));
  return { dir, [Symbol.asyncDispose]: () => removeTree(dir) };
}

function run(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

interface Mutation {
  readonly what: string;
  /** Needs privilege to make or to change. */
  readonly root?: boolean;
  /** Makes what will change below `dir`, which exists. */
  readonly make: (dir: string) => void;
  readonly mutate: (dir: string) => void;
  /** `tool aspect`, sorted: exactly who notices what, at the path `name` or below `dir`. */
  readonly noticed: readonly string[];
  /** Whose time is put back after the mutation; by default `file`, so that only one thing changes. */
  readonly keepTimeOf?: readonly string[];
}

const text = 'x'.repeat(20_000);
const makeFile = (dir: string) => fs.writeFileSync(`${dir}/file`, text);
const fill = (path: string, at: number, length: number) => {
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, Buffer.alloc(length), 0, length, at);
  fs.closeSync(fd);
};

const CONTENT: readonly Mutation[] = [
  {
    what: 'one byte, same size and time',
    make: makeFile,
    mutate: (dir) => fill(`${dir}/file`, 9000, 1),
    noticed: ['rsync content', 'sha256sum content', 'tar content', 'walk content'],
  },
  {
    what: 'one byte more',
    make: makeFile,
    mutate: (dir) => fs.appendFileSync(`${dir}/file`, 'y'),
    noticed: [
      'find size',
      'rsync content',
      'rsync size',
      'sha256sum content',
      'tar size',
      'walk content',
      'walk holes',
      'walk size',
    ],
  },
  {
    what: 'a hole filled with zeros',
    make: (dir) => {
      makeFile(dir);
      fs.truncateSync(`${dir}/file`, 1_000_000);
    },
    mutate: (dir) => fill(`${dir}/file`, 400_000, 100_000),
    noticed: ['walk holes'],
  },
  {
    what: 'zeros become a hole',
    make: (dir) => {
      makeFile(dir);
      fs.appendFileSync(`${dir}/file`, Buffer.alloc(500_000));
    },
    mutate: (dir) => run('fallocate', '--dig-holes', `${dir}/file`),
    noticed: ['walk holes'],
  },
  {
    what: 'a file is missing',
    make: makeFile,
    mutate: (dir) => fs.unlinkSync(`${dir}/file`),
    keepTimeOf: ['.'],
    noticed: [
      'find presence',
      'rsync presence',
      'sha256sum presence',
      'tar presence',
      'walk presence',
      'getfacl presence',
    ],
  },
  {
    what: 'a file is extra',
    make: (dir) => fs.mkdirSync(`${dir}/below`),
    mutate: makeFile,
    keepTimeOf: ['.'],
    noticed: [
      'find presence',
      'rsync presence',
      'sha256sum presence',
      'walk presence',
      'getfacl presence',
    ],
  },
  {
    what: 'an empty directory is missing',
    make: (dir) => fs.mkdirSync(`${dir}/file`),
    mutate: (dir) => fs.rmdirSync(`${dir}/file`),
    keepTimeOf: ['.'],
    noticed: [
      'find presence',
      'getfacl presence',
      'rsync presence',
      'tar presence',
      'walk presence',
    ],
  },
  {
    what: 'a byte of a name that is no UTF-8',
    make: (dir) => fs.writeFileSync(Buffer.from(`${dir}/\xff`, 'latin1'), ''),
    mutate: (dir) =>
      fs.renameSync(Buffer.from(`${dir}/\xff`, 'latin1'), Buffer.from(`${dir}/\xfe`, 'latin1')),
    keepTimeOf: ['.'],
    noticed: [
      'find presence',
      'getfacl presence',
      'rsync presence',
      'sha256sum presence',
      'tar presence',
      'walk presence',
    ],
  },
];

const STAT: readonly Mutation[] = [
  {
    what: 'a nanosecond of a file',
    make: (dir) => {
      makeFile(dir);
      run('touch', '-d', '@1500000000.000000001', `${dir}/file`);
    },
    mutate: (dir) => run('touch', '-d', '@1500000000.000000002', `${dir}/file`),
    keepTimeOf: [],
    noticed: ['find mtime', 'rsync mtime', 'tar mtime', 'walk mtime'],
  },
  {
    what: 'the time of a directory',
    make: (dir) => fs.mkdirSync(`${dir}/file`),
    mutate: (dir) => run('touch', '-d', '@-5', `${dir}/file`),
    keepTimeOf: [],
    noticed: ['find mtime', 'rsync mtime', 'walk mtime'],
  },
  {
    what: 'the time of a symbolic link',
    make: (dir) => fs.symlinkSync('nowhere', `${dir}/file`),
    mutate: (dir) => run('touch', '-h', '-d', '@4102444800', `${dir}/file`),
    keepTimeOf: [],
    noticed: ['find mtime', 'rsync mtime', 'walk mtime'],
  },
  {
    what: 'a permission',
    make: makeFile,
    mutate: (dir) => fs.chmodSync(`${dir}/file`, 0o640),
    noticed: ['find mode', 'getfacl mode', 'rsync mode', 'tar mode', 'walk mode'],
  },
  {
    what: 'setuid',
    make: makeFile,
    mutate: (dir) => fs.chmodSync(`${dir}/file`, 0o4644),
    noticed: ['find mode', 'getfacl mode', 'rsync mode', 'tar mode', 'walk mode'],
  },
  {
    what: 'owner',
    root: true,
    make: makeFile,
    mutate: (dir) => fs.chownSync(`${dir}/file`, 54_321, 0),
    noticed: ['find owner', 'getfacl owner', 'rsync owner', 'tar owner', 'walk owner'],
  },
  {
    what: 'group of a symbolic link',
    root: true,
    make: (dir) => fs.symlinkSync('nowhere', `${dir}/file`),
    mutate: (dir) => fs.lchownSync(`${dir}/file`, 0, 54_321),
    noticed: ['find owner', 'rsync owner', 'walk owner'],
  },
  {
    what: 'target of a link, same length',
    make: (dir) => fs.symlinkSync('here', `${dir}/file`),
    mutate: (dir) => {
      fs.unlinkSync(`${dir}/file`);
      fs.symlinkSync('hers', `${dir}/file`);
    },
    keepTimeOf: ['file', '.'],
    noticed: ['find target', 'rsync target', 'tar target', 'walk target'],
  },
  {
    what: 'minor number of a device',
    root: true,
    make: (dir) => run('mknod', '-m', '600', `${dir}/file`, 'c', '10', '256'),
    mutate: (dir) => {
      fs.unlinkSync(`${dir}/file`);
      run('mknod', '-m', '600', `${dir}/file`, 'c', '10', '257');
    },
    keepTimeOf: ['file', '.'],
    noticed: ['rsync device', 'tar device', 'walk device'],
  },
  {
    what: 'a FIFO instead of a file',
    make: (dir) => fs.writeFileSync(`${dir}/file`, ''),
    mutate: (dir) => {
      fs.unlinkSync(`${dir}/file`);
      run('mkfifo', '-m', '644', `${dir}/file`);
    },
    keepTimeOf: ['file', '.'],
    noticed: [
      'find kind',
      'rsync presence',
      'sha256sum presence',
      'tar kind',
      'walk content',
      'walk holes',
      'walk kind',
      'walk size',
    ],
  },
];

const ATTRIBUTES: readonly Mutation[] = [
  {
    what: 'an attribute has another value',
    make: (dir) => {
      makeFile(dir);
      run('setfattr', '-n', 'user.x', '-v', 'a', `${dir}/file`);
    },
    mutate: (dir) => run('setfattr', '-n', 'user.x', '-v', 'b', `${dir}/file`),
    noticed: ['getfattr xattrs', 'rsync xattrs', 'walk xattrs'],
  },
  {
    what: 'an empty attribute is missing',
    make: (dir) => {
      makeFile(dir);
      run('setfattr', '-n', 'user.empty', `${dir}/file`);
    },
    mutate: (dir) => run('setfattr', '-x', 'user.empty', `${dir}/file`),
    noticed: ['getfattr xattrs', 'rsync xattrs', 'walk xattrs'],
  },
  {
    what: 'trusted attribute of a link',
    root: true,
    make: (dir) => {
      fs.symlinkSync('nowhere', `${dir}/file`);
      run('setfattr', '-h', '-n', 'trusted.x', '-v', 'a', `${dir}/file`);
    },
    mutate: (dir) => run('setfattr', '-h', '-x', 'trusted.x', `${dir}/file`),
    noticed: ['getfattr xattrs', 'rsync xattrs', 'walk xattrs'],
  },
  {
    what: 'file capability',
    root: true,
    make: (dir) => {
      makeFile(dir);
      run('setcap', 'cap_net_raw+ep', `${dir}/file`);
    },
    mutate: (dir) => run('setcap', '-r', `${dir}/file`),
    noticed: ['getfattr xattrs', 'rsync xattrs', 'walk xattrs'],
  },
  {
    what: 'entry of an access ACL',
    make: (dir) => {
      makeFile(dir);
      run('setfacl', '-m', 'u:1234:r,m::rw', `${dir}/file`);
    },
    mutate: (dir) => run('setfacl', '-m', 'u:1234:-,m::rw', `${dir}/file`),
    noticed: ['getfacl acl', 'getfattr acl', 'rsync acl', 'walk acl'],
  },
  {
    what: 'default ACL',
    make: (dir) => {
      fs.mkdirSync(`${dir}/file`);
      run('setfacl', '-d', '-m', 'u:1234:rwx', `${dir}/file`);
    },
    mutate: (dir) => run('setfacl', '-k', `${dir}/file`),
    noticed: ['getfacl acl', 'getfattr acl', 'rsync acl', 'walk acl'],
  },
];

const LINKS: readonly Mutation[] = [
  {
    what: 'a hard link becomes a copy',
    make: (dir) => {
      makeFile(dir);
      fs.linkSync(`${dir}/file`, `${dir}/other`);
    },
    mutate: (dir) => {
      fs.unlinkSync(`${dir}/other`);
      run('cp', '-p', `${dir}/file`, `${dir}/other`);
    },
    keepTimeOf: ['file', '.'],
    noticed: ['find links', 'rsync links', 'tar links', 'walk links'],
  },
  {
    what: 'a copy becomes a hard link',
    make: (dir) => {
      makeFile(dir);
      run('cp', '-p', `${dir}/file`, `${dir}/other`);
    },
    mutate: (dir) => {
      fs.unlinkSync(`${dir}/other`);
      fs.linkSync(`${dir}/file`, `${dir}/other`);
    },
    keepTimeOf: ['file', '.'],
    noticed: ['find links', 'rsync links', 'walk links'],
  },
];

const MUTATIONS = [...CONTENT, ...STAT, ...ATTRIBUTES, ...LINKS].filter(
  (it) => isRoot || it.root !== true,
);

test('each mutation is noticed, by whom it should be, and nothing else', { skip }, async (t) => {
  await using place = await scratch();
  const [a, b] = [join(place.dir, 'a'), join(place.dir, 'b')];
  fs.mkdirSync(a);
  MUTATIONS.forEach(({ make }, at) => {
    fs.mkdirSync(`${a}/${at}`);
    make(`${a}/${at}`);
  });
  run('cp', '-a', a, b);
  assert.deepEqual(await compareTrees(a, b), [], 'cp -a of the same is equal');

  MUTATIONS.forEach(({ mutate, keepTimeOf }, at) => {
    mutate(`${b}/${at}`);
    for (const name of keepTimeOf ?? ['file']) {
      run('touch', '-h', '-r', `${a}/${at}/${name}`, `${b}/${at}/${name}`);
    }
  });
  const differences = await findDifferences(a, b);
  for (const [at, { what, noticed }] of MUTATIONS.entries()) {
    await t.test(what, () => {
      const here = differences.filter(({ path }) => path.split('/')[0] === String(at));
      const seen = new Set(here.map(({ tool, aspect }) => `${tool} ${aspect}`));
      assert.deepEqual([...seen].sort(), [...noticed].sort());
    });
  }
  const elsewhere = differences.filter(({ path }) => !/^\d+(\/|$)/.test(path));
  assert.deepEqual(elsewhere, [], 'the root of the trees did not change');
});

test('a copy of the oracle tree by cp is equal, but for what cp is known to lose', {
  skip,
}, async () => {
  await using place = await scratch();
  const [a, b] = [join(place.dir, 'a'), join(place.dir, 'b')];
  // cp takes whole paths, so it cannot copy those over 4096 bytes.
  await makeOracleTree(a, { unreadable: isRoot, only: ({ path }) => !path.startsWith('deep') });
  run('cp', '-a', a, b);
  // It looks for zeros in sparse files, and writes a hole that is shorter than a block.
  const lost = ['all-hole-one-byte', 'hole-in-last-block', 'written-zeros-beside-hole'];
  const isKnown = (path: string) => lost.some((name) => path === `sparse/${name}`);
  const found = await compareTrees(a, b, {
    ignore: ({ aspect, path }) => aspect === 'holes' && isKnown(path),
  });
  assert.deepEqual(found, []);
});

test('paths over 4096 bytes are compared, by the walk and by find', { skip }, async () => {
  await using place = await scratch();
  const [a, b] = [join(place.dir, 'a'), join(place.dir, 'b')];
  const only = { only: ({ path }: { path: string }) => path.startsWith('deep/') };
  await makeOracleTree(a, only);
  await makeOracleTree(b, only);
  // Where the maker gave no time there are two times.
  const ignore = { ignore: ({ aspect }: { aspect: string }) => aspect === 'mtime' };
  assert.deepEqual(await compareTrees(a, b, ignore), []);
  const change = (name: string, ...command: string[]) =>
    run('find', b, '-name', name, '-execdir', ...command, '{}', ';');
  change('leaf*', 'truncate', '--size=-1');
  change('second', 'chmod', '600');
  change('second', 'chmod', 'a+x');
  const seen = (await findDifferences(a, b, ignore)).map(({ tool, aspect, path }) => {
    assert.ok(path.length > 4096);
    return `${path.slice(path.lastIndexOf('/') + 1)}: ${tool} ${aspect}`;
  });
  assert.deepEqual(seen.sort(), [
    'leaf \xff: find size',
    'leaf \xff: walk content',
    'leaf \xff: walk holes',
    'leaf \xff: walk size',
    'second: find mode',
    'second: walk mode',
  ]);
});

test('what cannot be read is a difference, not a silence', { skip }, () => {
  const said = (line: string) => parseLine(line).aspect;
  assert.equal(said('./x: Something new differs'), 'tool', 'an unknown message is no equality');
  assert.deepEqual(
    parseLine('tar: ./a\\nb\\377: Warning: Cannot stat: No such file or directory'),
    {
      tool: 'tar',
      aspect: 'presence',
      path: 'a\nb\xff',
      detail: 'Cannot stat: No such file or directory',
    },
  );
  const [item] = parseItems('>f......... a\\#012b \\#134#\n', '');
  assert.deepEqual([item?.path, item?.aspect], ['a\nb \\#', 'tool']);
});

test('a tree that is not there is an error, not an equality', { skip }, async () => {
  await using place = await scratch();
  await assert.rejects(compareTrees(place.dir, join(place.dir, 'none')), /No such file/);
});

test('a name that cannot be left out of rsync is an error, not a blind spot', {
  skip,
}, async () => {
  await using place = await scratch();
  fs.writeFileSync(join(place.dir, 'large [file]'), '');
  fs.truncateSync(join(place.dir, 'large [file]'), 2 ** 31);
  await assert.rejects(compareTrees(place.dir, place.dir), /no plain name to leave out/);
});
