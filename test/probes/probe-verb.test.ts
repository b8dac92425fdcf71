// Goal: `holdfast probe` runs the probes of this host and of agent.yaml once, worst first; what could
// not be seen never looks ok; one that fails ends with 5 where that is asked for. Method: the program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { discoverHost } from '../../src/adapters/probes/host-found.ts';
import { probesHere } from '../../src/adapters/probes/probes-here.ts';
import { probesKey } from '../../src/wire/agent/probe-config.ts';
import { Bench, PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';

const bench = new Bench();
after(() => bench.remove());

function config(text: string): string {
  const file = path.join(bench.scratch, 'agent.yaml');
  fs.writeFileSync(file, text, { mode: 0o644 });
  return file;
}

test('worst first, in words and as JSON; unknown is not ok', (t) => {
  if (!needs(t, 'root')) return; // The file must be root's.
  const file = config(`probes:
  there: {kind: path, path: /, type: directory}
  absent: {kind: path, path: /nowhere/at/all}
  unseen: {kind: plugin, plugin: check_nothing_here}
`);
  const all = bench.json(['probe', 'path', '--config', file]).said as unknown as Said;
  assert.deepEqual(
    all.probes.map(({ item, standing }) => [item, standing]),
    [
      ['path:absent', 'failed'],
      ['path:there', 'ok'],
    ],
  );
  const unseen = bench.run(['probe', 'unseen', '--config', file, '--exit-code']);
  assert.equal(unseen.status, 5);
  assert.match(unseen.stdout, /^◌ 1 probe: 1 unknown\n/);
  assert.match(unseen.stdout, /◌ plugin:unseen +there is no plugin/);
  const there = bench.run(['probe', 'path:there', '--config', file, '--exit-code']);
  assert.equal(there.status, 0);
  assert.match(there.stdout, /^● 1 probe, all ok now/);
  assert.equal(bench.run(['probe', 'absent', '--config', file]).status, 0);
  const meant = bench.run(['probe', 'pth', '--config', file]);
  assert.equal(meant.status, 64);
  assert.match(meant.stderr, /did you mean path\?/);
});

interface Said {
  readonly probes: readonly { readonly item: string; readonly standing: string }[];
}

test('a sandbox that sees all mounts read-only says nothing of the host', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const probe = `${PROGRAM} probe mount:/ --exit-code --config ${config('probes: {}\n')}`;
  const script = `mount -o remount,bind,ro / && ! touch /ro-here 2>/dev/null && ${probe}`;
  const ran = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    encoding: 'utf8',
  });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /mount:\/ +.*, writable/);
});

test('a file that is not understood is an error, and says what', (t) => {
  if (!needs(t, 'root')) return;
  const ran = bench.run(['probe', '--config', config('probes: {a: {kind: htp}}\n')]);
  assert.equal(ran.status, 64);
  assert.match(ran.stderr, /HF_AGENT_CONFIG/);
  assert.equal(bench.run(['probe', '--config', '/nowhere.yaml']).status, 64);
});

test('each item stands there once; a configured one in place of its default; without: takes one out', () => {
  const host = discoverHost();
  const items = (probes: object, without: readonly string[] = []): readonly string[] =>
    probesHere({ probes: probesKey.parse(probes), without }, host).map(({ item }) => item);
  const all = items({});
  assert.equal(new Set(all).size, all.length);
  for (const item of ['kernel:log', 'processes:stuck', 'processes:zombies', 'mount:/', 'space:/']) {
    assert.ok(all.includes(item), `${item} in ${all.join(' ')}`);
  }
  assert.ok(!items({}, ['space:/']).includes('space:/'));
  const root = items({ root: { kind: 'space', path: '/', warn: '20%' } });
  assert.equal(root.filter((item) => item === 'space:/').length, 1);
  assert.ok(
    items({ nightly: { kind: 'ping', period: '1d' } }).every((item) => !item.startsWith('ping:')),
  );
});

test('what is wrong in a line of the configuration is refused', () => {
  const bad: readonly object[] = [
    { kind: 'http', url: 'file:///etc/passwd' },
    { kind: 'http', url: 'https://user:secret@example.org/' },
    { kind: 'plugin', plugin: '../../bin/sh' },
    { kind: 'plugin', plugin: 'check_x', args: ['a\0b'] },
    { kind: 'path', path: 'relative' },
    { kind: 'guest', guest: 'a', uri: 'qemu:///system --x' },
    { kind: 'backup', path: '/srv' },
    { kind: 'postgres', user: '-x y' },
    { kind: 'smart', disk: '../sda' },
    { kind: 'ping', period: '0s' },
    { kind: 'http', url: 'https://example.org/', command: 'id' },
  ];
  for (const one of bad) {
    assert.ok(!probesKey.safeParse({ a: one }).success, JSON.stringify(one));
  }
  assert.ok(!probesKey.safeParse({ '../x': { kind: 'lvm' } }).success);
});
