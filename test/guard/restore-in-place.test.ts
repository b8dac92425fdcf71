// Goal: a restore over what is there goes through a plan: nobody's work is overwritten unasked, what
// is overwritten is kept, an undo gives it back to the last attribute, and what the snapshot has not
// stays. Whatever cannot be put back is named, and costs nothing else.
// Method: the command line on real trees; rsync and listings of our own compare.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { packsIn, spoilPack } from '../vault/spoil-packs.ts';
import type { Ran, RunPlaceOptions } from './run-place.ts';
import { tmpfsAt } from './scratch-mount.ts';
import { SyncPlace } from './sync-place.ts';
import { onTerminal } from './terminal.ts';

interface RestoreJson {
  readonly target: string;
  readonly isWhole: boolean;
  readonly inTheWay?: number;
  readonly keptFiles?: number;
  readonly plan?: { readonly id: string; readonly ops: { readonly count: number } };
  readonly verdict?: {
    readonly decision: string;
    readonly objections: readonly { readonly rule: string }[];
  };
  readonly done?: {
    readonly outcome: string;
    readonly failureCount?: number;
    readonly failures?: readonly { readonly path: string; readonly code: string }[];
  };
  readonly notDone?: string;
  readonly left?: readonly { readonly path: string }[];
  readonly error?: { readonly code: string };
}

class RestorePlace extends SyncPlace {
  backup(...args: readonly string[]): void {
    const ran = this.restoring(['backup', ...(args.length === 0 ? [this.source] : args)]);
    assert.equal(ran.status, 0, ran.stderr);
  }

  restoring(args: readonly string[], options: RunPlaceOptions = {}): Ran {
    const env = { HOLDFAST_VAULT: this.vault, HOLDFAST_FULL_SPEED: '1', ...options.env };
    return this.holdfast(args, { ...options, env });
  }

  /** `holdfast restore latest TARGET --in-place`, with `--json`. */
  over(args: readonly string[] = ['--yes'], target = this.target, options: RunPlaceOptions = {}) {
    return this.say(['restore', 'latest', target, '--in-place', ...args], options);
  }

  say(args: readonly string[], options: RunPlaceOptions = {}) {
    const ran = this.restoring([...args, '--json'], options);
    try {
      return { code: ran.status, said: JSON.parse(ran.stdout) as RestoreJson };
    } catch {
      throw new Error(`no JSON (exit ${ran.status}): ${ran.stdout}${ran.stderr}`);
    }
  }

  undo(plan: string | undefined): void {
    const ran = this.restoring(['undo', plan ?? '']);
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  }
}

/** @param config nothing is in `observe` */
function restorePlace(t: { after(clean: () => void): void }, config = ''): RestorePlace {
  const place = new RestorePlace({ config });
  t.after(() => place.remove());
  return place;
}

/** A tree that was backed up, a copy of it, and what people did to that since. */
function worked(t: { after(clean: () => void): void }): RestorePlace {
  const place = restorePlace(t);
  place.fill(5);
  place.fill(3, 'sub');
  place.put('same', 'one\n');
  place.put('gone', 'gone\n');
  fs.linkSync(path.join(place.source, 'f0'), path.join(place.source, 'f0 again'));
  fs.symlinkSync('f1', path.join(place.source, 'link'));
  fs.mkdirSync(path.join(place.source, 'dir'));
  place.put('dir/inside', 'inside\n');
  fs.writeFileSync(path.join(place.source, 'large'), Buffer.alloc(3_000_000, 'large'));
  place.backup();
  fs.rmSync(place.target, { recursive: true });
  execFileSync('cp', ['-a', place.source, place.target]);
  const at = (name: string): string => path.join(place.target, name);
  fs.writeFileSync(at('f1'), 'worked on since');
  fs.rmSync(at('gone'));
  fs.rmSync(at('dir'), { recursive: true });
  fs.writeFileSync(at('dir'), 'a file for a directory');
  fs.rmSync(at('link'));
  fs.mkdirSync(at('link'));
  fs.writeFileSync(at('link/inside'), 'a directory for a link');
  fs.chmodSync(at('f2'), 0o600);
  fs.writeFileSync(at('beside'), 'of somebody else');
  fs.mkdirSync(at('beside.d'));
  fs.linkSync(at('f3'), at('beside.d/f3'));
  return place;
}

