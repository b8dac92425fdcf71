// Goal: `holdfast sync` makes a directory what a place holds, takes nothing away that it may not, and
// what it did is seen to be right by a tool that is not ours.
// Method: the real command line on real trees; rsync compares, with checksums, links, ACLs, attributes.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { syncPlace } from './sync-place.ts';

test('the first sync adopts, the second takes away, the third does nothing', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  place.fill(5, 'a');
  place.put('old', 'from before', place.target);
  place.put('a', 'a file where a directory comes', place.target);
  const first = place.json();
  assert.equal(first.code, 2);
  assert.equal(first.said.verdict.decision, 'additive-only');
  assert.deepEqual(
    first.said.verdict.objections.map(({ rule }) => rule),
    ['scoped'],
  );
  assert.ok(fs.existsSync(path.join(place.target, 'old')), 'nothing is taken away');
  const asked = place.json([place.source, place.target]);
  assert.equal(asked.code, 2, 'nobody said yes');
  assert.equal(asked.said.notDone, 'asked');
  assert.ok(fs.existsSync(path.join(place.target, 'old')));
  const second = place.json();
  assert.equal(second.code, 0, JSON.stringify(second.said.verdict));
  assert.equal(second.said.plan.summary.delete?.entries, 1);
  assert.equal(second.said.plan.summary.replace?.entries, 1);
  place.demandEqual();
  const third = place.json();
  assert.equal(third.said.notDone, 'equal');
  assert.equal(third.code, 0);
});

test('a dry run does nothing and says all; what only adds needs no yes', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  place.fill(3);
  const shown = place.run([place.source, place.target, '--dry-run']);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /adds 3/);
  assert.deepEqual(fs.readdirSync(place.target), []);
  assert.equal(place.json([place.source, place.target]).code, 0);
  place.demandEqual();
});

test('a dry run prints no command for a plan that is not kept', (t) => {
  const place = syncPlace(t);
  place.fill(3);
  place.put('old', 'from before', place.target);
  const shown = place.run([place.source, place.target, '--dry-run']);
  assert.equal(shown.status, 2, shown.stderr);
  assert.doesNotMatch(shown.stdout, /holdfast (?:plan|approve) /);
  assert.match(shown.stdout, /holdfast explain scoped/);
});

test('a dry run shows ten operations, and every one on request', (t) => {
  const place = syncPlace(t);
  place.fill(30);
  const ten = place.run([place.source, place.target, '--dry-run']);
  assert.doesNotMatch(ten.stdout, /^ {2}\+ {2}f/m);
  const all = place.run([place.source, place.target, '--dry-run', '--all']);
  assert.equal(all.status, 0, all.stderr);
  assert.equal([...all.stdout.matchAll(/^ {2}\+ {2}f\d+ /gm)].length, 30);
  const { said } = place.json([place.source, place.target, '--dry-run', '--all']);
  assert.equal(said.ops?.length, said.plan.ops.count);
  assert.deepEqual(fs.readdirSync(place.target), []);
  assert.deepEqual(fs.readdirSync(path.join(place.state, 'guard/plans')), [], 'none is kept');
  assert.equal(place.run([place.source, place.target, '--all']).status, 64);
});

test('what Holdfast lives in, and what lies within its own source, is no target', (t) => {
  const place = syncPlace(t);
  place.fill(3);
  fs.mkdirSync(path.join(place.source, 'below'));
  const link = path.join(place.dir, 'link');
  fs.symlinkSync(place.vault, link);
  const refused: readonly (readonly [string, RegExp])[] = [
    [place.vault, /is the vault/],
    [path.join(link, 'new'), /lies in the vault/],
    [place.dir, /holds /],
    [place.state, /is the state directory/],
    [path.join(place.state, 'new', 'er'), /lies in the state directory/],
    [path.join(place.source, 'below'), /lies in its source/],
    [path.join(place.source, 'new'), /lies in its source/],
  ];
  for (const [target, why] of refused) {
    const ran = place.run([place.source, target, '--yes']);
    assert.equal(ran.status, 64, `${target}: ${ran.stdout}`);
    assert.match(ran.stderr.replaceAll(/\s+/g, ' '), why);
  }
  assert.ok(!fs.existsSync(path.join(place.vault, 'f0')));
  assert.ok(!fs.existsSync(path.join(place.vault, 'new')));
  assert.ok(!fs.existsSync(path.join(place.source, 'new')));
  const around = place.run([path.join(place.source, 'below'), place.source, '--yes']);
  assert.equal(around.status, 64, around.stdout);
  assert.match(around.stderr.replaceAll(/\s+/g, ' '), /lies around its source/);
});

