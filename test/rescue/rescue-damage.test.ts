// Goal: of a damaged vault rescue/rescue.mjs and rescue/rescue.py restore all that is not lost, and
// name what is.
// Method: vaults from make-vault.ts with bytes flipped, cut off and removed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import type { TreeEntry } from './make-manifest.ts';
import {
  assertContent,
  bigTree,
  eachReader,
  flip,
  inFolder,
  inOrder,
  makeVault,
  newPlace,
  nodeWithoutZstd,
  noise,
  packsOf,
  SMALL,
  pythonWithoutZstd,
  type Reader,
  rootOf,
  tiny,
} from './run-rescue.ts';

eachReader('either copy of header, keys and writers may be damaged', (reader) => {
  for (const side of ['', 'copy/']) {
    for (const damage of [(file: string) => flip(file, 100), fs.unlinkSync]) {
      const { vault, writer } = makeVault();
      vault.backup({ writer, roots: [rootOf(tiny())] });
      damage(path.join(vault.directory, side, 'header'));
      for (const file of inFolder(vault, `${side}keys`)) damage(file);
      for (const file of inFolder(vault, `${side}writers`)) damage(file);
      const got = reader.restore(vault);
      assert.equal(got.status, 0, got.err);
      assertContent(got.to, tiny());
    }
  }
});

eachReader(
  'without a good header the keyring says which vault it is, and that is said',
  (reader) => {
    const { vault, writer } = makeVault();
    vault.backup({ writer, roots: [rootOf(tiny())] });
    for (const file of ['header', 'copy/header']) flip(path.join(vault.directory, file), 100);
    const got = reader.restore(vault);
    assert.equal(got.status, 0, got.err);
    assert.match(got.err, /header: damaged; .*: going by the keyring alone/);
    assertContent(got.to, tiny());
  },
);

eachReader('a flipped bit in a group: its files are named, all others are restored', (reader) => {
  const { vault, writer } = makeVault({ ...SMALL, groupBytes: 20_000 });
  const files = Array.from({ length: 60 }, (_, at): TreeEntry => {
    return { path: `f${at}`, type: 'file', content: noise(2000, at) };
  });
  const entries = inOrder([{ path: '', type: 'dir' }, ...files]);
  vault.backup({ writer, roots: [rootOf(entries)] });
  const [pack = ''] = packsOf(vault, 1);
  flip(pack, 5000);
  const got = reader.restore(vault);
  assert.equal(got.status, 6, got.err);
  const lost = [...got.err.matchAll(/^rescue: gap: file: "(.*)": chunk .*tag/gm)].map(
    (match) => match[1],
  );
  assert.ok(lost.length > 0 && lost.length <= 10, got.err);
  assertContent(
    got.to,
    entries.filter((entry) => !lost.includes(entry.path)),
  );
  const kept = reader.restore(vault, ['--keep-damaged']);
  assert.equal(kept.status, 6, kept.err);
  assert.equal(fs.readdirSync(kept.to).length, 60);
  assert.deepEqual(fs.readFileSync(path.join(kept.to, lost[0] ?? '')), Buffer.alloc(2000));
});

eachReader(
  'a damaged header of a group: the groups after it are found by their first letters',
  (reader) => {
    const { vault, writer } = makeVault({ ...SMALL, groupBytes: 20_000 });
    const files = Array.from({ length: 30 }, (_, at): TreeEntry => {
      return { path: `f${at}`, type: 'file', content: noise(2000, at) };
    });
    const entries = inOrder([{ path: '', type: 'dir' }, ...files]);
    vault.backup({ writer, roots: [rootOf(entries)] });
    flip(packsOf(vault, 1)[0] ?? '', 16 + 8); // The length of the header of the first group.
    const got = reader.restore(vault);
    assert.equal(got.status, 6, got.err);
    assert.equal(fs.readdirSync(got.to).length, 20);
    assert.match(got.err, /searching for the next group/);
  },
);

