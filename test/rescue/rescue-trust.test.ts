// Goal: neither of rescue/rescue.mjs and rescue/rescue.py believes or restores what it must not.
// Method: vaults whose keys, signatures, snapshots and manifests lie, by one who has all keys.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import type { TreeEntry } from './make-manifest.ts';
import {
  assertContent,
  bigTree,
  eachReader,
  makeVault,
  newPlace,
  noise,
  rootOf,
  inOrder,
  flip,
  packsOf,
  SMALL,
  scratch,
  tiny,
} from './run-rescue.ts';

eachReader('a key file opens the vault; a wrong passphrase and no key do not', (reader) => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const file = newPlace('key');
  vault.addKeyFile(file);
  const nothing = { HOLDFAST_PASSPHRASE: undefined };
  const target = newPlace('target');
  const args = ['restore', vault.directory, 'latest', target];
  const opened = reader.run([...args, '--key-file', file], nothing);
  assert.equal(opened.status, 0, opened.err);
  assertContent(target, tiny());
  const wrong = reader.run(['list', vault.directory], { HOLDFAST_PASSPHRASE: 'wrong' });
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /no key of this vault could be opened/);
  assert.equal(reader.run(['list', vault.directory], nothing).status, 1);
});

eachReader('a vault of other features, another format or another keyring is refused', (reader) => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const fields = { holdfast: 'vault', format: 0, vault: vault.vault, domain: vault.domain };
  vault.writeHeader({ ...fields, required: ['time-travel'], optional: [] });
  const required = reader.restore(vault);
  assert.equal(required.status, 1);
  assert.match(required.err, /time-travel/);
  vault.writeHeader({ ...fields, format: 2, required: [], optional: [] });
  const newer = reader.restore(vault);
  assert.equal(newer.status, 1);
  assert.match(newer.err, /format 2/);
  vault.writeHeader({ ...fields, format: 1, required: [], optional: [] });
  assert.equal(reader.restore(vault).status, 0);
  vault.writeHeader({ ...fields, vault: '0'.repeat(32), required: [], optional: [] });
  assert.match(reader.restore(vault).err, /different vaults/);
});

eachReader(
  'snapshots that no trusted writer signed are refused, and taken only when told to',
  (reader) => {
    const { vault, writer } = makeVault();
    const stranger = vault.addWriter(Buffer.alloc(32));
    vault.backup({ writer: stranger, roots: [rootOf(tiny())] });
    const unknown = reader.restore(vault);
    assert.equal(unknown.status, 1);
    assert.match(unknown.err, /does not vouch/);
    assert.ok(!fs.existsSync(unknown.to), 'nothing is made');
    const told = reader.restore(vault, ['--unsigned']);
    assert.equal(told.status, 0, told.err);
    assert.match(told.err, /UNSIGNED/);
    const named = reader.restore(vault, ['--writer', stranger.fingerprint]);
    assert.equal(named.status, 0, named.err);
    assert.doesNotMatch(named.err, /UNSIGNED/);
    // One who knows the writer's name and all keys of the vault, but not the writer's own.
    const { privateKey } = generateKeyPairSync('ed25519');
    const time = '2026-11-21T00:00:00.000Z';
    const forged = vault.backup({ writer, roots: [rootOf(bigTree())], signedBy: privateKey, time });
    const args = ['restore', vault.directory, forged, newPlace('target')];
    assert.match(reader.run(args).err, /wrong signature/);
    assert.equal(reader.run(args).status, 1);
    writer.sequence = 0;
    writer.previous = '';
    const good = vault.backup({ writer, roots: [rootOf(tiny())] });
    const latest = reader.restore(vault);
    assert.equal(latest.status, 0, latest.err);
    assert.ok(latest.out.includes(good), 'the newest of those that are trusted');
    assert.match(latest.err, /wrong signature/, 'and a newer one that is not is named');
    const one = ['restore', vault.directory, good, newPlace('target')];
    const only = reader.run([...one, '--writer', stranger.fingerprint]);
    assert.equal(only.status, 1, 'naming a writer trusts no other');
    assert.match(only.err, /is not trusted/);
  },
);

