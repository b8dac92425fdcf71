// Goal: a vault of format 0 becomes one of format 1 by a plan: shown, asked for, nothing lost, and nothing freed
// before; what was begun is ended by the same again; a copy keeps its own format and says so; other machines
// are told where it is to be done.
// Method: the real program on the golden vault of format 0.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { vaultDocuments } from '../../src/main/cli/vault-documents.ts';
import { digestsBelow, type GoldenVault, goldenVaults } from '../vault/golden-vaults.ts';
import { Bench, PROGRAM, type Ran, treeOf } from './run-cli.ts';

const OLD = goldenVaults().find(({ folder }) => folder.endsWith('format-0')) as GoldenVault;
const [KEY] = OLD.keys;
const HEADERS = ['header', 'copy/header'];
const GC = ['vault', 'gc', '--keep', 'last=1', '--key-file', KEY];

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  fs.cpSync(OLD.vault, bench.vault, { recursive: true });
});
afterEach(() => bench.remove());

const upgrade = (...args: readonly string[]): Ran =>
  bench.run(['vault', 'upgrade', bench.vault, ...args]);
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
const inVault = (name: string): string => path.join(bench.vault, name);
const formats = (vault = bench.vault): readonly (string | undefined)[] =>
  HEADERS.map((name) => /"format":(\d)/.exec(fs.readFileSync(path.join(vault, name), 'utf8'))?.[1]);

function demandAllThere(vault = bench.vault): void {
  const check = bench.run(['vault', 'check', '--read-data', '--vault', vault, '--key-file', KEY]);
  assert.equal(check.status, 0, check.stdout + check.stderr);
  const back = bench.at('back');
  const args = ['restore', '--vault', vault, '--key-file', KEY, 'latest', back];
  assert.equal(bench.run(args).status, 0);
  assert.deepEqual(digestsBelow(back), OLD.content.latest);
}

test('it is shown, not done without a yes, then done; nothing is lost, and then nothing is to do', () => {
  const before = treeOf(bench.vault);
  for (const [args, status] of [
    [['--dry-run'], 0],
    [[], 2],
  ] as const) {
    const ran = upgrade(...args);
    assert.equal(ran.status, status, ran.stderr);
    assert.match(
      flat(ran.stdout),
      /format 0 becomes 1\..* replaces .*rescue\.py, header, copy\/header/,
    );
    assert.deepEqual(treeOf(bench.vault), before);
  }
  const old = HEADERS.map((name) => fs.readFileSync(inVault(name), 'utf8'));
  const done = bench.json(['vault', 'upgrade', bench.vault, '--yes']);
  assert.equal(done.status, 0);
  assert.deepEqual(formats(), ['1', '1']);
  const aside = done.said.setAside as readonly string[];
  assert.deepEqual(
    aside.map((name) => fs.readFileSync(inVault(name), 'utf8')),
    old,
  );
  for (const [name, bytes] of Object.entries(vaultDocuments())) {
    assert.deepEqual(fs.readFileSync(inVault(name)), Buffer.from(bytes), name);
  }
  demandAllThere();
  const after = treeOf(bench.vault);
  assert.match(flat(upgrade('--yes').stdout), /is of format 1 already/);
  assert.deepEqual(treeOf(bench.vault), after);
  const undone = bench.run(['undo', String(done.said.plan)]);
  assert.match(flat(undone.stderr), /HF_UNDO_ABSENT .* nothing was lost by it/);
});

test('nothing is forgotten or freed before, and a dry run of it is not refused', () => {
  const before = treeOf(bench.vault);
  assert.equal(bench.run([...GC, '--dry-run']).status, 0);
  const refused = bench.json([...GC, '--yes']);
  assert.equal(refused.said.error?.code, 'HF_VAULT_FORMAT_OLD');
  assert.match(refused.said.error.remedy, /holdfast vault upgrade/);
  assert.deepEqual(treeOf(bench.vault), before);
  // One that was stopped between its headers has not ended.
  const first = fs.readFileSync(inVault('copy/header'));
  assert.equal(upgrade('--yes').status, 0);
  fs.writeFileSync(inVault('copy/header'), first);
  assert.equal(bench.json([...GC, '--yes']).said.error?.code, 'HF_VAULT_FORMAT_OLD');
  assert.equal(upgrade('--yes').status, 0);
  assert.deepEqual(formats(), ['1', '1']);
  const freed = bench.run([...GC, '--yes']);
  assert.equal(freed.status, 0, freed.stderr);
  // Nobody knows what a vault without a header is.
  for (const name of HEADERS) fs.rmSync(inVault(name));
  assert.equal(bench.json([...GC, '--yes']).said.error?.code, 'HF_VAULT_FORMAT_OLD');
});

