// Goal: command lines that mean something else than they seem to: nothing else is taken away than the
// program itself would take, and all of it is kept. Method: each is run, guarded, on a real tree.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type RunPlace, runPlace } from './run-place.ts';
import { tmpfsAt } from './scratch-mount.ts';

/** `link` leads into `real/deep`, so that `link/..` is `real`. */
function behindLink(place: RunPlace): void {
  fs.mkdirSync(path.join(place.target, 'real/deep'), { recursive: true });
  fs.symlinkSync('real/deep', path.join(place.target, 'link'));
}

function put(place: RunPlace, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(place.target, name)), { recursive: true });
    place.put(name, text, place.target);
  }
}

/** What lies at the target and aside, as texts of files. */
function texts(dir: string): readonly string[] {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(dir, entry.name);
    if (entry.isDirectory()) return texts(at);
    return entry.isFile() ? [fs.readFileSync(at, 'utf8')] : [];
  });
}

test('rm: .. behind a link is what the system takes it for', (t) => {
  const place = runPlace(t);
  behindLink(place);
  put(place, { 'x/f': 'not this\n', 'real/x/f': 'this\n' });
  const ran = place.guard(['rm', '-rf', 'link/../x'], { cwd: place.target });
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(place.names(), ['/link', '/real', '/real/deep', '/x', '/x/f']);
});

test('mv: .. behind a link: what is overwritten there is kept', (t) => {
  const place = runPlace(t);
  behindLink(place);
  put(place, { g: 'not this\n', 'real/g': 'this\n', f: 'new\n' });
  const ran = place.guard(['mv', 'f', 'link/../g'], { cwd: place.target });
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(fs.readFileSync(path.join(place.target, 'real/g'), 'utf8'), 'new\n');
  assert.ok(texts(place.dir).includes('this\n'), 'the old content is kept');
});

test('rsync: .. behind a link: deletes are of the tree that rsync sees', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  behindLink(place);
  place.fill(30);
  const argv = ['rsync', '-a', '--delete', `${place.source}/`, 'link/../t/'];
  place.guard(argv, { cwd: place.target });
  fs.cpSync(place.source, path.join(place.target, 't'), { recursive: true });
  fs.rmSync(path.join(place.source, 'f1'));
  const ran = place.guard(argv, { cwd: place.target });
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(place.names().includes('/t/f1'));
  assert.ok(!place.names().includes('/real/t/f1'));
});

for (const [what, argv, env] of [
  ['--backup=none', ['mv', '--backup=none', 'a', 'b']],
  ['-n, and -f behind it', ['mv', '-n', '-f', 'a', 'b']],
  ['a backup that the environment forbids', ['mv', '-b', 'a', 'b'], { VERSION_CONTROL: 'none' }],
  ['a backup in the place of an older one', ['mv', '-b', 'a', 'b']],
  ['another suffix', ['mv', '-S', '.o', '-b', 'a', 'b']],
  ['a suffix of the environment', ['mv', '-b', 'a', 'b'], { SIMPLE_BACKUP_SUFFIX: '.o' }],
  ['a shortened option', ['mv', '--target=d', 'a']],
] as const) {
  test(`mv: ${what}: nothing is lost`, (t) => {
    const place = runPlace(t);
    put(place, { a: 'new\n', b: 'old\n', 'b~': 'older\n', 'b.o': 'older too\n', 'd/a': 'there\n' });
    const before = texts(place.dir);
    const ran = place.guard(argv, { cwd: place.target, env: env ?? {} });
    assert.equal(ran.status, 0, ran.stderr);
    assert.ok(!fs.existsSync(path.join(place.target, 'a')), 'it was moved');
    const after = new Set(texts(place.dir));
    assert.deepEqual(
      before.filter((each) => !after.has(each)),
      [],
    );
  });
}

test('the same thing named twice goes once, and rm says so', (t) => {
  const place = runPlace(t);
  put(place, { 'd/f': 'x\n', 'd/g': 'y\n' });
  const ran = place.guard(['rm', 'd/f', 'd/f'], { cwd: place.target });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /cannot remove 'd\/f': No such file or directory/);
  assert.deepEqual(place.names(), ['/d', '/d/g']);
  const found = place.guard(['find', 'd', 'd/', '-type', 'f', '-delete'], { cwd: place.target });
  assert.equal(found.status, 0, found.stderr);
  assert.deepEqual(place.names(), ['/d']);
});