eachReader(
  'the last word on a writer counts: what is kept of it, from when, and said by whom',
  (reader) => {
    const { vault, writer } = makeVault();
    const first = vault.backup({ writer, roots: [rootOf(tiny())] });
    // Back-dated, by one who has the key of the host that is not trusted any more.
    const later = vault.backup({
      writer,
      roots: [rootOf(bigTree())],
      time: '2026-11-19T00:00:00.000Z',
    });
    const restored = (...args: readonly string[]): string => {
      const { status, out, err } = reader.restore(vault, args);
      return status === 0 ? `${/restor\w+ (\S{32,})/.exec(out)?.[1]}` : err;
    };
    assert.equal(restored(), later);
    vault.vouch(writer, 1);
    assert.equal(restored(), later);
    const kept = [first.slice(28)];
    vault.vouch(writer, 2, { until: '2026-11-20T12:00:00.000Z', kept });
    assert.equal(restored(), first, 'what is not named is not believed, whatever its date');
    assert.equal(restored('--writer', writer.fingerprint), later, 'a person may think otherwise');
    vault.vouch(writer, 3, { vouchKey: Buffer.alloc(32) });
    assert.equal(restored(), first, 'a word of nobody');
    vault.vouch(writer, 4, { from: '2026-11-20T11:30:00.000Z' });
    assert.match(restored(), /not trusted for that time/);
  },
);

eachReader(
  'a key for reading needs a word on a writer, and one for writing reads nothing',
  (reader) => {
    const { vault, writer } = makeVault();
    vault.backup({ writer, roots: [rootOf(tiny())] });
    const [content, write] = [newPlace('key'), newPlace('key')];
    vault.addKeyFile(content, 'content');
    vault.addKeyFile(write, 'write');
    const run = (key: string) => {
      const target = newPlace('target');
      const args = ['restore', vault.directory, 'latest', target, '--key-file', key];
      return { ...reader.run(args, { HOLDFAST_PASSPHRASE: undefined }), target };
    };
    assert.match(run(content).err, /does not vouch/, 'without a full key no MAC tells');
    vault.vouch(writer, 1);
    const read = run(content);
    assert.equal(read.status, 0, read.err);
    assertContent(read.target, tiny());
    // Whoever may put objects there has no key: a MAC by an empty one vouches for nobody.
    const stranger = vault.addWriter(Buffer.alloc(0));
    vault.backup({
      writer: stranger,
      roots: [rootOf(bigTree())],
      time: '2026-11-22T00:00:00.000Z',
    });
    const again = run(content);
    assert.equal(again.status, 0, again.err);
    assertContent(again.target, tiny());
    const refused = run(write);
    assert.notEqual(refused.status, 0);
    assert.match(refused.err, /this key is not for reading/);
  },
);

eachReader('a writer is not vouched for by members that stand behind the mac', (reader) => {
  const { vault, writer } = makeVault();
  const stranger = vault.addWriter(Buffer.alloc(32));
  vault.backup({ writer: stranger, roots: [rootOf(tiny())] });
  const lineOf = (fingerprint: string): string =>
    fs.readFileSync(path.join(vault.directory, 'writers', fingerprint), 'utf8');
  const [, key = ''] = /("publicKey":"[^"]*")/.exec(lineOf(stranger.fingerprint)) ?? [];
  const forged = Buffer.from(lineOf(writer.fingerprint).replace(/}\n$/, `,${key}}\n`));
  vault.put(`writers/${stranger.fingerprint}`, forged);
  vault.put(`copy/writers/${stranger.fingerprint}`, forged);
  const got = reader.restore(vault);
  assert.equal(got.status, 1, 'JSON.parse takes the last of two members');
  assert.match(got.err, /odd line/);
});

eachReader('a key under the name of another writer is not that writer', (reader) => {
  const { vault, writer } = makeVault();
  const stranger = vault.addWriter(Buffer.alloc(32));
  const file = (fingerprint: string): string => `writers/${fingerprint}`;
  const key = fs.readFileSync(path.join(vault.directory, file(stranger.fingerprint)));
  vault.put(file(writer.fingerprint), key);
  vault.put(`copy/${file(writer.fingerprint)}`, key);
  vault.backup({ writer, roots: [rootOf(tiny())], signedBy: stranger.privateKey });
  assert.equal(reader.restore(vault, ['--writer', writer.fingerprint]).status, 1);
});

eachReader('a snapshot under another name is not the one that is asked for', (reader) => {
  const { vault, writer } = makeVault();
  const name = vault.backup({ writer, roots: [rootOf(tiny())] });
  const other = name.replace('0000000001', '0000000002');
  const at = (file: string): string => path.join(vault.directory, 'snapshots', file);
  fs.renameSync(at(name), at(other));
  const got = reader.run(['restore', vault.directory, other, newPlace('target')]);
  assert.equal(got.status, 1);
  assert.match(got.err, /its name is that of another/);
});

eachReader('what a group says it holds is not believed', (reader) => {
  const { vault, writer } = makeVault();
  const files = ['a', 'b', 'c'].map((name): TreeEntry => {
    return { path: name, type: 'file', content: Buffer.from(`file ${name}`) };
  });
  vault.swapsIds = true;
  vault.backup({ writer, roots: [rootOf([{ path: '', type: 'dir' }, ...files])] });
  const got = reader.restore(vault);
  assert.equal(got.status, 6, got.err);
  assert.deepEqual(fs.readdirSync(got.to), ['c']);
  assert.equal(got.err.match(/not what its id says/g)?.length, 2);
});