test('`..` behind a link leads where the system goes', (t) => {
  const place = syncPlace(t);
  place.fill(1);
  fs.mkdirSync(path.join(place.dir, 'far/below'), { recursive: true });
  fs.mkdirSync(path.join(place.dir, 'far/target'));
  fs.symlinkSync('far/below', path.join(place.dir, 'way'));
  const ran = place.run([place.source, `${place.dir}/way/../target`, '--yes']);
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(fs.existsSync(path.join(place.dir, 'far/target/f0')));
});

test('an unset variable is no source', (t) => {
  const place = syncPlace(t);
  const ran = place.run(['', place.target, '--yes']);
  assert.equal(ran.status, 64, ran.stdout);
  assert.deepEqual(fs.readdirSync(place.target), []);
});

test('half a deployment is refused where all or nothing was asked for', (t) => {
  const place = syncPlace(t);
  place.fill(3);
  place.put('old', 'from before', place.target);
  const { code, said } = place.json([place.source, place.target, '--yes', '--all-or-nothing']);
  assert.equal(code, 2);
  assert.equal(said.notDone, 'refused-half');
  assert.deepEqual(fs.readdirSync(place.target), ['old']);
});

test('everything a tree can hold arrives, and again is nothing', (t) => {
  if (!needs(t, 'root', 'rsync', 'attr')) return;
  const place = syncPlace(t);
  const { source } = place;
  const at = (name: string): string => path.join(source, name);
  place.put(Buffer.from('odd \xff\n"name\\', 'latin1'), 'any bytes');
  place.put('ümläut', 'two bytes a letter');
  place.put('one', 'several names');
  fs.mkdirSync(at('dir'));
  fs.linkSync(at('one'), at('dir/two'));
  fs.linkSync(at('one'), at('three'));
  fs.symlinkSync('../nowhere', at('dir/link'));
  place.put('mode', 'set');
  fs.chmodSync(at('mode'), 0o4711);
  fs.chownSync(at('mode'), 1234, 2345);
  place.put('mode2', 'set');
  fs.chmodSync(at('mode2'), 0o2755);
  execFileSync('setfattr', ['-n', 'user.colour', '-v', 'green', at('ümläut')]);
  execFileSync('setfattr', ['-n', 'user.of-dir', '-v', 'x', at('dir')]);
  execFileSync('mkfifo', [at('pipe')]);
  execFileSync('mknod', [at('null'), 'c', '1', '3']);
  execFileSync('truncate', ['-s', '20M', at('sparse')]);
  fs.writeFileSync(at('large'), Buffer.alloc(12_000_000, 'lorem ipsum dolor'));
  fs.mkdirSync(at('closed'), { mode: 0o000 });
  fs.utimesSync(at('dir'), 1e9, 1e9);
  assert.equal(place.json().code, 0);
  place.demandEqual();
  assert.equal(place.json().said.notDone, 'equal');
  const blocks = fs.statSync(path.join(place.target, 'sparse')).blocks;
  assert.ok(blocks < 1000, `holes stay holes: ${blocks} blocks`);

  // Links that form other groups, attributes that go, types that change.
  fs.rmSync(at('three'));
  fs.copyFileSync(at('one'), at('three'));
  fs.rmSync(at('dir/two'));
  fs.linkSync(at('mode'), at('dir/two'));
  execFileSync('setfattr', ['-x', 'user.colour', at('ümläut')]);
  fs.chmodSync(at('mode2'), 0o600);
  fs.rmSync(at('pipe'));
  fs.symlinkSync('one', at('pipe'));
  const file = fs.openSync(at('large'), 'r+');
  fs.writeSync(file, 'changed', 9_000_000);
  fs.closeSync(file);
  const again = place.json();
  assert.equal(again.code, 0, JSON.stringify(again.said));
  place.demandEqual();
  assert.equal(place.json().said.notDone, 'equal');
});

