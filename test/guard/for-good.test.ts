// Goal: where nothing can be set aside, what persons approved goes for good, exactly that, and it is said.
// Method: the real program on a mount where something else has the names of the quarantine; real keys.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { needs } from '../run/needs.ts';
import { People } from './people.ts';
import { tmpfsAt } from './scratch-mount.ts';

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function withoutPlace(t: TestContext) {
  if (!needs(t, 'root', 'mount')) return undefined;
  const bench = new People();
  t.after(() => bench.remove());
  const keys = ['ann', 'bob'].map((name) => [name, bench.keys.key(name)] as const);
  bench.allow(keys);
  const mount = tmpfsAt(bench.at('disk'));
  const names = ['.holdfast-undo', '.holdfast-undo-0'];
  for (const name of names) fs.writeFileSync(path.join(mount.at, name), 'not a directory');
  /** Held; then both approve it. */
  const approved = async (command: readonly string[]): Promise<void> => {
    const held = bench.run(command);
    assert.equal(held.status, 120, held.stdout + held.stderr);
    assert.match(flat(held.stderr), /could not be put back: nothing could be set aside/);
    const [, id = '', digits = ''] =
      /holdfast approve (p-[0-9a-f]{8}) ([0-9a-f]{8})/.exec(held.stderr) ?? [];
    for (const [, key] of keys) {
      assert.equal(bench.run(command).status, 120, 'it waits for both');
      const said = await bench.typed(`approve ${id} ${digits} --key ${key}`);
      assert.equal(said.status, 0, said.shown);
    }
  };
  return {
    bench,
    mount,
    approved,
    left: () => fs.readdirSync(mount.at).filter((name) => !names.includes(name)),
  };
}

test('rm: held until two persons approved it; then it goes for good, and is said', async (t) => {
  const place = withoutPlace(t);
  if (place === undefined) return;
  const { bench, approved, left } = place;
  using _ = place.mount;
  bench.write('disk/dir/deep/file');
  bench.write('disk/stays');
  const command = ['guard', 'run', '--', 'rm', '-r', 'disk/dir'];
  bench.write('observe.yaml', 'guard:\n  modes: {undo: observe}\n');
  for (const passed of [
    ['--break-glass', 'why'],
    ['--config', 'observe.yaml'],
  ]) {
    const refused = bench.run(['guard', 'run', ...passed, '--', 'rm', '-r', 'disk/dir']);
    assert.equal(refused.status, 122, `nobody approved it: ${refused.stderr}`);
  }
  await approved(command);
  assert.ok(fs.existsSync(bench.at('disk/dir/deep/file')));
  const done = bench.run(command);
  assert.equal(done.status, 0, done.stdout + done.stderr);
  const said = flat(done.stderr);
  assert.match(said, /could not be put back.*NO UNDO 3 entries went for good, as was approved/);
  assert.doesNotMatch(said, /Put it all back/);
  assert.deepEqual(left(), ['stays']);
  const [, gone = ''] = /(p-[0-9a-f]{8})/.exec(done.stderr) ?? [];
  const undone = bench.run(['undo', gone]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.match(
    flat(undone.stdout),
    /Cannot be put back: dir: nothing of it was kept, as was approved/,
  );
});

test('rsync: what it overwrites and deletes goes, what it brings can be taken back', async (t) => {
  if (!needs(t, 'rsync')) return;
  const place = withoutPlace(t);
  if (place === undefined) return;
  const { bench, approved, left } = place;
  using _ = place.mount;
  for (const name of ['a', 'b', 'c']) {
    bench.write(`src/${name}`, name);
    fs.cpSync(bench.at(`src/${name}`), bench.at(`disk/${name}`), { preserveTimestamps: true });
  }
  const command = [
    'guard',
    'run',
    '--',
    'rsync',
    '-a',
    '--delete',
    '--exclude=.holdfast*',
    'src/',
    'disk/',
  ];
  const first = bench.run(['guard', 'run', '--observe', ...command.slice(2)]);
  assert.equal(first.status, 0, first.stderr);
  fs.unlinkSync(bench.at('src/a'));
  bench.write('src/b', 'another b');
  bench.write('src/new', 'new');
  await approved(command);
  fs.rmSync(bench.at('disk/new'), { force: true });
  assert.equal(fs.readFileSync(bench.at('disk/b'), 'utf8'), 'b');
  const done = bench.run(command);
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(flat(done.stderr), /NO UNDO 2 entries went for good.*Put the rest back/);
  assert.deepEqual(left(), ['b', 'c', 'new']);
  assert.equal(fs.readFileSync(bench.at('disk/b'), 'utf8'), 'another b');
  const [, id = ''] = /(p-[0-9a-f]{8})/.exec(done.stderr) ?? [];
  const shown = flat(bench.run(['undo', id, '--dry-run']).stdout);
  assert.match(shown, /Cannot be put back: a: nothing of it was kept/);
  assert.match(shown, /b: nothing of it was kept/);
});
