// Goal: a vault of a later version is either read in full or refused by name, and never half understood:
// where a feature is required or the format is newer, no verb reads by it and nothing is written; optional members
// and objects that this version does not know stay what and where they are.
// Method: vaults by the writer of the rescue tests, which knows the documents alone: format 2, a required feature
// in one header or in both, and members and objects of later in everything. The real program does the rest.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Bench, treeOf } from '../cli/run-cli.ts';
import { VaultMaker, type Writer } from '../rescue/make-vault.ts';
import { assertContent, eachReader, newPlace, noise, rootOf, tiny } from '../rescue/run-rescue.ts';

const LATER = { later: { of: 'a version to come', list: [1, 2] }, zeta: 7 };
/** Names of objects and what is in them. */
const OBJECTS = {
  'later/0123': 'an object that is not known',
  'later/deep/er': 'and one below it',
  'snapshots-of-later': 'beside the known ones',
};

interface Future {
  readonly vault: VaultMaker;
  readonly writer: Writer;
  readonly key: string;
}

function made(later: Record<string, unknown> = {}): Future {
  const vault = new VaultMaker(newPlace('future'), { later });
  const key = newPlace('key');
  vault.addKeyFile(key);
  const writer = vault.addWriter();
  vault.vouch(writer, 1);
  const older = [...tiny(), { path: 'b', type: 'file', content: noise(5000, 1) }] as const;
  vault.backup({ writer, roots: [rootOf(older)], time: '2026-10-20T11:00:00.000Z' });
  vault.backup({ writer, roots: [rootOf(tiny())] });
  return { vault, writer, key };
}

function headerOf(
  { vault }: Future,
  {
    format = 1,
    required = [],
  }: { readonly format?: number; readonly required?: readonly string[] },
): void {
  const { vault: id, domain } = vault;
  const fields = { holdfast: 'vault', format, vault: id, domain, created: CREATED };
  vault.writeHeader({ ...fields, required, optional: ['later'] });
}

const CREATED = '2026-11-20T11:00:00.000Z';

function benchFor(t: TestContext): Bench {
  const bench = new Bench();
  t.after(() => bench.remove());
  bench.write('data/new', 'of today');
  return bench;
}

/** Every verb that opens a vault. */
function verbs(vault: string, key: string, other: string): readonly (readonly string[])[] {
  const open = ['--vault', vault, '--key-file', key];
  return [
    ['snapshots', ...open],
    ['ls', 'latest', ...open],
    ['diff', 'latest', '.', ...open],
    ['backup', 'data', ...open],
    ['restore', 'latest', 'back', ...open],
    ['export', 'latest', '--directory', 'exported', ...open],
    ['drill', 'latest', ...open],
    ['vault', 'check', '--read-data', ...open],
    ['vault', 'gc', '--dry-run', ...open],
    ['vault', 'gc', '--yes', ...open],
    ['vault', 'gc', '--undo', 'p-00000000', ...open],
    ['vault', 'hold', 'latest', '--reason', 'x', ...open],
    ['vault', 'upgrade', vault, '--yes'],
    ['vault', 'copy', vault, 'copied'],
    ['vault', 'copy', other, vault],
    ['vault', 'repair', vault, '--from', other],
    ['vault', 'repair', other, '--from', vault],
    ['key', 'list', ...open],
    ['key', 'add', '--new-key-file', 'another', ...open],
    ['key', 'sheet', ...open],
  ];
}

const REFUSED = [
  ['a newer format', 'format 2', (of: Future) => headerOf(of, { format: 2 })],
  [
    'a required feature',
    'time-travel',
    (of: Future) => headerOf(of, { required: ['time-travel'] }),
  ],
  [
    'a required feature of which the second header alone speaks',
    'time-travel',
    (of: Future) => {
      headerOf(of, {});
      const first = fs.readFileSync(path.join(of.vault.directory, 'header'));
      headerOf(of, { required: ['time-travel'] });
      fs.writeFileSync(path.join(of.vault.directory, 'header'), first);
    },
  ],
] as const;

