// Goal: places are read as rsync and people write them; what a tree says is parsed whatever a login
// shell says before, under dash and busybox alike; nothing in a path is taken for shell.
// Method: tables; the real script with paths that a shell would trip over.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { needs } from '../../../test/run/needs.ts';
import { listTree } from './list-tree.ts';
import { parseTreePlace, rootLine, treePlaceText } from './tree-place.ts';
import { parseSight, readTreeSight } from './tree-sight.ts';

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'hf-trees-')));
after(() => fs.rmSync(scratch, { recursive: true }));

const parse = (text: string) =>
  parseTreePlace(byteString(text), (given) => byteString(`/cwd/${given}`));

test('places', () => {
  const cases: Readonly<Record<string, readonly [host: string | undefined, path: string]>> = {
    tree: [undefined, '/cwd/tree'],
    './a:b': [undefined, '/cwd/./a:b'],
    'tin:/srv/staging': ['tin', '/srv/staging'],
    'tin:/srv/staging/': ['tin', '/srv/staging'],
    'tin:/': ['tin', '/'],
    'ann@tin:2222:/srv': ['tin', '/srv'],
    'tin:22': ['tin', '22'],
    '[fd00::1]:/srv': ['fd00::1', '/srv'],
    'ssh://tin/~/x': ['tin', '~/x'],
  };
  for (const [text, [host, at]] of Object.entries(cases)) {
    const place = parse(text);
    assert.deepEqual([place.at?.host, String(place.path)], [host, at], text);
  }
  assert.equal(treePlaceText(parse('ann@tin:2222:/srv')), 'ann@tin:2222:/srv');
  assert.equal(rootLine(parse('ssh://tin/~/a b')), `root="$HOME"/'a b'`);
  for (const bad of ['', '-oProxyCommand=x:/srv', 'tin:', ':/srv', 'tin::module']) {
    assert.throws(() => parse(bad), { code: 'HF_TREE_PLACE' }, bad);
  }
});

test('paths that mean something to a shell are paths, and must-exist names too', async () => {
  const odd = `-n $(touch ${'pwned'}) 'x" ;\n\xff*`;
  const dir = path.join(scratch, 'odd');
  const raw = Buffer.from(`${dir}/${odd}`, 'latin1');
  fs.mkdirSync(raw, { recursive: true });
  fs.writeFileSync(Buffer.concat([raw, Buffer.from("/a 'b'")]), '');
  const place = { at: undefined, path: byteString(raw.toString('latin1')) };
  const common = { place, environment: process.env, mayAsk: false };
  const seen = await readTreeSight({
    ...common,
    state: byteString(`${scratch}/none`),
    mustExist: ["a 'b'", '$(id)'],
  });
  assert.equal(seen.state, 'directory');
  assert.equal(seen.path, place.path);
  assert.deepEqual(
    seen.sentinels.map(({ ok }) => ok),
    [true, false],
  );
  const listed = [];
  for await (const { path: name, kind } of listTree(common)) listed.push([String(name), kind]);
  assert.deepEqual(listed, [["a 'b'", 'f']]);
  assert.ok(!fs.existsSync('pwned'));
});

test('a list leaves out what belongs to the place, and says where not all could be read', async () => {
  const dir = path.join(scratch, 'list');
  for (const name of ['.holdfast-undo/p-1', 'a/.holdfast-undo', 'a.b', 'a']) {
    fs.mkdirSync(path.join(dir, name), { recursive: true });
  }
  for (const name of ['.holdfast-tree', 'a/.holdfast-tree', 'a/x', 'line\nbreak']) {
    fs.writeFileSync(path.join(dir, name), '');
  }
  const asked = {
    place: { at: undefined, path: byteString(dir) },
    environment: process.env,
    mayAsk: false,
  };
  const names = [];
  for await (const { path: name } of listTree(asked)) names.push(String(name));
  assert.deepEqual(names, ['a.b', 'a/.holdfast-tree', 'a', 'a/x', 'line\nbreak']);
  const absent = { ...asked, place: { at: undefined, path: byteString(`${dir}/absent`) } };
  await assert.rejects(
    async () => {
      for await (const each of listTree(absent)) assert.ok(each);
    },
    { code: 'HF_TREE_UNSEEN' },
  );
});

test('the script says the same under busybox', (t) => {
  if (!needs(t, 'busybox')) return;
  const script = fs.readFileSync(path.join(import.meta.dirname, 'sight.sh'), 'utf8');
  const input = `root=${scratch}\nstate=\nset -- list absent\n${script}`;
  const place = { at: undefined, path: byteString(scratch) };
  const under = (program: string, ...args: readonly string[]) => {
    const ran = spawnSync(program, [...args, '-s'], { input, encoding: 'latin1' });
    return parseSight(`Welcome!\n${ran.stdout}`, { place, mustExist: ['list', 'absent'] });
  };
  const [dash, busybox] = [under('/bin/sh'), under('busybox', 'sh')];
  assert.equal(dash.path, scratch);
  assert.deepEqual(busybox, dash);
  assert.deepEqual(
    dash.sentinels.map(({ ok }) => ok),
    [true, false],
  );
});
