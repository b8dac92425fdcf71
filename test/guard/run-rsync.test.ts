// Goal: a wrapped rsync deletes nothing that was not judged, what it takes away comes back exactly,
// and what is held holds. Method: the real program around real rsync, on trees in a scratch directory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type Ran, type RunPlace, runPlace } from './run-place.ts';

/** A pipeline that has run once: what lies at the target is its own. */
function begun(t: Parameters<typeof runPlace>[0], count = 60): RunPlace {
  const place = runPlace(t);
  place.fill(count);
  const first = place.sync();
  assert.equal(first.status, 0, said(first));
  return place;
}

function said({ stdout, stderr }: Ran): string {
  return `${stdout}\n${stderr}`;
}

test('the first run takes over what lies there and deletes nothing; the second deletes', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  place.fill(5);
  place.put('extra', 'x', place.target);
  place.put('f0', 'other\n', place.target);
  const first = place.sync();
  assert.equal(first.status, 120, said(first));
  assert.match(first.stderr, /first\s+run/);
  assert.ok(place.names().includes('/extra') && place.names().includes('/f4'));
  assert.equal(fs.readFileSync(path.join(place.target, 'f0'), 'utf8'), 'other\n');
  const second = place.sync();
  assert.equal(second.status, 0, said(second));
  assert.deepEqual(place.content(), place.content(place.source));
});

test('what was created, changed, deleted and replaced is put back exactly', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const { source } = place;
  fs.mkdirSync(path.join(source, 'deep/er'), { recursive: true });
  for (let at = 0; at < 6; at++) place.put(`deep/er/g${at}`, `g${at}`);
  place.put('twin-a', 'twin');
  fs.linkSync(path.join(source, 'twin-a'), path.join(source, 'twin-b'));
  fs.symlinkSync('f1', path.join(source, 'link'));
  place.put('becomes-dir', 'file');
  fs.mkdirSync(path.join(source, 'becomes-file'));
  place.put('becomes-file/inner', 'inner');
  assert.equal(place.sync({ more: ['-H'] }).status, 0);
  const before = place.listing();

  fs.rmSync(path.join(source, 'deep'), { recursive: true });
  fs.rmSync(path.join(source, 'becomes-dir'));
  fs.mkdirSync(path.join(source, 'becomes-dir'));
  place.put('becomes-dir/x', 'x');
  fs.rmSync(path.join(source, 'becomes-file'), { recursive: true });
  place.put('becomes-file', 'file');
  fs.rmSync(path.join(source, 'link'));
  fs.symlinkSync('f2', path.join(source, 'link'));
  fs.rmSync(path.join(source, 'twin-b'));
  place.put('f3', 'changed\n');
  fs.chmodSync(path.join(source, 'f4'), 0o600);
  place.put('new', 'new');
  const ran = place.sync({ more: ['-H'], options: ['-v'] });
  assert.equal(ran.status, 0, said(ran));
  assert.deepEqual(place.content(), place.content(source));

  const undo = place.holdfast(['undo', place.plan(ran)]);
  assert.equal(undo.status, 0, said(undo));
  assert.deepEqual(place.listing(), before);
});

test('names of any bytes go and come back', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const names = ['new\nline', '\xff\xfe', '-rf', '  two  ', '\\#012', 'tab\there', 'é', 'q\'u"o'];
  for (const name of names) place.put(Buffer.from(name, 'latin1'), name);
  assert.equal(place.sync().status, 0);
  const before = place.listing();
  for (const name of names) {
    fs.rmSync(Buffer.concat([Buffer.from(`${place.source}/`), Buffer.from(name, 'latin1')]));
  }
  const ran = place.sync({ options: ['-v'] });
  assert.equal(ran.status, 0, said(ran));
  assert.deepEqual(place.names(), place.names(place.source));
  assert.equal(place.holdfast(['undo', place.plan(ran)]).status, 0);
  assert.deepEqual(place.listing(), before);
});

test('an empty source deletes nothing, run as often as it may', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const before = place.listing();
  for (const name of fs.readdirSync(place.source)) fs.rmSync(path.join(place.source, name));
  for (const _ of [1, 2, 3]) {
    const ran = place.sync();
    assert.equal(ran.status, 120, said(ran));
    assert.match(ran.stderr, /nothing\s+was\s+found\s+there/);
    assert.deepEqual(
      place.names(),
      before.map((line) => line.split(' ')[0]),
    );
  }
  // A tenth of what it was is no better.
  place.fill(6);
  const ran = place.sync();
  assert.equal(ran.status, 120, said(ran));
  assert.match(ran.stderr, /eligible-source/);
  assert.equal(place.names().length, 60);
});