eachReader('where a page is lost no directory is made through a symbolic link', (reader) => {
  const outside = newPlace('outside');
  fs.mkdirSync(outside);
  const { vault, writer } = makeVault({ ...SMALL, groupBytes: 1, pageBytes: 400 });
  const content = Buffer.from('evil');
  vault.backup({
    writer,
    roots: [
      rootOf([
        { path: '', type: 'dir' },
        { path: 'a', type: 'file', content: Buffer.from('fills the page') },
        { path: 'b', type: 'symlink', target: outside },
        { path: 'b/f', type: 'file', content },
      ]),
    ],
  });
  const [pack = ''] = packsOf(vault, 2);
  flip(pack, 16 + 56 + 60);
  const got = reader.restore(vault);
  assert.match(got.err, /gap: page: 2 entries/);
  assert.match(got.err, /gap: file: "b\/f": EEXIST/);
  assert.deepEqual(fs.readdirSync(outside), []);
});

eachReader(
  'latest goes by number, and one wrong clock does not make an old snapshot the newest',
  (reader) => {
    const { vault, writer } = makeVault();
    const other = vault.addWriter();
    const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T00:00:00.000Z`;
    const roots = [rootOf(tiny())];
    vault.backup({ writer, roots, time: '2099-01-01T00:00:00.000Z' });
    const second = vault.backup({ writer, roots, time: at(5) });
    assert.ok(reader.restore(vault).out.includes(second), 'by number within a writer');
    const third = vault.backup({ writer: other, roots, time: at(6) });
    assert.ok(reader.restore(vault).out.includes(third), 'by time among writers');
    const { privateKey } = generateKeyPairSync('ed25519');
    const sequence = other.sequence;
    other.sequence = 1000;
    vault.backup({ writer: other, roots, time: at(1), signedBy: privateKey });
    other.sequence = sequence;
    assert.ok(reader.restore(vault).out.includes(third), 'what is not believed moves nothing');
  },
);

eachReader('of two snapshots of one number neither is later: each keeps its own time', (reader) => {
  const { vault, writer } = makeVault();
  const other = vault.addWriter();
  const at = (hour: number): string => `2026-11-20T${String(hour).padStart(2, '0')}:00:00.000Z`;
  const roots = [rootOf(tiny())];
  // Their ids are made by chance: whichever comes first by name must not move the other.
  for (let pair = 0; pair < 5; pair++) {
    const [twin, before] = [{ ...writer }, vault.backup({ writer, roots, time: at(4 * pair) })];
    const between = vault.backup({ writer: other, roots, time: at(4 * pair + 1) });
    const after = vault.backup({ writer: twin, roots, time: at(4 * pair + 2) });
    const { out } = reader.run(['list', vault.directory]);
    const places = [before, between, after].map((name) => out.indexOf(name));
    assert.ok(places.every((place) => place >= 0));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
      out,
    );
    assert.ok(reader.restore(vault).out.includes(after));
  }
});

eachReader('what is taken unsigned counts for the order, as what is signed', (reader) => {
  const { vault, writer } = makeVault();
  const { privateKey } = generateKeyPairSync('ed25519');
  const roots = [rootOf(tiny())];
  const first = vault.backup({ writer, roots, time: '2026-11-20T09:00:00.000Z' });
  const time = '2026-11-20T07:00:00.000Z';
  const forged = vault.backup({ writer, roots, time, signedBy: privateKey });
  assert.ok(reader.restore(vault).out.includes(first));
  assert.ok(reader.restore(vault, ['--unsigned']).out.includes(forged), 'it has the later number');
});

eachReader('hostile manifests write nothing outside the target', (reader) => {
  const evil = Buffer.from('evil');
  const outside = newPlace('outside');
  fs.mkdirSync(outside);
  const paths = ['../evil', 'b/../../evil', '/evil', 'b//evil', './evil', 'nul\0evil', 'out/evil'];
  for (const bad of paths) {
    const { vault, writer } = makeVault();
    const entries: TreeEntry[] = [
      ...tiny(),
      { path: 'b', type: 'dir' },
      { path: 'out', type: 'symlink', target: outside },
      { path: bad, type: 'file', content: evil },
      { path: 'z', type: 'file', content: Buffer.from('still restored') },
    ];
    vault.backup({ writer, roots: [rootOf(inOrder(entries))] });
    const got = reader.restore(vault);
    assert.equal(got.status, 6, bad);
    assert.match(got.err, /gap: file: .*refused: /, bad);
    const names = spawnSync('find', [scratch, '-name', '*evil*'], { encoding: 'utf8' }).stdout;
    assert.equal(names, '', bad);
    assertContent(
      got.to,
      entries.filter((entry) => entry.path !== bad),
    );
  }
  assert.deepEqual(fs.readdirSync(outside), []);
});

eachReader(
  'an entry twice, out of order, or linked to what is not there does no harm',
  (reader) => {
    const outside = newPlace('outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'f'), 'mine');
    const { vault, writer } = makeVault();
    const evil = Buffer.from('evil');
    vault.backup({
      writer,
      roots: [
        rootOf([
          { path: '', type: 'dir' },
          { path: 'd', type: 'symlink', target: outside },
          { path: 'd', type: 'dir' },
          { path: 'd/f', type: 'file', content: evil },
          { path: 'l', type: 'file', content: evil, link: 'd/f' },
          { path: 'k', type: 'file', content: evil },
        ]),
      ],
    });
    const got = reader.restore(vault);
    assert.equal(got.status, 6);
    assert.equal(fs.readFileSync(path.join(outside, 'f'), 'utf8'), 'mine');
    assert.deepEqual(fs.readdirSync(outside), ['f']);
    assert.deepEqual(fs.readdirSync(got.to).sort(), ['d', 'l']);
    assert.match(got.err, /gap: hard link: "l"/);
  },
);

eachReader('files that contradict their manifest are not restored', (reader) => {
  const pair = ['ab', 'cd'].map((text): TreeEntry => {
    return { path: text, type: 'file', content: Buffer.from(text) };
  });
  const sums = ['ab', 'cd'].map((text) => createHash('sha256').update(text).digest('hex'));
  const lies: [string, Record<string, unknown>, Partial<TreeEntry>][] = [
    ['size', { size: '70000001' }, { cut: 'fixed-131072' }],
    [
      'lengths',
      {
        chunks: [
          [1, sums[0]],
          [3, sums[1]],
        ],
      },
      { cut: 'gear-1', content: Buffer.from('abcd') },
    ],
    ['no chunk', { sha256: '1'.repeat(64) }, {}],
    ['deep list', { list: { depth: 9, sha256: '0'.repeat(64) } }, { cut: 'gear-1' }],
  ];
  for (const [what, lie, more] of lies) {
    const { vault, writer } = makeVault();
    const content = more.cut === undefined ? Buffer.from('short') : noise(2_000_000, 3);
    const file: TreeEntry = { path: 'a', type: 'file', content, ...more, lies: lie };
    vault.backup({ writer, roots: [rootOf([{ path: '', type: 'dir' }, file, ...pair])] });
    const got = reader.restore(vault);
    assert.equal(got.status, 6, what);
    assert.deepEqual(fs.readdirSync(got.to), ['ab', 'cd'], what);
  }
});

eachReader('a chunk list of depth 5 is read, a deeper one refused', (reader) => {
  for (const [depth, listRecords, blocks] of [
    [5, 3, 82],
    [6, 2, 40],
  ] as const) {
    const { vault, writer } = makeVault({ ...SMALL, listRecords });
    const content = Buffer.alloc(blocks * 131072);
    const file: TreeEntry = { path: 'a', type: 'file', content, cut: 'fixed-131072' };
    vault.backup({ writer, roots: [rootOf([{ path: '', type: 'dir' }, file])] });
    const got = reader.restore(vault);
    assert.equal(got.status, depth === 5 ? 0 : 6, got.err);
    assert.deepEqual(fs.readdirSync(got.to), depth === 5 ? ['a'] : []);
  }
});

eachReader(
  'several roots go below their names; names that are unsafe or taken are replaced',
  (reader) => {
    const { vault, writer } = makeVault();
    const roots = [rootOf(tiny(), 'one'), rootOf(tiny(), '..'), rootOf(tiny(), 'one')];
    vault.backup({ writer, roots });
    const got = reader.restore(vault);
    assert.equal(got.status, 0, got.err);
    assert.deepEqual(fs.readdirSync(got.to).sort(), ['one', 'root-2', 'root-3']);
    for (const name of fs.readdirSync(got.to)) assertContent(path.join(got.to, name), tiny());
  },
);

eachReader('a target that holds something is refused', (reader) => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const target = newPlace('target');
  fs.mkdirSync(target);
  assert.equal(reader.run(['restore', vault.directory, 'latest', target]).status, 0);
  const again = reader.run(['restore', vault.directory, 'latest', target]);
  assert.equal(again.status, 1);
  assert.match(again.err, /not empty/);
});