test('several names of one inode change together', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  place.put('b', 'first');
  fs.linkSync(path.join(place.source, 'b'), path.join(place.source, 'c'));
  fs.linkSync(path.join(place.source, 'b'), path.join(place.source, 'd'));
  assert.equal(place.json().code, 0);
  fs.writeFileSync(path.join(place.source, 'c'), 'second, longer');
  assert.equal(place.json().code, 0);
  place.demandEqual();
  fs.chmodSync(path.join(place.source, 'd'), 0o600);
  assert.equal(place.json().code, 0);
  place.demandEqual();
  // The name that comes first goes, and somebody else has changed the others' attributes.
  fs.rmSync(path.join(place.source, 'b'));
  fs.chmodSync(path.join(place.target, 'c'), 0o755);
  assert.equal(place.json().code, 0);
  place.demandEqual();
  assert.equal(place.json().said.notDone, 'equal');
});

test('undo gives back the very tree, and the undo of that the new one', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  for (let at = 0; at < 5; at++) place.fill(6, `d${at}`);
  fs.linkSync(path.join(place.source, 'd0/f0'), path.join(place.source, 'd1/link'));
  assert.equal(place.json().code, 0);
  const before = place.listing();
  fs.rmSync(path.join(place.source, 'd2'), { recursive: true });
  fs.renameSync(path.join(place.source, 'd3'), path.join(place.source, 'moved'));
  place.put('d0/f1', 'other');
  place.put('d2', 'a file now');
  fs.chmodSync(path.join(place.source, 'd4/f2'), 0o600);
  const { code, said } = place.json();
  assert.equal(code, 0, JSON.stringify(said.verdict));
  place.demandEqual();
  const after = place.listing();
  const undone = place.holdfast(['undo', said.plan.id, '--json']);
  assert.equal(undone.status, 0, undone.stdout + undone.stderr);
  assert.deepEqual(place.listing(), before);
  assert.equal(place.json().code, 0);
  assert.deepEqual(place.listing(), after);
});

test('of a file of two names one becomes a directory while a third name comes', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  const at = (name: string): string => path.join(place.source, name);
  place.put('one', 'of two names');
  fs.linkSync(at('one'), at('two'));
  assert.equal(place.json().code, 0);
  fs.rmSync(at('two'));
  fs.mkdirSync(at('two'));
  fs.linkSync(at('one'), at('zzz'));
  // By itself: the first operation is tried alone, the rest is staged together.
  place.put('begin', 'new');
  const { code, said } = place.json();
  assert.equal(code, 0, JSON.stringify(said.done));
  place.demandEqual();
});

test('a directory of 10 000 files that was renamed is renamed', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  for (let at = 0; at < 100; at++) place.fill(100, `site/d${at}`);
  assert.equal(place.json().code, 0);
  const inode = fs.statSync(path.join(place.target, 'site/d7/f7')).ino;
  fs.renameSync(path.join(place.source, 'site'), path.join(place.source, 'www'));
  const { code, said } = place.json();
  assert.equal(code, 0, JSON.stringify(said.verdict));
  const { rename, create } = said.plan.summary;
  assert.deepEqual([rename?.ops, create?.ops, said.plan.summary.delete?.ops], [1, 0, 0]);
  assert.equal(fs.statSync(path.join(place.target, 'www/d7/f7')).ino, inode);
  place.demandEqual();
});