test('a source that is not there deletes nothing, and rsync says so in its own code', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const before = place.listing();
  fs.renameSync(place.source, `${place.source}.away`);
  const ran = place.sync();
  assert.equal(ran.status, 23, said(ran));
  assert.deepEqual(place.listing(), before);
});

test('held: what is new goes on, nothing is deleted or overwritten; or nothing at all', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const old = fs.readFileSync(path.join(place.target, 'f59'), 'utf8');
  for (let at = 0; at < 50; at++) fs.rmSync(path.join(place.source, `f${at}`));
  place.put('f59', 'overwritten\n');
  place.put('new', 'new');
  const nothing = place.sync({ options: ['--all-or-nothing'] });
  assert.equal(nothing.status, 120, said(nothing));
  assert.ok(!place.names().includes('/new'));
  const ran = place.sync();
  assert.equal(ran.status, 120, said(ran));
  assert.ok(place.names().includes('/new') && place.names().includes('/f0'));
  assert.equal(fs.readFileSync(path.join(place.target, 'f59'), 'utf8'), old);
  assert.match(ran.stderr, /HELD/);
  assert.match(place.holdfast(['plan', place.plan(ran)]).stdout, /delete 50 of 60/);
});

test('what nobody of this pipeline put there is not its to delete', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  place.put('of-somebody-else', 'x', place.target);
  const ran = place.sync();
  assert.equal(ran.status, 120, said(ran));
  assert.match(ran.stderr, /not\s+put\s+there\s+by\s+this\s+pipeline/);
  assert.ok(place.names().includes('/of-somebody-else'));
});

test('what is open is not deleted unasked', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const held = fs.openSync(path.join(place.target, 'f7'), 'r');
  try {
    fs.rmSync(path.join(place.source, 'f7'));
    const ran = place.sync();
    assert.equal(ran.status, 120, said(ran));
    assert.match(ran.stderr, /open in /);
  } finally {
    fs.closeSync(held);
  }
  assert.equal(place.sync().status, 0);
});

test('who reads what is overwritten reads on, and who writes it is asked about', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  const f7 = path.join(place.target, 'f7');
  const cases = [
    { flags: 'r', more: [], status: 0 },
    { flags: 'r+', more: [], status: 120 },
    // In place, the reader sees half of it.
    { flags: 'r', more: ['--inplace'], status: 120 },
  ];
  for (const { flags, more, status } of cases) {
    place.put('f7', `for ${flags} ${more.join(' ')}`);
    const held = fs.openSync(f7, flags);
    try {
      const ran = place.sync({ more });
      assert.equal(ran.status, status, said(ran));
      if (status !== 0) assert.match(ran.stderr, /open in /);
    } finally {
      fs.closeSync(held);
    }
    assert.equal(place.sync({ more }).status, 0);
  }
});

test('a renamed directory is no radius', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  place.fill(200, 'big/one');
  assert.equal(place.sync().status, 0);
  fs.renameSync(path.join(place.source, 'big'), path.join(place.source, 'renamed'));
  const ran = place.sync();
  assert.equal(ran.status, 0, said(ran));
  assert.deepEqual(place.names(), place.names(place.source));
  // The same names, sizes and times with another content are no rename.
  fs.renameSync(path.join(place.source, 'renamed'), path.join(place.source, 'again'));
  for (let at = 0; at < 200; at++) {
    const file = path.join(place.source, 'again/one', `f${at}`);
    const { size, mtime } = fs.statSync(file);
    fs.writeFileSync(file, 'z'.repeat(size));
    fs.utimesSync(file, mtime, mtime);
  }
  assert.equal(place.sync().status, 120);
});

test('the source empties between the dry run and the run: nothing is lost', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  fs.rmSync(path.join(place.source, 'f1'));
  const before = place.names();
  const away = path.join(place.dir, 'away');
  const rsync = wrapper(
    place,
    `case "$*" in *--dry-run*) ;; *) mkdir -p ${away}; mv ${place.source}/* ${away};; esac`,
  );
  const ran = place.guard([rsync, '-a', '--delete', `${place.source}/`, `${place.target}/`]);
  assert.equal(ran.status, 0, said(ran));
  // What was judged has gone, and nothing else.
  assert.deepEqual(
    place.names(),
    before.filter((name) => name !== '/f1'),
  );
});

