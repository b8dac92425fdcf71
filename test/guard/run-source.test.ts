// Goal: a source that is not what it was (unmounted, re-imaged, shrunken) deletes nothing; a source
// over ssh works as one here; a target over ssh gets what is new and loses nothing.
// Method: a tmpfs that is not mounted the second time, another /etc/machine-id, a real sshd.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { canStartSshd, type Sshd, startSshd } from '../ssh/sshd-fixture.ts';
import { type Ran, type RunPlace, runPlace } from './run-place.ts';

let sshd: Sshd | undefined;

before(async () => {
  if (canStartSshd({ skip: () => undefined })) sshd = await startSshd();
});
after(async () => {
  await sshd?.stop();
});

function said({ stdout, stderr }: Ran): string {
  return `${stdout}\n${stderr}`;
}

test('a source that is not mounted the second time: denied, whatever lies below it', (t) => {
  if (!needs(t, 'rsync')) return;
  if (process.getuid?.() !== 0) return void t.skip('only root mounts');
  const place = runPlace(t);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', place.source]);
  let isMounted = true;
  t.after(() => {
    if (isMounted) execFileSync('umount', [place.source]);
  });
  place.fill(40);
  assert.equal(place.sync().status, 0);
  const listed = place.listing();
  execFileSync('umount', [place.source]);
  isMounted = false;
  const empty = place.sync();
  assert.equal(empty.status, 121, said(empty));
  assert.match(empty.stderr, /another\s+file\s+system/);
  // As many files of another kind below the mount point do not help.
  place.fill(40);
  fs.rmSync(path.join(place.source, 'f1'));
  const other = place.sync();
  assert.equal(other.status, 121, said(other));
  assert.deepEqual(place.listing(), listed);
});

test('a re-imaged machine is no source, the second time as well', (t) => {
  if (!needs(t, 'rsync')) return;
  if (process.getuid?.() !== 0) return void t.skip('only root has another machine-id');
  const place = runPlace(t);
  place.fill(40);
  assert.equal(place.sync().status, 0);
  fs.rmSync(path.join(place.source, 'f1'));
  const id = path.join(place.dir, 'machine-id');
  fs.writeFileSync(id, `${'7'.repeat(32)}\n`);
  const script = `mount --bind ${id} /etc/machine-id && exec "$0" "$@"`;
  const elsewhere = { before: ['unshare', '--mount', 'sh', '-c', script] };
  for (const _ of [1, 2]) {
    const ran = place.sync(elsewhere);
    assert.equal(ran.status, 121, said(ran));
    assert.match(ran.stderr, /not\s+on\s+the\s+machine/);
  }
  assert.ok(place.names().includes('/f1'));
  assert.equal(place.sync().status, 0);
});

test('a source over ssh: allowed, and denied after a re-image', (t) => {
  if (!needs(t, 'rsync') || !canStartSshd(t) || sshd === undefined) return;
  const place = runPlace(t);
  const machine = (id: string): void => machineThere(place, id);
  const over = overSsh(place);
  place.fill(40);
  machine('1');
  const argv = [
    'rsync',
    '-a',
    '--delete',
    ...over.shell,
    `${over.place(place.source)}/`,
    `${place.target}/`,
  ];
  const first = place.guard(argv, over);
  assert.equal(first.status, 0, said(first));
  fs.rmSync(path.join(place.source, 'f1'));
  const second = place.guard(argv, over);
  assert.equal(second.status, 0, said(second));
  assert.ok(!place.names().includes('/f1'));
  machine('2');
  fs.rmSync(path.join(place.source, 'f2'));
  const third = place.guard(argv, over);
  assert.equal(third.status, 121, said(third));
  assert.ok(place.names().includes('/f2'));
});

test('a host that is not reached is the answer of rsync', (t) => {
  if (!needs(t, 'rsync') || !needs(t, 'openssh-client')) return;
  const place = runPlace(t);
  place.put('f', 'x', place.target);
  const argv = ['rsync', '-a', '--delete', '-e', 'false', 'nowhere:/x/', `${place.target}/`];
  const ran = place.guard(argv);
  assert.notEqual(ran.status, 0);
  assert.ok((ran.status ?? 0) < 120, said(ran));
  assert.ok(place.names().includes('/f'));
});

test('a target over ssh: what is new goes there, nothing is deleted or overwritten', (t) => {
  if (!needs(t, 'rsync') || !canStartSshd(t) || sshd === undefined) return;
  const place = runPlace(t);
  machineThere(place, '1');
  const over = overSsh(place);
  place.fill(10);
  place.put('f0', 'other\n', place.target);
  place.put('extra', 'x', place.target);
  const argv = [
    'rsync',
    '-a',
    '--delete',
    ...over.shell,
    `${place.source}/`,
    `${over.place(place.target)}/`,
  ];
  const ran = place.guard(argv, over);
  assert.equal(ran.status, 120, said(ran));
  assert.match(ran.stderr, /another\s+machine/);
  assert.ok(place.names().includes('/extra') && place.names().includes('/f9'));
  assert.equal(fs.readFileSync(path.join(place.target, 'f0'), 'utf8'), 'other\n');
  fs.rmSync(path.join(place.target, 'extra'));
  fs.rmSync(path.join(place.target, 'f0'));
  const additive = place.guard(argv, over);
  assert.equal(additive.status, 0, said(additive));
  assert.deepEqual(place.names(), place.names(place.source));
});