eachReader(
  'a lost page: its entries are counted, the rest is restored below directories made up',
  (reader) => {
    const { vault, writer } = makeVault({ ...SMALL, groupBytes: 2000, pageBytes: 2000 });
    const files = Array.from({ length: 60 }, (_, at): TreeEntry => {
      return { path: `d/e/f${at}`, type: 'file', content: noise(20, at) };
    });
    const dirs = ['', 'd', 'd/e'].map((name): TreeEntry => ({ path: name, type: 'dir' }));
    const entries = inOrder([...dirs, ...files]);
    vault.backup({ writer, roots: [rootOf(entries)] });
    const [pack = ''] = packsOf(vault, 2);
    flip(pack, 16 + 56 + 60); // The first group holds the first page.
    const got = reader.restore(vault);
    assert.equal(got.status, 6, got.err);
    const lost = Number(/gap: page: (\d+) entries, \d+ bytes from "" on/.exec(got.err)?.[1]);
    assert.ok(lost > 3 && lost < 30, got.err);
    assertContent(got.to, [...dirs, ...entries.slice(lost)]);
  },
);

eachReader(
  'a trailer that is cut off or damaged: groups are searched, keys come from elsewhere',
  (reader) => {
    const entries = bigTree();
    for (const isIndexThere of [true, false]) {
      const { vault, writer } = makeVault();
      vault.backup({ writer, roots: [rootOf(entries)] });
      const [first = '', second = '', ...others] = packsOf(vault, 1);
      assert.ok(others.length > 0, 'there are packs to take the key from');
      fs.truncateSync(first, fs.statSync(first).size - 9);
      flip(second, -1);
      const [names = ''] = packsOf(vault, 2);
      if (isIndexThere)
        flip(names, -60); // The sealed data key, of which there is no other pack.
      else for (const index of inFolder(vault, 'index')) fs.unlinkSync(index);
      const got = reader.restore(vault);
      assert.equal(got.status, 0, got.err);
      // rescue.mjs reads all packs, rescue.py only those that it does not find in an index.
      if (!reader.isPython || !isIndexThere) assert.match(got.err, /searching for the next group/);
      assertContent(got.to, entries);
    }
  },
);

eachReader(
  'without an index or a whole trailer the key of the pages is that of the snapshot of their run',
  (reader) => {
    const { vault, writer } = makeVault();
    vault.backup({ writer, roots: [rootOf(tiny())] });
    const [names = '', ...others] = packsOf(vault, 2);
    assert.deepEqual(others, [], 'all pages are in one pack');
    fs.truncateSync(names, fs.statSync(names).size - 9);
    // The pages of the second run are those of the first, whose snapshot alone has their key.
    const again = () => {
      for (const index of inFolder(vault, 'index')) fs.unlinkSync(index);
      const got = reader.restore(vault);
      assert.equal(got.status, 0, got.err);
      assert.match(got.err, /searching for the next group/);
      assertContent(got.to, tiny());
    };
    again();
    vault.backup({ writer, roots: [rootOf(tiny())], time: '2026-11-21T00:00:00.000Z' });
    assert.equal(packsOf(vault, 2).length, 1);
    again();
  },
);

eachReader('a file kept damaged is as long as it was, also where holes end it', (reader) => {
  const { vault, writer } = makeVault();
  const content = Buffer.concat([noise(8192, 1), Buffer.alloc(8192)]);
  const holes = [[8192, 8192]] as const;
  const file: TreeEntry = { path: 'a', type: 'file', content, holes };
  vault.backup({ writer, roots: [rootOf([{ path: '', type: 'dir' }, file])] });
  for (const pack of packsOf(vault, 1)) fs.unlinkSync(pack);
  const got = reader.restore(vault, ['--keep-damaged']);
  assert.equal(got.status, 6, got.err);
  assert.deepEqual(fs.readFileSync(path.join(got.to, 'a')), Buffer.alloc(16384));
});