for (const [title, feature, become] of REFUSED) {
  test(`${title} is refused by name in every verb, and nothing is written`, (t) => {
    const bench = benchFor(t);
    const future = made();
    // An older copy of it is another place of the same vault.
    const other = bench.at('older');
    fs.cpSync(future.vault.directory, other, { recursive: true });
    become(future);
    const { directory } = future.vault;
    const before = [treeOf(directory), treeOf(other)];
    for (const args of verbs(directory, future.key, other)) {
      const { status, said } = bench.json(args);
      const what = args.join(' ');
      assert.equal(said.error?.code, 'HF_VAULT_FEATURE_UNKNOWN', `${what}: ${said.error?.message}`);
      assert.equal(status, 1, what);
      assert.ok(said.error.message.includes(feature), said.error.message);
      assert.match(said.error.remedy, /newer Holdfast/);
    }
    assert.deepEqual([treeOf(directory), treeOf(other)], before);
    for (const name of ['back', 'exported', 'copied']) {
      assert.ok(!fs.existsSync(bench.at(name)), `${name} was begun`);
    }
  });

  if (feature === 'format 2') {
    eachReader(`${title} is refused by name`, (reader) => {
      const future = made();
      become(future);
      const got = reader.run(['list', future.vault.directory, '--key-file', future.key]);
      assert.equal(got.status, 1);
      assert.match(got.err, /format 2/);
    });
  }
}

function withObjects(): Future {
  const future = made(LATER);
  headerOf(future, {});
  for (const [name, text] of Object.entries(OBJECTS)) {
    const file = path.join(future.vault.directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return future;
}

function demandObjects(vault: string): void {
  for (const [name, text] of Object.entries(OBJECTS)) {
    assert.equal(fs.readFileSync(path.join(vault, name), 'utf8'), text, name);
  }
}

eachReader('members and objects of later do not keep a vault from being read', (reader) => {
  const { vault, key } = withObjects();
  const got = reader.restore(vault, ['--key-file', key]);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, tiny());
});

test('members and objects of later are read past, and stay in backups, copies, repairs and collections', async (t) => {
  const bench = benchFor(t);
  const { vault, key } = withObjects();
  const { directory } = vault;
  const names = treeOf(directory);
  const open = ['--vault', directory, '--key-file', key];
  const done = (...args: readonly string[]): string => {
    const ran = bench.run(args);
    assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  done('restore', 'latest', 'back', ...open);
  assertContent(bench.at('back'), tiny());
  const check = bench.json(['vault', 'check', '--read-data', ...open]);
  assert.deepEqual([check.status, check.said.findings], [0, []]);
  done('backup', 'data', ...open);
  const after = treeOf(directory);
  const isFile = (line: string): boolean => !/^\S+ (1[67]|40)/.test(line);
  for (const line of names.filter(isFile)) assert.ok(after.includes(line), line);

  // What lies under a name that is not known goes along with a copy, twice as well.
  const copy = bench.at('copy');
  for (let run = 0; run < 2; run++) done('vault', 'copy', directory, copy);
  demandObjects(copy);
  for (const name of fs.readdirSync(path.join(directory, 'keys'))) {
    const there = fs.readFileSync(path.join(copy, 'keys', name), 'utf8');
    assert.ok(there.includes('a version to come'), name);
  }
  done('restore', '--vault', copy, '--key-file', key, 'latest', 'back2');

  const [pack = ''] = fs.readdirSync(path.join(directory, 'packs'));
  fs.writeFileSync(path.join(directory, 'packs', pack), 'damaged');
  fs.rmSync(path.join(directory, 'header'));
  done('vault', 'repair', directory, '--from', copy);
  assert.match(fs.readFileSync(path.join(directory, 'header'), 'utf8'), /a version to come/);
  demandObjects(directory);

  // What only the older snapshot needed goes for good, and nothing else.
  const gc = ['vault', 'gc', '--keep', 'last=1,min-age=1s', '--grace', '1s', '--yes', ...open];
  const forgot = bench.json(gc);
  assert.deepEqual([forgot.status, (forgot.said.forget as object[]).length], [0, 1]);
  await setTimeout(1100);
  const freed = bench.json(gc);
  assert.equal(freed.status, 0);
  assert.ok(Number(freed.said.freedBytes) > 0, 'something was freed');
  demandObjects(directory);
  done('restore', 'latest', 'back3', ...open);
});