test('a file comes back at the source between the dry run and the run: it is not taken away', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  fs.rmSync(path.join(place.source, 'f1'));
  const rsync = wrapper(
    place,
    `case "$*" in *--dry-run*) ;; *) echo back >${place.source}/f1;; esac`,
  );
  const ran = place.guard([rsync, '-a', '--delete', `${place.source}/`, `${place.target}/`]);
  assert.equal(ran.status, 122, said(ran));
  assert.equal(fs.readFileSync(path.join(place.target, 'f1'), 'utf8'), 'back\n');
});

test('a run that fails deletes nothing', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  fs.rmSync(path.join(place.source, 'f1'));
  const rsync = wrapper(place, `case "$*" in *--dry-run*) ;; *) exit 12;; esac`);
  const ran = place.guard([rsync, '-a', '--delete', `${place.source}/`, `${place.target}/`]);
  assert.equal(ran.status, 12, said(ran));
  assert.ok(place.names().includes('/f1'));
});

test('content that is changed where it lies comes back too', (t) => {
  if (!needs(t, 'rsync')) return;
  for (const more of [['--inplace'], ['--backup', '--suffix=.bak']]) {
    const place = begun(t);
    const before = place.listing();
    place.put('f5', 'other content, longer than before\n');
    const ran = place.sync({ more, options: ['-v'] });
    assert.equal(ran.status, 0, said(ran));
    assert.match(fs.readFileSync(path.join(place.target, 'f5'), 'utf8'), /longer/);
    assert.equal(place.holdfast(['undo', place.plan(ran)]).status, 0);
    const after = place.listing().filter((line) => !line.includes('.bak'));
    assert.deepEqual(after, before, more.join(' '));
  }
});

test('where nothing can be deleted or overwritten nothing is listed and nothing is written', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  place.fill(3);
  const count = path.join(place.dir, 'count');
  const rsync = wrapper(place, `echo x >>${count}`);
  const places = [`${place.source}/`, `${place.target}/`];
  for (const argv of [
    [rsync, '-an', '--delete', ...places],
    [rsync, '-a', '--ignore-existing', ...places],
    [rsync, '--version'],
    [rsync, '-a', '--no-such-option', '-n', ...places],
  ]) {
    fs.rmSync(count, { force: true });
    place.guard(argv);
    assert.equal(fs.readFileSync(count, 'utf8'), 'x\n', argv.join(' '));
  }
  assert.ok(!fs.existsSync(place.state));
  // A first run asks for all that lies there as well.
  assert.equal(place.guard([rsync, '-a', '--delete', ...places]).status, 0);
  // Else it is asked once, and run once where something is to be done.
  for (const [name, runs] of [
    ['nothing', 'x\n'],
    ['one', 'x\nx\n'],
  ] as const) {
    fs.rmSync(count);
    if (name === 'one') place.put(name, 'new');
    assert.equal(place.guard([rsync, '-a', '--delete', ...places]).status, 0);
    assert.equal(fs.readFileSync(count, 'utf8'), runs);
  }
});

test('what is not understood or not known is not run', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  fs.rmSync(path.join(place.source, 'f1'));
  for (const more of ['--remove-source-files', '--no-such', '-K', '--iconv=.']) {
    const ran = place.sync({ more: [more] });
    assert.equal(ran.status, 123, `${more}: ${said(ran)}`);
  }
  assert.equal(place.guard(['dd', 'if=/dev/null']).status, 123);
  assert.equal(place.guard([path.join(place.dir, 'rsync'), '-a', 'a/', 'b/']).status, 123);
  assert.ok(place.names().includes('/f1') && fs.existsSync(path.join(place.source, 'f2')));
});

test('a list on standard input is read once, and serves twice', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t, 5);
  place.put('f1', 'changed\n');
  place.put('f2', 'changed\n');
  const input = 'f1\n';
  const ran = place.guard(
    ['rsync', '-a', '--files-from=-', `${place.source}/`, `${place.target}/`],
    { input },
  );
  assert.equal(ran.status, 0, said(ran));
  assert.equal(fs.readFileSync(path.join(place.target, 'f1'), 'utf8'), 'changed\n');
  assert.notEqual(fs.readFileSync(path.join(place.target, 'f2'), 'utf8'), 'changed\n');
});