const EXTRAS = ['--exclude=beside', '--exclude=beside.d'];

test('without a word nothing is overwritten; with one it is, and an undo gives it back', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = worked(t);
  const before = place.listing();
  const asked = place.over([]);
  assert.equal(asked.code, 2);
  assert.equal(asked.said.notDone, 'asked');
  assert.deepEqual(place.listing(), before);
  const shown = place.over(['--dry-run']);
  assert.equal(shown.code, 0);
  assert.equal(shown.said.notDone, 'shown');
  assert.deepEqual(place.listing(), before);

  const done = place.over();
  assert.equal(done.code, 0, JSON.stringify(done.said));
  assert.equal(done.said.isWhole, true);
  place.demandEqual(place.target, [...EXTRAS, '--omit-dir-times']);
  const at = (name: string): string => path.join(place.target, name);
  assert.equal(fs.readFileSync(at('beside'), 'utf8'), 'of somebody else');
  assert.equal(
    fs.statSync(at('beside.d/f3')).ino,
    fs.statSync(at('f3')).ino,
    'what is right stays',
  );

  const again = place.over([]);
  assert.equal(again.code, 0);
  assert.equal(again.said.notDone, 'equal');
  place.undo(done.said.plan?.id);
  assert.deepEqual(place.listing(), before);
});

test('bytes that differ under the same size and time are put back', (t) => {
  const place = restorePlace(t);
  place.put('a', 'right\n');
  place.backup();
  fs.rmSync(place.target, { recursive: true });
  execFileSync('cp', ['-a', place.source, place.target]);
  place.put('a', 'wrong\n', place.target);
  const { mtime } = fs.statSync(path.join(place.source, 'a'));
  fs.utimesSync(path.join(place.target, 'a'), mtime, mtime);
  assert.equal(place.over().code, 0);
  assert.equal(fs.readFileSync(path.join(place.target, 'a'), 'utf8'), 'right\n');
});

test('on a terminal the plan is shown, and the name of the target asked for', async (t) => {
  if (!needs(t, 'bsdutils')) return;
  const place = worked(t);
  const before = place.listing();
  const command = `${path.resolve('bin/holdfast')} restore latest ${place.target} --in-place`;
  const env = { HOLDFAST_VAULT: place.vault, HOLDFAST_STATE: place.state, HOME: place.dir };
  const type = (answer: string) =>
    onTerminal(command, { env, cwd: place.dir, answers: [[/Type \S+ to do it/, answer]] });
  const left = await type('no');
  assert.equal(left.status, 2, left.shown);
  assert.match(left.shown, /overwrites/);
  assert.deepEqual(place.listing(), before);
  const done = await type('target');
  assert.equal(done.status, 0, done.shown);
  assert.equal(fs.readFileSync(path.join(place.target, 'f1'), 'utf8'), ' 1\n');
});

test('what only adds is done at once', (t) => {
  const place = restorePlace(t);
  place.fill(3);
  place.backup();
  fs.writeFileSync(path.join(place.target, 'beside'), 'mine');
  const { code, said } = place.over([]);
  assert.equal(code, 0, JSON.stringify(said));
  assert.deepEqual(place.names(), ['/beside', '/f0', '/f1', '/f2']);
});

test('a freeze and a claim of somebody else hold it; a new directory needs no plan', (t) => {
  const place = worked(t);
  const before = place.listing();
  const frozen = place.restoring(['freeze', '--reason', 'storage work', '--for', '1h']);
  assert.equal(frozen.status, 0, frozen.stderr);
  const held = place.over();
  assert.equal(held.code, 2);
  assert.equal(held.said.notDone, 'held');
  assert.deepEqual(place.listing(), before);
  const fresh = place.say(['restore', 'latest', path.join(place.dir, 'new')]);
  assert.equal(fresh.code, 0);
  assert.equal(fresh.said.plan, undefined);
  assert.equal(place.restoring(['unfreeze']).status, 0);
  assert.equal(place.over().code, 0);
});