test('what was renamed arrives where only what is new may, and the old waits', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  place.fill(3, 'was');
  place.fill(2, 'other');
  assert.equal(place.json().code, 0);
  fs.renameSync(path.join(place.source, 'was'), path.join(place.source, 'is'));
  place.put('own', 'somebody put it there', place.target);
  const held = place.json();
  assert.equal(held.code, 2, JSON.stringify(held.said.verdict));
  assert.equal(fs.readFileSync(path.join(place.target, 'is/f1'), 'utf8'), 'was 1\n');
  assert.ok(fs.existsSync(path.join(place.target, 'was/f1')), 'nothing is taken away');
  fs.rmSync(path.join(place.target, 'own'));
  assert.equal(place.json().code, 0);
  place.demandEqual();
});

test('a target that is a link to nothing is refused in words', (t) => {
  const place = syncPlace(t);
  place.fill(1);
  const link = path.join(place.dir, 'nowhere');
  fs.symlinkSync('/nonexistent/target', link);
  const ran = place.run([place.source, link, '--yes']);
  assert.equal(ran.status, 64, ran.stderr);
  assert.match(ran.stderr, /HF_SYNC_SOURCE/);
});

test('what looks renamed and holds something else is not', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  place.put('old', 'content A');
  assert.equal(place.json().code, 0);
  fs.rmSync(path.join(place.source, 'old'));
  place.put('new', 'content B');
  const { mtime } = fs.statSync(path.join(place.target, 'old'));
  fs.utimesSync(path.join(place.source, 'new'), mtime, mtime);
  const { code, said } = place.json();
  assert.equal(code, 0);
  assert.equal(said.plan.summary.rename?.ops, 0);
  place.demandEqual();
});

test('an empty source takes nothing away', (t) => {
  const place = syncPlace(t);
  place.fill(50);
  assert.equal(place.json().code, 0);
  for (const name of fs.readdirSync(place.source)) fs.rmSync(path.join(place.source, name));
  const { code, said } = place.json();
  assert.notEqual(code, 0);
  assert.ok(said.verdict.objections.some(({ rule }) => rule === 'complete'));
  assert.equal(fs.readdirSync(place.target).length, 50);
});

test('a source that could not be read whole takes nothing away, and adds what is new', (t) => {
  if (!needs(t, 'root')) return;
  const place = syncPlace(t);
  fs.chmodSync(place.dir, 0o777);
  const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  place.fill(3, 'open');
  place.fill(3, 'closed');
  execFileSync('chown', ['-R', '65534:65534', place.dir]);
  const asUser = { before: user, env: { HOME: place.dir } };
  assert.equal(place.json(undefined, asUser).code, 0);
  fs.chownSync(path.join(place.source, 'closed'), 0, 0);
  fs.chmodSync(path.join(place.source, 'closed'), 0o700);
  fs.rmSync(path.join(place.source, 'open/f1'));
  place.put('open/new', 'comes');
  const { code, said } = place.json(undefined, asUser);
  assert.equal(code, 2, JSON.stringify(said.verdict));
  assert.equal(said.plan.source.listing.complete, 'no');
  assert.ok(fs.existsSync(path.join(place.target, 'open/f1')));
  assert.ok(fs.existsSync(path.join(place.target, 'closed/f2')));
  assert.ok(fs.existsSync(path.join(place.target, 'open/new')));
});

test('an ordinary user: owners are not compared, and again is nothing', (t) => {
  if (!needs(t, 'root', 'rsync')) return;
  const place = syncPlace(t);
  place.fill(3, 'a');
  fs.chmodSync(place.dir, 0o777);
  execFileSync('chown', ['-R', '65534:65534', place.state, place.vault, place.target]);
  const before = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const options = { before, env: { HOME: place.dir } };
  assert.equal(place.json(undefined, options).code, 0);
  assert.equal(fs.statSync(path.join(place.target, 'a/f0')).uid, 65534);
  assert.equal(place.json(undefined, options).said.notDone, 'equal');
});