test('find with rm as its action leaves every directory', (t) => {
  for (const end of [';', '+']) {
    const place = runPlace(t);
    put(place, { 'd/e/f': 'x\n', 'd/g': 'y\n' });
    const ran = place.guard(['find', 'd', '-exec', 'rm', '{}', end], { cwd: place.target });
    assert.equal(ran.status, end === '+' ? 1 : 0, ran.stderr);
    assert.match(ran.stderr, /cannot remove 'd\/e': Is a directory/);
    assert.deepEqual(place.names(), ['/d', '/d/e']);
  }
});

test('find: a slash behind a link leads through it', (t) => {
  const place = runPlace(t);
  behindLink(place);
  put(place, { 'real/deep/f': 'x\n' });
  const ran = place.guard(['find', 'link/', '-type', 'f', '-delete'], { cwd: place.target });
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(place.names(), ['/link', '/real', '/real/deep']);
});

test('rsync: a link without a slash is sent as a link, and one that leads nowhere is no target', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  behindLink(place);
  const ran = place.guard(['rsync', '-a', '--delete', 'link', 'new'], { cwd: place.target });
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(fs.readlinkSync(path.join(place.target, 'new')), 'real/deep');
  fs.symlinkSync('missing', path.join(place.target, 'broken'));
  const broken = place.guard(['rsync', '-a', 'real/', 'broken'], { cwd: place.target });
  assert.doesNotMatch(broken.stderr, /node:/);
  assert.equal(fs.readlinkSync(path.join(place.target, 'broken')), 'missing');
});

test('a link that is overwritten is kept, whoever overwrites it', (t) => {
  const place = runPlace(t);
  fs.symlinkSync('old', path.join(place.target, 'l'));
  put(place, { f: 'new\n' });
  const ran = place.guard(['mv', 'f', 'l'], { cwd: place.target, options: ['-v'] });
  assert.equal(ran.status, 0, ran.stderr);
  const undone = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.equal(fs.readlinkSync(path.join(place.target, 'l')), 'old');
  assert.equal(fs.readFileSync(path.join(place.target, 'f'), 'utf8'), 'new\n');
});

for (const more of [[], ['--inplace'], ['-H']]) {
  test(`rsync ${more.join(' ')}: kinds, links and times come back to the last nanosecond`, (t) => {
    if (!needs(t, 'rsync')) return;
    const place = runPlace(t);
    place.fill(30);
    place.fill(3, 'was-dir');
    place.fill(3, 'sub');
    fs.symlinkSync('f1', path.join(place.source, 'l'));
    assert.equal(place.sync({ more }).status, 0);
    const before = place.listing();
    const topBefore = fs.statSync(place.target, { bigint: true }).mtimeNs;
    fs.rmSync(path.join(place.source, 'was-dir'), { recursive: true });
    place.put('was-dir', 'a file\n');
    for (const [name, to] of Object.entries({ l: 'f2', f3: 'f4' })) {
      fs.rmSync(path.join(place.source, name));
      fs.symlinkSync(to, path.join(place.source, name));
    }
    place.put('f5', 'changed, and longer\n');
    fs.rmSync(path.join(place.source, 'sub/f1'));
    fs.chmodSync(path.join(place.source, 'sub'), 0o700);
    const ran = place.sync({ more, options: ['-v'] });
    assert.equal(ran.status, 0, ran.stderr);
    const undone = place.holdfast(['undo', place.plan(ran)]);
    assert.equal(undone.status, 0, undone.stderr);
    assert.deepEqual(place.listing(), before);
    assert.equal(fs.statSync(place.target, { bigint: true }).mtimeNs, topBefore);
  });
}