eachReader('an index that is damaged or lies loses nothing', (reader) => {
  for (const isNameRight of [false, true]) {
    const { vault, writer } = makeVault({ ...SMALL, groupBytes: 20_000 });
    vault.backup({ writer, roots: [rootOf(bigTree())] });
    for (const file of inFolder(vault, 'index')) {
      const bytes = fs.readFileSync(file);
      // Every entry: it is the first object of the first group.
      for (let at = bytes.length - bytes.readUInt32LE(16) * 24; at < bytes.length; at += 24) {
        bytes.fill(0, at + 16, at + 24);
      }
      fs.unlinkSync(file);
      const digest = createHash('sha256').update(bytes).digest('hex');
      const name = isNameRight ? digest : path.basename(file);
      fs.writeFileSync(path.join(path.dirname(file), name), bytes);
    }
    const got = reader.restore(vault);
    assert.equal(got.status, 0, got.err);
    assertContent(got.to, bigTree());
    // rescue.mjs takes nothing but data keys from an index, and needs none here.
    const isNamed = /index\/[0-9a-f]{64}: damaged; its packs are scanned/.test(got.err);
    assert.equal(isNamed, reader.isPython && !isNameRight, got.err);
  }
});

eachReader(
  'a pack cut in the middle gives what is before the cut; a lost pack nothing',
  (reader) => {
    const { vault, writer } = makeVault({ ...SMALL, groupBytes: 20_000 });
    const files = Array.from({ length: 100 }, (_, at): TreeEntry => {
      return { path: `f${at}`, type: 'file', content: noise(2000, at) };
    });
    const root: TreeEntry = { path: '', type: 'dir' };
    vault.backup({ writer, roots: [rootOf(inOrder([root, ...files]))] });
    const [pack = '', ...others] = packsOf(vault, 1);
    assert.deepEqual(others, [], 'all content is in one pack');
    fs.truncateSync(pack, Math.floor(fs.statSync(pack).size / 2));
    const cut = reader.restore(vault);
    assert.equal(cut.status, 6, cut.err);
    const lost = new Set(
      [...cut.err.matchAll(/gap: file: "(.*)": chunk/g)].map((found) => found[1]),
    );
    assert.ok(lost.size > 40 && lost.size < 65, `${lost.size} lost`);
    assertContent(cut.to, [root, ...files.filter((file) => !lost.has(file.path))]);
    fs.unlinkSync(pack);
    const gone = reader.restore(vault);
    assert.equal(gone.status, 6, gone.err);
    assert.equal(gone.err.match(/is in no pack/g)?.length, 100);
    assert.deepEqual(fs.readdirSync(gone.to), []);
  },
);

eachReader('an object that two packs hold is read from the good one', (reader) => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const [pack = ''] = packsOf(vault, 1);
  const again = path.join(vault.directory, 'packs', 'f'.repeat(64));
  fs.copyFileSync(pack, again);
  flip(pack, 16 + 56 + 36 + 5);
  assert.equal(reader.restore(vault).status, 0);
  flip(again, 16 + 56 + 36 + 5);
  assert.equal(reader.restore(vault).status, 6);
});

eachReader('a damaged snapshot is named, the one before it is restored', (reader) => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const time = '2026-11-21T00:00:00.000Z';
  const newer = vault.backup({ writer, roots: [rootOf(tiny())], time });
  flip(path.join(vault.directory, 'snapshots', newer), 700);
  const got = reader.restore(vault);
  assert.equal(got.status, 6, got.err);
  assert.ok(got.err.includes(`gap: snapshot: ${newer}: damaged\n`), got.err);
  assertContent(got.to, tiny());
});

function stopsWithoutZstd(reader: Reader): void {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(bigTree())] });
  const args = ['restore', vault.directory, 'latest', newPlace('target')];
  const got = reader.run(args, { PATH: '/nowhere' });
  assert.equal(got.status, 1, got.err);
  assert.equal(got.err.match(/no program zstd/g)?.length, 1, got.err);
}
eachReader('without any zstd it says so once and stops', stopsWithoutZstd, [
  nodeWithoutZstd(),
  pythonWithoutZstd(),
]);