test('a target over ssh where Holdfast is: judged, set aside and put back there', (t) => {
  if (!needs(t, 'rsync') || !canStartSshd(t) || sshd === undefined) return;
  const place = runPlace(t);
  const far = path.join(place.dir, 'far-state');
  machineThere(place, '1', `HOLDFAST_STATE=${far} PATH=${path.dirname(PROGRAM)}:$PATH`);
  const over = overSsh(place);
  place.fill(40);
  place.put('extra', 'x', place.target);
  const argv = [
    'rsync',
    '-a',
    '--delete',
    ...over.shell,
    `${place.source}/`,
    `${over.place(place.target)}/`,
  ];
  const run = (more: readonly string[] = ['-v']): Ran =>
    place.guard(argv, { ...over, options: more });
  const first = run();
  assert.equal(first.status, 120, said(first));
  assert.match(first.stderr, /first\s+run/);
  assert.ok(place.names().includes('/extra') && place.names().includes('/f39'));
  const second = run();
  assert.equal(second.status, 0, said(second));
  assert.deepEqual(place.content(), place.content(place.source));
  const before = place.listing();
  fs.rmSync(path.join(place.source, 'f1'));
  place.put('f2', 'changed\n');
  place.put('new', 'new');
  const third = run();
  assert.equal(third.status, 0, said(third));
  assert.deepEqual(place.content(), place.content(place.source));
  const undo = place.holdfast(['undo', place.plan(third)], {
    env: { HOLDFAST_STATE: far },
  });
  assert.equal(undo.status, 0, said(undo));
  assert.deepEqual(place.listing(), before);
  // A source that empties, or is another machine's, is seen there too.
  for (const name of fs.readdirSync(place.source)) fs.rmSync(path.join(place.source, name));
  const empty = run();
  assert.equal(empty.status, 120, said(empty));
  assert.deepEqual(place.listing(), before);
  const json = JSON.parse(run(['--json']).stdout) as { code: number };
  assert.equal(json.code, 120);
});

test('this side dies while rsync runs to a target over ssh: nothing is deleted there', (t) => {
  if (!needs(t, 'rsync') || !canStartSshd(t) || sshd === undefined) return;
  const place = runPlace(t);
  const far = path.join(place.dir, 'far-state');
  machineThere(place, '1', `HOLDFAST_STATE=${far} PATH=${path.dirname(PROGRAM)}:$PATH`);
  const over = overSsh(place);
  place.fill(40);
  const rest = ['-a', '--delete', ...over.shell];
  const places = [`${place.source}/`, `${over.place(place.target)}/`];
  assert.equal(place.guard(['rsync', ...rest, ...places], over).status, 0);
  fs.rmSync(path.join(place.source, 'f1'));
  const rsync = path.join(place.dir, 'rsync');
  const dies = 'case "$*" in *--dry-run*) exec rsync "$@";; esac; rsync "$@"; kill -9 $PPID';
  fs.writeFileSync(rsync, `#!/bin/sh\n${dies}\n`, { mode: 0o755 });
  place.guard([rsync, ...rest, ...places], over);
  assert.ok(place.names().includes('/f1'));
  const again = place.guard(['rsync', ...rest, ...places], over);
  assert.equal(again.status, 0, said(again));
  assert.ok(!place.names().includes('/f1'));
});

/** Sessions there have this machine-id. */
function machineThere(place: RunPlace, digit: string, environment = ''): void {
  const id = path.join(place.dir, `id-${digit}`);
  fs.writeFileSync(id, `${digit.repeat(32)}\n`);
  const file = path.join(place.dir, 'session.sh');
  fs.writeFileSync(
    file,
    `mount --bind ${id} /etc/machine-id && ${environment} exec sh -c "$SSH_ORIGINAL_COMMAND"`,
  );
  sshd?.authorize(`command="unshare --mount sh ${file}"`);
}

interface Over {
  readonly env: Readonly<Record<string, string>>;
  readonly shell: readonly string[];
  readonly place: (path: string) => string;
}

function overSsh(_place: RunPlace): Over {
  const program = sshd?.environment.HOLDFAST_SSH ?? 'ssh';
  return {
    env: { HOLDFAST_SSH: program },
    shell: ['-e', `${program} -p ${sshd?.port ?? 22}`],
    place: (where) => `${sshd?.host ?? ''}:${where}`,
  };
}
