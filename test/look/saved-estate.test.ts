// Goal: the first holdfast.yaml is written once and never over another; `config diff` and
// `exposure --lose` answer from what is kept, without asking a host. Method: the real program over
// a look kept in a state directory of its own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { days, type UnixMs, unixMs } from '../../src/base/units.ts';
import type { Cli } from '../../src/main/cli/cli.ts';
import { readSettings } from '../../src/main/cli/settings.ts';
import { saveConfig } from '../../src/main/look/save-config.ts';
import { keepLook } from '../../src/main/look/saved-looks.ts';
import type { HostLook } from '../../src/watch/core/look/host-sight.ts';
import { Bench, type Said } from '../cli/run-cli.ts';
import { dataAt } from '../watch/discovery-example.ts';
import { answered, sightOf } from './host-sight-example.ts';
import { TWELVE } from './estate-of-twelve.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

/** As if it had been seen then. */
function seenAt(at: UnixMs): readonly HostLook[] {
  return TWELVE.map((look) => {
    if (look.kind === 'failed') return look;
    const { sight } = look;
    return { ...look, sight: { ...sight, discovery: { ...sight.discovery, seenAt: at } } };
  });
}

function keep(ago = 0): readonly HostLook[] {
  const at = unixMs(Date.now() - ago);
  const looks = seenAt(at);
  keepLook({ disk: nodeDisk(), tools: nodeTools(), state: byteString(bench.state) }, { at, looks });
  return looks;
}

async function save(looks: readonly HostLook[]): Promise<string> {
  const cli = { env: { HOLDFAST_STATE: bench.state }, cwd: byteString(bench.scratch) };
  const settings = await readSettings(cli as unknown as Cli, {});
  const look = { at: unixMs(Date.now()), looks };
  return saveConfig(cli, { settings, look }).outcome;
}

test('the first file is written, read by the program, and never written over', async () => {
  const looks = keep();
  assert.equal(await save(looks), 'written');
  const file = bench.at('holdfast.yaml');
  const text = fs.readFileSync(file, 'utf8');
  assert.ok(text.split('\n').length <= 60);
  assert.match(bench.run(['config', 'check']).stdout, /is right: 19 data sets/);
  assert.equal(bench.run(['config', 'show']).status, 0);
  fs.writeFileSync(file, '# mine\n');
  assert.equal(await save(looks), 'was there');
  assert.equal(fs.readFileSync(file, 'utf8'), '# mine\n');
});

test('config diff: nothing of its own file but what had no room; lines for what is missing', async () => {
  const looks = keep();
  await save(looks);
  const first = bench.json(['config', 'diff']).said;
  const parts = (said: Said): readonly string[] =>
    (said.differences as { part: string; kind: string }[])
      .filter(({ kind }) => kind !== 'unknown')
      .map(({ part, kind }) => `${part} ${kind}`);
  assert.deepEqual([...new Set(parts(first))], ['data set not declared']);
  const file = bench.at('holdfast.yaml');
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, text.replace(/^ {2}dl1-files.*\n/m, ''));
  const { stdout, status } = bench.run(['config', 'diff', '--exit-code']);
  assert.equal(status, 5);
  assert.match(
    stdout,
    /To take over[\s\S]*dl1-files: \{host: dl1, paths: \[\/etc, \/srv\/mirror\]\}/,
  );
  assert.match(stdout, /did not answer/);
});