test('a damaged header is put right by it, and two are refused', () => {
  fs.writeFileSync(inVault('header'), 'no header');
  assert.equal(upgrade('--yes').status, 0);
  assert.deepEqual(formats(), ['1', '1']);
  demandAllThere();
  for (const name of HEADERS) fs.writeFileSync(inVault(name), 'no header');
  const refused = bench.json(['vault', 'upgrade', bench.vault, '--yes']);
  assert.equal(refused.said.error?.code, 'HF_VAULT_CORRUPT');
  const absent = bench.json(['vault', 'upgrade', bench.at('nothing'), '--yes']);
  assert.equal(absent.said.error?.code, 'HF_VAULT_ABSENT');
});

test('a freeze holds it', () => {
  assert.equal(bench.run(['freeze', '--reason', 'a test']).status, 0);
  const before = treeOf(bench.vault);
  const held = upgrade('--yes');
  assert.notEqual(held.status, 0);
  assert.match(held.stdout, /Nothing was changed/);
  assert.deepEqual(treeOf(bench.vault), before);
});

test('on a machine that does not keep the vault it says where to do it', () => {
  for (const [place, there] of [
    ['ssh://st2/srv/my vault', "'/srv/my vault'"],
    [`https://st1.example.org:7443/web1`, 'ROOT/vaults/web1'],
  ] as const) {
    const { status, said } = bench.json(['vault', 'upgrade', place]);
    assert.equal(status, 1);
    assert.equal(said.error?.code, 'HF_VAULT_KEEPER');
    assert.match(said.error.remedy, new RegExp(`holdfast vault upgrade ${there}`));
  }
});

test('a host that writes through a server goes on before, between and after', () => {
  const ssh = bench.write(
    'ssh',
    `#!/bin/sh\nexec ${PROGRAM} vault stdio --append-only '${bench.vault}'\n`,
  );
  fs.chmodSync(ssh, 0o755);
  bench.write('data/a', 'new');
  const env = { HOLDFAST_SSH: ssh };
  const backup = (): Ran => {
    bench.write('data/a', `of ${process.hrtime.bigint()}`);
    const to = ['--vault', `ssh://st2${bench.vault}`, '--key-file', KEY];
    return bench.run(['backup', 'data', ...to], { env });
  };
  const before = HEADERS.map((name) => fs.readFileSync(inVault(name)));
  assert.equal(backup().status, 0);
  assert.equal(upgrade('--yes').status, 0);
  assert.equal(backup().status, 0);
  fs.writeFileSync(inVault('copy/header'), before[1] ?? '');
  assert.equal(backup().status, 0);
  const check = bench.run(['vault', 'check', '--read-data', '--key-file', KEY]);
  assert.match(check.stdout, /5 snapshots/);
});

test('a copy keeps its own format, is whole, and says what is to be done', () => {
  const copy = bench.at('copy');
  const copyTo = (): ReturnType<Bench['json']> => bench.json(['vault', 'copy', bench.vault, copy]);
  assert.equal(copyTo().said.formats, undefined);
  assert.equal(upgrade('--yes').status, 0);
  const apart = copyTo();
  assert.deepEqual([apart.status, apart.said.formats], [0, { from: 1, to: 0 }]);
  assert.deepEqual(formats(copy), ['0', '0']);
  const ran = bench.run(['vault', 'copy', bench.vault, copy]);
  assert.match(
    flat(ran.stdout),
    /format 0 there and 1 here; .*the copy.* holdfast vault upgrade COPY/,
  );
  demandAllThere(copy);
  // The other way round, and a repair from an older copy: what two headers say here is not overruled.
  const back = bench.json(['vault', 'copy', copy, bench.vault]);
  assert.deepEqual([back.status, back.said.formats], [0, { from: 0, to: 1 }]);
  assert.equal(bench.run(['vault', 'repair', bench.vault, '--from', copy]).status, 0);
  assert.deepEqual(formats(), ['1', '1']);
  assert.equal(bench.run(['vault', 'upgrade', copy, '--yes']).status, 0);
  assert.equal(copyTo().said.formats, undefined);
});

test('what lies in a directory that its user may not change stays as it is', (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to be somebody else');
  fs.chmodSync(bench.scratch, 0o755);
  spawnSync('chmod', ['-R', 'a+rX', bench.vault]);
  const before = treeOf(bench.vault);
  const state = bench.write('nobody/none', '');
  spawnSync('chown', ['-R', '65534:65534', path.dirname(state)]);
  const env = { HOLDFAST_STATE: path.join(path.dirname(state), 'state') };
  const ran = bench.run(['vault', 'upgrade', bench.vault, '--yes'], { asNobody: true, env });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /HF_DISK_/);
  assert.deepEqual(treeOf(bench.vault), before);
});