test('a directory above the target may be passed and not listed', (t) => {
  if (!needs(t, 'root', 'rsync')) return;
  const place = syncPlace(t);
  place.fill(3, 'a');
  const closed = path.join(place.dir, 'closed');
  const target = path.join(closed, 'way', 'target');
  fs.mkdirSync(target, { recursive: true });
  fs.chmodSync(place.dir, 0o777);
  execFileSync('chown', ['-R', '65534:65534', place.state, place.vault, target]);
  fs.chmodSync(closed, 0o711);
  fs.chmodSync(path.dirname(target), 0o711);
  const before = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const options = { before, env: { HOME: place.dir } };
  assert.equal(place.json([place.source, target, '--yes'], options).code, 0);
  assert.ok(fs.existsSync(path.join(target, 'a/f0')));
  fs.rmSync(path.join(place.source, 'a/f0'));
  assert.equal(place.json([place.source, target, '--yes'], options).code, 0);
  assert.ok(!fs.existsSync(path.join(target, 'a/f0')));
});

test('a candidate may be synced to, not from', (t) => {
  const place = syncPlace(t);
  place.fill(5);
  assert.equal(place.json().code, 0);
  const elsewhere = { env: { HOLDFAST_STATE: path.join(place.dir, 'other-state') } };
  const promoted = place.holdfast(
    ['promote', place.source, '--reason', 'test', '--yes'],
    elsewhere,
  );
  assert.equal(promoted.status, 0, promoted.stderr);
  fs.rmSync(path.join(place.source, 'f1'));
  const { code, said } = place.json();
  assert.equal(code, 3, JSON.stringify(said.verdict));
  assert.ok(said.verdict.objections.some(({ rule }) => rule === 'eligible-source'));
  assert.ok(fs.existsSync(path.join(place.target, 'f1')));
});

test('what somebody else put into the target stays', (t) => {
  const place = syncPlace(t);
  place.fill(5);
  assert.equal(place.json().code, 0);
  place.put('foreign', 'not ours', place.target);
  const { code, said } = place.json();
  assert.equal(code, 2);
  assert.equal(said.verdict.decision, 'additive-only');
  assert.ok(fs.existsSync(path.join(place.target, 'foreign')));
});

test('rules of a data set leave what they match at the target', (t) => {
  const config = (source: string): string =>
    `datasets:\n  www:\n    paths: [${source}]\n    exclude: ['*.log']\nguard:\n  modes: { live: observe, radius: observe }\n`;
  const place = syncPlace(t);
  fs.writeFileSync(place.config, config(place.source));
  place.fill(3);
  place.put('own.log', 'left out');
  assert.equal(place.json().code, 0);
  place.put('kept.log', 'of the target', place.target);
  fs.rmSync(path.join(place.source, 'f1'));
  const { said } = place.json();
  assert.equal(said.verdict.decision, 'allow');
  assert.deepEqual(fs.readdirSync(place.target).sort(), ['f0', 'f2', 'kept.log']);
});

test('a snapshot that was named is put, whatever its place holds now', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  place.fill(4);
  assert.equal(place.json().code, 0);
  const env = { HOLDFAST_VAULT: place.vault };
  const listed = place.holdfast(['snapshots', '--json'], { env });
  const [snapshot] = (JSON.parse(listed.stdout) as { snapshots: { id: string }[] }).snapshots;
  assert.ok(snapshot !== undefined);
  fs.rmSync(path.join(place.source, 'f1'));
  assert.equal(place.json().code, 0);
  assert.equal(fs.existsSync(path.join(place.target, 'f1')), false);
  const { code, said } = place.json([snapshot.id, place.target, '--yes']);
  assert.equal(code, 0, JSON.stringify(said.verdict));
  assert.ok(fs.existsSync(path.join(place.target, 'f1')));
});

test('two at once: the target is whole, and one of them is told', async (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t);
  for (let at = 0; at < 20; at++) place.fill(50, `d${at}`);
  const env = { ...process.env, HOLDFAST_STATE: place.state, HOLDFAST_VAULT: place.vault };
  const begun = [1, 2].map(() =>
    spawn(PROGRAM, ['sync', place.source, place.target, '--yes', '--config', place.config], {
      env,
      cwd: place.dir,
      stdio: 'ignore',
    }),
  );
  const codes = await Promise.all(
    begun.map(async (child) => (await once(child, 'exit'))[0] as number),
  );
  assert.ok(codes.includes(0), String(codes));
  assert.equal(place.json().code, 0);
  place.demandEqual();
});
