// Goal: rm, mv, find and rclone do what they are told, with their own codes and messages, and what
// they take away comes back exactly. Method: the real programs, beside themselves unguarded.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type Ran, type RunPlace, runPlace } from './run-place.ts';

function said({ stdout, stderr }: Ran): string {
  return `${stdout}\n${stderr}`;
}

/** The target with a small tree in it. */
function planted(t: Parameters<typeof runPlace>[0]): RunPlace {
  const place = runPlace(t);
  const { target } = place;
  fs.mkdirSync(path.join(target, 'dir/sub'), { recursive: true });
  fs.mkdirSync(path.join(target, 'empty'));
  for (const name of ['a', 'b.o', 'dir/c.o', 'dir/d', 'dir/sub/e.o', '-x', 'new\nline']) {
    place.put(name, name, target);
  }
  fs.symlinkSync('dir', path.join(target, 'link'));
  return place;
}

function undone(place: RunPlace, ran: Ran, before: readonly string[]): void {
  const undo = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undo.status, 0, said(undo));
  assert.deepEqual(place.listing(), before);
}

/** The same command in two equal trees, once guarded: code, messages and what is left are the same. */
function alike(t: Parameters<typeof runPlace>[0], argv: readonly string[]): void {
  const [guarded, plain] = [planted(t), planted(t)];
  const cwd = guarded.target;
  const before = guarded.listing();
  const ran = guarded.guard(argv, { cwd, options: ['--verbose'] });
  const [program = '', ...args] = argv;
  const env = { ...process.env, LC_ALL: 'C' };
  const own = spawnSync(program, args, { cwd: plain.target, encoding: 'utf8', env });
  assert.equal(ran.status, own.status, `${argv.join(' ')}: ${said(ran)}`);
  assert.equal(ran.stdout, own.stdout, argv.join(' '));
  for (const line of own.stderr.split('\n'))
    assert.ok(ran.stderr.includes(line), `${line}\n${ran.stderr}`);
  assert.deepEqual(guarded.names(), plain.names(), argv.join(' '));
  if (guarded.names().join() !== before.map((line) => line.split(' ')[0]).join()) {
    undone(guarded, ran, before);
  }
}

test('rm: files, trees, links, what is missing, and what it refuses', (t) => {
  for (const argv of [
    ['rm', 'a', 'b.o'],
    ['rm', '-r', 'dir', 'link'],
    ['rm', '-rf', 'dir', 'nothing'],
    ['rm', '-f', 'nothing'],
    ['rm', 'nothing', 'a'],
    ['rm', 'dir', 'a'],
    ['rm', '-d', 'empty'],
    ['rm', '-d', 'dir'],
    ['rm', '--', '-x'],
    ['rm', 'new\nline'],
    ['rm', '-r', '.'],
    ['rm', '-r', 'dir/..', 'a'],
    ['rm', 'link'],
    ['rm', '-r', 'dir/sub', 'dir'],
    ['rm', '-i', '-f', 'a'],
  ]) {
    alike(t, argv);
  }
});

test('rm -v: each that went is told, on the standard output', (t) => {
  const [place, plain] = [planted(t), planted(t)];
  const argv = ['rm', '-rv', '--', 'dir', 'a', 'empty/', 'nothing', '-x'];
  const ran = place.guard(argv, { cwd: place.target });
  const [program = '', ...args] = argv;
  const env = { ...process.env, LC_ALL: 'C' };
  const own = spawnSync(program, args, { cwd: plain.target, encoding: 'utf8', env });
  const sorted = (text: string): readonly string[] => text.split('\n').toSorted();
  assert.deepEqual(sorted(ran.stdout), sorted(own.stdout));
  const dir = ran.stdout.split('\n').indexOf("removed directory 'dir'");
  assert.ok(ran.stdout.split('\n').indexOf("removed directory 'dir/sub'") < dir);
  // Nothing went, and nothing is told.
  place.holdfast(['freeze', '--reason', 'storage work']);
  const held = place.guard(['rm', '-v', 'b.o'], { cwd: place.target });
  assert.deepEqual([held.status, held.stdout], [120, '']);
});