test('several paths lie under their names, and what they are not stays', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = restorePlace(t);
  const [one, two] = [path.join(place.source, 'one'), path.join(place.source, 'two')];
  for (const dir of [two, one]) fs.mkdirSync(dir);
  place.put('one/a', 'a\n');
  place.put('two/b', 'b\n');
  fs.linkSync(path.join(two, 'b'), path.join(two, 'c'));
  place.put('three', 'three\n');
  place.backup(two, one, path.join(place.source, 'three'), '--name', 'all');
  fs.rmSync(place.target, { recursive: true });
  execFileSync('cp', ['-a', place.source, place.target]);
  fs.writeFileSync(path.join(place.target, 'one/a'), 'worked on');
  fs.rmSync(path.join(place.target, 'two'), { recursive: true });
  fs.writeFileSync(path.join(place.target, 'two'), 'a file for a root');
  fs.writeFileSync(path.join(place.target, 'three'), 'worked on');
  fs.writeFileSync(path.join(place.target, 'four'), 'mine');
  const before = place.listing();
  const done = place.over(['--data-set', 'all', '--yes']);
  assert.equal(done.code, 0, JSON.stringify(done.said));
  place.demandEqual(place.target, ['--exclude=four', '--omit-dir-times']);
  place.undo(done.said.plan?.id);
  assert.deepEqual(place.listing(), before);
});

test('a file that was backed up alone is put back in its directory', (t) => {
  const place = restorePlace(t);
  place.put('a', 'right\n');
  place.put('b', 'mine\n', place.target);
  place.put('a', 'worked on\n', place.target);
  place.backup(path.join(place.source, 'a'));
  const { code } = place.over();
  assert.equal(code, 0);
  assert.equal(fs.readFileSync(path.join(place.target, 'a'), 'utf8'), 'right\n');
  assert.equal(fs.readFileSync(path.join(place.target, 'b'), 'utf8'), 'mine\n');
});

test('an interrupted restore is gone on with; what was changed in it meanwhile is kept', (t) => {
  const place = restorePlace(t);
  place.fill(4);
  place.backup();
  const first = place.say(['restore', 'latest', place.target]);
  assert.equal(first.code, 0);
  const { snapshot } = first.said as unknown as { readonly snapshot: string };
  const marker = path.join(place.target, '.holdfast-restore');
  fs.writeFileSync(marker, `holdfast restore 0 ${snapshot}\n`);
  fs.rmSync(path.join(place.target, 'f0'));
  fs.writeFileSync(path.join(place.target, 'f1'), 'worked on since');
  fs.writeFileSync(path.join(place.target, 'f2'), ' 2\n'.replace('2', '7'));
  const { code, said } = place.say(['restore', 'latest', place.target]);
  assert.equal(code, 0, JSON.stringify(said));
  assert.equal(said.isWhole, true);
  assert.equal(fs.existsSync(marker), false);
  assert.deepEqual(place.listing(place.target), place.listing(place.source));
  place.undo(said.plan?.id);
  assert.equal(fs.readFileSync(path.join(place.target, 'f1'), 'utf8'), 'worked on since');
  assert.equal(fs.readFileSync(path.join(place.target, 'f2'), 'utf8'), ' 7\n');
});

test('the state directory and the vault may lie in the target, and are left alone', (t) => {
  const place = restorePlace(t);
  place.put('a', 'right\n', place.dir);
  const whole = path.join(place.dir);
  place.backup(whole);
  place.put('a', 'worked on\n', place.dir);
  const { code, said } = place.over(['--yes'], whole);
  assert.equal(code, 0, JSON.stringify(said));
  assert.equal(fs.readFileSync(path.join(place.dir, 'a'), 'utf8'), 'right\n');
  assert.equal(place.restoring(['vault', 'check']).status, 0);
  place.undo(said.plan?.id);
  assert.equal(fs.readFileSync(path.join(place.dir, 'a'), 'utf8'), 'worked on\n');
  const inside = place.over(['--yes'], place.state);
  assert.equal(inside.said.error?.code, 'HF_SYNC_SOURCE');
});