test('rsync: a run that is held changes no mode, owner or time of what waits', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  place.fill(30);
  place.fill(3, 'sub');
  place.put('becomes-dir', 'a file\n');
  assert.equal(place.sync().status, 0);
  const before = place.listing();
  const { mode } = fs.statSync(place.target);
  fs.chmodSync(path.join(place.source, 'sub'), 0o700);
  fs.rmSync(path.join(place.source, 'becomes-dir'));
  fs.mkdirSync(path.join(place.source, 'becomes-dir'));
  place.put('f2', 'changed\n');
  for (let at = 3; at < 30; at++) fs.rmSync(path.join(place.source, `f${at}`));
  fs.chmodSync(place.source, 0o700);
  const ran = place.sync();
  assert.equal(ran.status, 120, ran.stderr);
  assert.deepEqual(place.listing(), before);
  assert.equal(fs.statSync(place.target).mode, mode);
});

test('what can be put back is taken away by nothing', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  place.fill(30);
  assert.equal(place.sync().status, 0);
  fs.rmSync(path.join(place.source, 'f1'));
  const ran = place.sync({ options: ['-v'] });
  assert.equal(ran.status, 0, ran.stderr);
  const around = path.dirname(place.target);
  const aside = path.join(around, '.holdfast-undo');
  const empty = path.join(place.dir, 'empty');
  fs.mkdirSync(empty);
  for (const argv of [
    ['rm', '-rf', aside],
    ['rm', '-rf', `${aside}/${place.plan(ran)}`],
    ['rsync', '-a', '--delete', `${empty}/`, `${aside}/`],
    ['find', aside, '-delete'],
    ['mv', path.join(place.source, 'f2'), `${aside}/${place.plan(ran)}/about.json`],
  ]) {
    assert.notEqual(place.guard(argv).status, 0, argv.join(' '));
  }
  // With all that lies around it it stays, and so does what holds it.
  const whole = place.guard(['rm', '-rf', around]);
  assert.equal(whole.status, 1);
  assert.match(whole.stderr, /what holdfast undo can put back lies in/);
  place.guard(['find', around, '-name', '[0-9]*', '-delete']);
  const undone = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.ok(place.names().includes('/f1'));
});

test('rm and find leave what holds another file system, and say so', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const place = runPlace(t);
  put(place, { 'd/f': 'x\n' });
  fs.mkdirSync(path.join(place.target, 'd/m/deep'), { recursive: true });
  using inner = tmpfsAt(path.join(place.target, 'd/m/deep'));
  fs.writeFileSync(path.join(inner.at, 'g'), 'y\n');
  const before = place.listing();
  for (const named of ['d', 'd/m', 'd/m/deep']) {
    const ran = place.guard(['rm', '-rf', named], { cwd: place.target });
    assert.equal(ran.status, 1, ran.stderr);
    assert.match(ran.stderr, /another file system is mounted at .*d\/m\/deep/);
    assert.deepEqual(place.listing(), before);
  }
});

for (const [option, isWhole] of [
  ['--inplace', true],
  ['--append', true],
  ['--whole-file', true],
  ['--inplace', false],
] as const) {
  const what = isWhole ? 'is kept as well' : 'waits';
  test(`rsync ${option}: what changes at the source after the dry run ${what}`, (t) => {
    if (!needs(t, 'rsync')) return;
    const place = runPlace(t);
    place.fill(30);
    place.put('later', 'as it was\n');
    // Between the dry run and the run, by a program that is called rsync.
    const program = path.join(place.dir, 'rsync');
    const late = `echo 'changed late, and longer' > '${place.source}/later'`;
    const script = `case "$*" in *--dry-run*) ;; *) [ -e '${place.dir}/go' ] && ${late};; esac; exec rsync "$@"`;
    fs.writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    // Asked for figures it makes the whole run, and else only what was judged.
    const more = isWhole ? ['--stats'] : [];
    const places = [`${place.source}/`, `${place.target}/`];
    const argv = [program, '-a', ...more, option, '--delete', ...places];
    assert.equal(place.guard(argv).status, 0);
    fs.rmSync(path.join(place.source, 'f1'));
    fs.writeFileSync(path.join(place.dir, 'go'), '');
    const ran = place.guard(argv);
    assert.equal(ran.status, 0, ran.stderr);
    const later = fs.readFileSync(path.join(place.target, 'later'), 'utf8');
    assert.match(later, isWhole ? /and longer/ : /as it was/);
    if (!isWhole) return;
    assert.ok(texts(path.dirname(place.target)).includes('as it was\n'), 'it is kept aside');
  });
}