test('rm: what asks is not run', (t) => {
  const place = planted(t);
  for (const option of ['-i', '-I', '--no-preserve-root', '--one-file-system']) {
    const ran = place.guard(['rm', option, 'a'], { cwd: place.target });
    assert.equal(ran.status, 123, option);
    assert.match(
      said(ran).replace(/\s+/g, ' '),
      new RegExp(`Leave ${option} out: .*holdfast undo`),
    );
  }
  assert.ok(place.names().includes('/a'));
});

test('find: what it finds goes, and comes back', (t) => {
  for (const argv of [
    ['find', '.', '-name', '*.o', '-delete'],
    ['find', '.', '-name', '*.o', '-print', '-delete'],
    ['find', 'dir', '-delete'],
    ['find', '-delete'],
    ['find', '.', '-name', 'dir', '-delete'],
    ['find', 'dir', 'a', '-type', 'f', '-exec', 'rm', '-f', '{}', '+'],
    ['find', 'dir', '-type', 'f', '-exec', 'rm', '{}', ';'],
    ['find', '.', '-depth', '-name', 'sub', '-exec', 'rm', '-r', '{}', ';'],
    ['find', '.', '(', '-name', 'a', '-o', '-name', 'b.o', ')', '-delete'],
    ['find', 'dir', '-empty', '-delete'],
  ]) {
    alike(t, argv);
  }
});

test('find: another program is not run', (t) => {
  const place = planted(t);
  const argv = ['find', '.', '-exec', 'sh', '-c', 'rm {}', ';'];
  assert.equal(place.guard(argv, { cwd: place.target }).status, 123);
  assert.equal(place.guard(['find', '.', '-name', 'a'], { cwd: place.target }).stdout, './a\n');
});

test('mv: what was moved goes back to where it was, and forth again, and back', (t) => {
  for (const argv of [
    ['mv', 'a', 'b.o'],
    ['mv', 'b.o', 'a'],
    ['mv', 'a', 'dir/d'],
    ['mv', '-t', '.', 'dir/d'],
  ]) {
    const place = planted(t);
    const cwd = place.target;
    place.put('d', 'another d', cwd);
    const before = place.listing();
    const ran = place.guard(argv, { cwd, options: ['-v'] });
    assert.equal(ran.status, 0, said(ran));
    const moved = place.content();
    const undone = place.holdfast(['undo', place.plan(ran)]);
    assert.equal(undone.status, 0, said(undone));
    assert.doesNotMatch(said(undone), /mv had moved/);
    assert.deepEqual(place.listing(), before, argv.join(' '));
    const again = place.holdfast(['undo', newestPlan(place)]);
    assert.equal(again.status, 0, said(again));
    assert.deepEqual(place.content(), moved, argv.join(' '));
    assert.equal(place.holdfast(['undo', newestPlan(place)]).status, 0);
    assert.deepEqual(place.listing(), before, argv.join(' '));
  }
});

test('mv: what came to the old place since stays, and what was moved lies aside', (t) => {
  const place = planted(t);
  const cwd = place.target;
  const ran = place.guard(['mv', 'a', 'b.o'], { cwd, options: ['-v'] });
  place.put('a', 'a new one', cwd);
  const undone = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undone.status, 0, said(undone));
  assert.match(said(undone), /What mv had moved there could not go back/);
  assert.equal(fs.readFileSync(path.join(cwd, 'a'), 'utf8'), 'a new one');
  assert.equal(fs.readFileSync(path.join(cwd, 'b.o'), 'utf8'), 'b.o');
});