test('one file to one name; several sources; a source without a slash', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t, 5);
  place.put('f1', 'changed\n');
  const one = place.guard(
    ['rsync', '-a', path.join(place.source, 'f1'), path.join(place.target, 'f2')],
    { options: ['-v'] },
  );
  assert.equal(one.status, 0, said(one));
  assert.equal(fs.readFileSync(path.join(place.target, 'f2'), 'utf8'), 'changed\n');
  assert.equal(place.holdfast(['undo', place.plan(one)]).status, 0);
  assert.notEqual(fs.readFileSync(path.join(place.target, 'f2'), 'utf8'), 'changed\n');
  fs.mkdirSync(path.join(place.source, 'sub'));
  place.put('sub/a', 'a');
  const argv = [
    'rsync',
    '-a',
    '--delete',
    path.join(place.source, 'sub'),
    place.source,
    `${place.target}/`,
  ];
  assert.equal(place.guard(argv).status, 0);
  fs.rmSync(path.join(place.source, 'sub/a'));
  place.put('sub/b', 'b');
  const several = place.guard(argv);
  assert.equal(several.status, 0, said(several));
  assert.deepEqual(fs.readdirSync(path.join(place.target, 'sub')), ['b']);
});

test('observed: it says what it would have said, runs as it is, and is remembered as a run', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  place.fill(60);
  place.put('extra', 'x', place.target);
  const observed = { options: ['--observe'] };
  const first = place.sync(observed);
  assert.equal(first.status, 0, said(first));
  assert.match(first.stderr, /first run, observed/);
  assert.ok(!place.names().includes('/extra'));
  for (let at = 0; at < 50; at++) fs.rmSync(path.join(place.source, `f${at}`));
  const second = place.sync(observed);
  assert.equal(second.status, 0, said(second));
  assert.match(second.stderr, /WOULD HAVE BEEN HELD/);
  assert.doesNotMatch(second.stderr, /first run|Nothing was deleted/);
  assert.equal(place.names().length, 10);
  // Enforced from here on: what is there is its own.
  fs.rmSync(path.join(place.source, 'f59'));
  const third = place.sync();
  assert.equal(third.status, 120, said(third));
  assert.match(third.stderr, /radius/);
});

test('--json is one object on stdout, whatever the command prints', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = begun(t);
  fs.rmSync(path.join(place.source, 'f1'));
  const ran = place.sync({ more: ['-v'], options: ['--json'] });
  assert.equal(ran.status, 0, said(ran));
  const answer = JSON.parse(ran.stdout) as { code: number; verdict: { decision: string } };
  assert.equal(answer.code, 0);
  assert.equal(answer.verdict.decision, 'allow');
});

test('as an ordinary user in cron: no terminal, no HOME, nothing said where all went well', (t) => {
  if (!needs(t, 'rsync')) return;
  if (process.getuid?.() !== 0) return void t.skip('only root can become another user');
  const place = begun(t);
  fs.rmSync(place.state, { recursive: true });
  fs.mkdirSync(place.state);
  for (const each of [place.dir, place.state, path.dirname(place.target), place.target]) {
    fs.chownSync(each, 65_534, 65_534);
  }
  for (const name of fs.readdirSync(place.target))
    fs.lchownSync(path.join(place.target, name), 65_534, 65_534);
  const as = {
    before: [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'env',
      '-u',
      'HOME',
      '-u',
      'LC_ALL',
    ],
  };
  const again = place.sync(as);
  assert.equal(again.status, 0, said(again));
  fs.rmSync(path.join(place.source, 'f1'));
  const ran = place.sync(as);
  assert.equal(ran.status, 0, said(ran));
  assert.equal(said(ran).trim(), '');
  assert.ok(!place.names().includes('/f1'));
});

/** A program called rsync that does something first. */
function wrapper(place: RunPlace, script: string): string {
  const dir = path.join(place.dir, 'wrapped');
  fs.mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'rsync');
  fs.writeFileSync(file, `#!/bin/sh\n${script}\nexec rsync "$@"\n`, { mode: 0o755 });
  return file;
}