test('exposure --lose answers from the look and the file', async () => {
  await save(keep());
  const file = bench.at('holdfast.yaml');
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, text.replace('domains:', 'domains:\n  site: {a: [hv1, st1], b: [dl1]}'));
  const lost = (...args: readonly string[]): Readonly<Record<string, string>> => {
    const { said, status } = bench.json(['exposure', ...args]);
    assert.equal(status, 0, JSON.stringify(said));
    const rows = said.rows as { dataSet: string; loss: { kind: string } }[];
    return Object.fromEntries(rows.map(({ dataSet, loss }) => [dataSet, loss.kind]));
  };
  assert.equal(lost('--lose', 'site:b')['dl1:/srv/mirror'], 'all');
  assert.equal(lost('--lose', 'host:hv1')['hv1:/srv/images/db1.img'], 'unknown');
  assert.equal(lost('--lose', 'host:hv1', '--lose', 'host:st1')['hv1:/srv/images/db1.img'], 'all');
  assert.deepEqual(lost('--lose', 'site:a'), lost('--lose', 'host:hv1', '--lose', 'host:st1'));
  assert.ok(Object.keys(lost('--lose', 'hypervisor:hv1')).includes('web1:/srv/www'));
  assert.equal(bench.run(['exposure', '--lose', 'site:b', '--exit-code']).status, 5);
  const twice = bench.json(['exposure', '--lose', 'site:b', '--lose', 'site:b']).said;
  assert.equal((twice.lost as { name: string }[]).length, 1);
  const wrong = bench.json(['exposure', '--lose', 'site:c']);
  assert.deepEqual([wrong.status, wrong.said.error?.code], [64, 'HF_LOSE_UNKNOWN']);
  assert.match(wrong.said.error?.remedy ?? '', /Did you mean site:a\?/);
});

test('what is in the vault of this machine counts, and falls with it', () => {
  bench.write('data/a', 'content');
  const data = bench.at('data');
  assert.equal(bench.run(['init']).status, 0);
  assert.equal(bench.run(['backup', data]).status, 0);
  const at = unixMs(Date.now());
  const { discovery, machine } = sightOf('here');
  const look = answered('here', {
    machine: { ...machine, hostName: os.hostname() },
    discovery: {
      ...{ ...discovery, seenAt: at },
      data: [dataAt(data), dataAt('/elsewhere')].map((each) => ({
        ...each,
        place: { ...each.place, host: 'here' },
      })),
    },
  });
  const store = { disk: nodeDisk(), tools: nodeTools(), state: byteString(bench.state) };
  keepLook(store, { at, looks: [look] });
  const lost = (what: string): Readonly<Record<string, string>> => {
    const { said } = bench.json(['exposure', '--lose', what]);
    const rows = said.rows as { dataSet: string; loss: { kind: string } }[];
    return Object.fromEntries(rows.map(({ dataSet, loss }) => [dataSet, loss.kind]));
  };
  assert.deepEqual(lost('host:here'), { [data]: 'all', 'here:/elsewhere': 'all' });
  const deleted = lost(`here:${data}`);
  assert.deepEqual(Object.keys(deleted), [data]);
  assert.notEqual(deleted[data], 'all', 'its vault is not in it');
  assert.deepEqual(lost('here:/elsewhere'), { 'here:/elsewhere': 'all' });
});

test('without a look this machine alone is looked at, and that is said', () => {
  assert.equal(bench.run(['init']).status, 0);
  const host = `host:${os.hostname()}`;
  const lost = bench.run(['exposure', '--lose', host]);
  assert.equal(lost.status, 0, lost.stderr);
  assert.match(lost.stdout.replaceAll(/\s+/g, ' '), /From a look at this machine alone, now/);
  const { said } = bench.json(['recovery-plan', '--lost', os.hostname()]);
  assert.equal(said.isOfThisMachine, true);
  assert.equal((said.plans as readonly unknown[]).length, 1);
  // Another machine is not known, and nothing is said of it.
  assert.equal(bench.json(['exposure', '--lose', 'host:hv1']).said.error?.code, 'HF_LOSE_UNKNOWN');
  // It was not kept: a look that was asked for is another matter.
  assert.equal(bench.json(['changes']).said.error?.code, 'HF_LOOK_WANTED');
});

test('an old look says unknown', () => {
  keep(days(2));
  const { said } = bench.json(['exposure', '--lose', 'host:dl1']);
  assert.deepEqual(said.notSeen, ['dl1']);
  const rows = said.rows as { loss: { kind: string } }[];
  assert.ok(rows.length > 0 && rows.every(({ loss }) => loss.kind === 'unknown'));
});