test('mv: from another file system what it overwrote comes back alone', (t) => {
  const place = planted(t);
  const other = path.join('/dev/shm', path.basename(path.dirname(place.dir)));
  fs.mkdirSync(other);
  t.after(() => fs.rmSync(other, { recursive: true }));
  fs.writeFileSync(path.join(other, 'a'), 'from elsewhere');
  const before = place.listing();
  const ran = place.guard(['mv', path.join(other, 'a'), 'a'], {
    cwd: place.target,
    options: ['-v'],
  });
  assert.equal(ran.status, 0, said(ran));
  const undone = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undone.status, 0, said(undone));
  assert.deepEqual(place.listing(), before);
});

test('mv: two mounts of one file system are apart for a rename', (t) => {
  if (process.getuid?.() !== 0) return void t.skip('only root mounts');
  const place = planted(t);
  const script = 'mount --bind dir/sub empty && exec "$@"';
  const before = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  const cwd = place.target;
  const ran = place.guard(['mv', 'empty/e.o', 'a'], { cwd, before, options: ['-v'] });
  assert.equal(ran.status, 0, said(ran));
  const undone = place.holdfast(['undo', place.plan(ran)], { cwd, before });
  assert.equal(undone.status, 0, said(undone));
  assert.equal(fs.readFileSync(path.join(cwd, 'a'), 'utf8'), 'a');
});

/** The one that can be put back, made last. */
function newestPlan(place: RunPlace): string {
  const { stdout } = place.holdfast(['undo', '--json']);
  return (JSON.parse(stdout) as { plans: { id: string }[] }).plans[0]?.id ?? '';
}

test('mv: what it overwrites comes back; else it is mv alone', (t) => {
  const place = planted(t);
  const { target } = place;
  const cwd = target;
  const before = fs.readFileSync(path.join(target, 'dir/d'), 'utf8');
  fs.renameSync(path.join(target, 'a'), path.join(place.dir, 'd'));
  const ran = place.guard(['mv', path.join(place.dir, 'd'), 'dir'], { cwd, options: ['-v'] });
  assert.equal(ran.status, 0, said(ran));
  assert.equal(fs.readFileSync(path.join(target, 'dir/d'), 'utf8'), 'a');
  const undo = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undo.status, 0, said(undo));
  assert.equal(fs.readFileSync(path.join(target, 'dir/d'), 'utf8'), before);

  fs.rmSync(place.state, { recursive: true });
  assert.equal(place.guard(['mv', 'b.o', 'c.o'], { cwd }).status, 0);
  assert.equal(place.guard(['mv', '-n', 'c.o', '-x'], { cwd }).status !== 123, true);
  assert.equal(place.guard(['mv', 'nothing', 'dir'], { cwd }).status, 1);
  assert.ok(!fs.existsSync(place.state));
});

test('rclone: the first run adopts, the second deletes, an empty source does not, undo puts back', (t) => {
  if (!needs(t, 'rclone')) return;
  const place = runPlace(t);
  const env = { RCLONE_CONFIG: path.join(place.dir, 'none') };
  const sync = (more: readonly string[] = []): Ran =>
    place.guard(['rclone', 'sync', ...more, place.source, place.target], { env, options: ['-v'] });
  place.fill(30);
  place.fill(10, 'dir');
  place.put('extra', 'x', place.target);
  assert.equal(sync().status, 120);
  assert.ok(place.names().includes('/extra'));
  const again = sync();
  assert.equal(again.status, 0, said(again));
  assert.deepEqual(place.names(), place.names(place.source));
  const before = place.listing();

  place.put('f1', 'changed\n');
  fs.rmSync(path.join(place.source, 'dir'), { recursive: true });
  place.put('dir', 'a file now');
  fs.rmSync(path.join(place.source, 'f2'));
  const ran = sync();
  assert.equal(ran.status, 0, said(ran));
  assert.deepEqual(place.names(), place.names(place.source));
  undone(place, ran, before);

  for (const name of fs.readdirSync(place.source)) fs.rmSync(path.join(place.source, name));
  assert.equal(sync().status, 120);
  assert.deepEqual(place.listing(), before);
  assert.equal(place.guard(['rclone', 'purge', place.target], { env }).status, 123);
  assert.equal(place.guard(['rclone', 'ls', place.target], { env }).status, 0);
});