test('what a snapshot has where the state directory lies now is not put there', (t) => {
  const place = restorePlace(t);
  fs.mkdirSync(path.join(place.source, 'var/kept'), { recursive: true });
  place.put('var/kept/note', 'of another time\n');
  place.put('a', 'right\n');
  place.backup();
  const kept = path.join(place.target, 'var/kept');
  fs.cpSync(place.state, kept, { recursive: true });
  const env = { HOLDFAST_STATE: kept };
  const done = place.over(['--yes'], place.target, { env });
  assert.equal(done.code, 0, JSON.stringify(done.said));
  assert.equal(fs.readFileSync(path.join(place.target, 'a'), 'utf8'), 'right\n');
  assert.equal(fs.existsSync(path.join(kept, 'note')), false);
  fs.rmSync(path.join(place.source, 'var'), { recursive: true });
  place.put('var', 'a file in its place\n');
  place.backup();
  const refused = place.over(['--yes'], place.target, { env });
  assert.equal(refused.said.error?.code, 'HF_SYNC_SOURCE');
  assert.ok(fs.statSync(kept).isDirectory());
});

test('content that is damaged costs the files that need it, and nothing of what is there', (t) => {
  const place = restorePlace(t);
  place.put('damaged', 'x'.repeat(70_000));
  place.backup();
  const damaged = packsIn(place.vault);
  place.put('good', 'good\n');
  place.put('sub', 'file\n');
  place.backup();
  for (const each of damaged) spoilPack(each);
  fs.writeFileSync(path.join(place.target, 'damaged'), 'what is there');
  fs.writeFileSync(path.join(place.target, 'good'), 'worked on');
  const { code, said } = place.over();
  assert.equal(code, 6, JSON.stringify(said));
  assert.equal(said.isWhole, false);
  assert.deepEqual(
    said.done?.failures?.map((each) => each.path),
    ['damaged'],
  );
  assert.equal(fs.readFileSync(path.join(place.target, 'good'), 'utf8'), 'good\n');
  assert.equal(fs.readFileSync(path.join(place.target, 'sub'), 'utf8'), 'file\n');
  assert.equal(fs.readFileSync(path.join(place.target, 'damaged'), 'utf8'), 'what is there');
  place.undo(said.plan?.id);
  assert.deepEqual(place.names(), ['/damaged', '/good']);
});

test('the options of a plan go with --in-place only', (t) => {
  const place = restorePlace(t);
  place.fill(1);
  place.backup();
  for (const option of ['--yes', '--dry-run', '--reason=x']) {
    const ran = place.restoring(['restore', 'latest', place.target, option]);
    assert.equal(ran.status, 64, option);
  }
  const full = place.say(['restore', 'latest', place.source]);
  assert.equal(full.said.error?.code, 'HF_TARGET_NOT_EMPTY');
});

test('a mount that is in the way costs what lies there, and nothing else', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const place = restorePlace(t);
  for (const name of ['a', 'bound', 'in the way', 'z']) place.put(name, `${name}\n`);
  place.backup();
  const at = (name: string): string => path.join(place.target, name);
  for (const name of ['a', 'bound', 'z']) place.put(name, 'worked on\n', place.target);
  fs.mkdirSync(at('in the way/disk'), { recursive: true });
  const other = path.join(place.dir, 'other');
  fs.writeFileSync(other, 'of somebody else');
  using _disk = tmpfsAt(at('in the way/disk'));
  fs.writeFileSync(at('in the way/disk/file'), 'of somebody else');
  execFileSync('mount', ['--bind', other, at('bound')]);
  try {
    const { code, said } = place.over();
    assert.equal(code, 6, JSON.stringify(said));
    assert.deepEqual(
      said.done?.failures?.map((each) => [each.path, each.code]),
      [
        ['bound', 'EBUSY'],
        ['in the way', 'EBUSY'],
      ],
    );
    for (const name of ['a', 'z']) assert.equal(fs.readFileSync(at(name), 'utf8'), `${name}\n`);
    for (const name of ['bound', 'in the way/disk/file']) {
      assert.equal(fs.readFileSync(at(name), 'utf8'), 'of somebody else');
    }
    place.undo(said.plan?.id);
    for (const name of ['a', 'z']) assert.equal(fs.readFileSync(at(name), 'utf8'), 'worked on\n');
  } finally {
    execFileSync('umount', [at('bound')]);
  }
});
