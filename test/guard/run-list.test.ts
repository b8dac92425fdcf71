// Goal: a run that is told by a list what differs leaves what rsync alone would have left, and
// touches nothing that was not judged. Method: the same change put onto two equal targets, by rsync
// and by the guard, for each set of options and random changes; a wrapper shows which way was taken.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type Ran, type RunPlace, runPlace } from './run-place.ts';

type Context = Parameters<typeof runPlace>[0];

interface Twins {
  readonly place: RunPlace;
  /** The other target, fed by rsync alone. */
  readonly plain: string;
  /** As given; it says in `calls` how it was called, and does `between` before each real run. */
  readonly rsync: string;
  readonly calls: () => readonly string[];
}

const CONFIG = 'guard:\n  modes: {radius: observe, live: observe}\n';

function twins(t: Context, between = ''): Twins {
  const place = runPlace(t);
  const rsync = path.join(place.dir, 'rsync');
  const log = path.join(place.dir, 'calls');
  const script = `#!/bin/sh
case "$*" in *--dry-run*) ;; *) echo "$*" >>${log}; ${between} ;; esac
exec /usr/bin/rsync "$@"
`;
  fs.writeFileSync(rsync, script, { mode: 0o755 });
  fs.writeFileSync(path.join(place.dir, 'holdfast.yaml'), CONFIG);
  const calls = (): readonly string[] =>
    fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trim().split('\n') : [];
  return { place, plain: path.join(place.dir, 'plain'), rsync, calls };
}

function guard({ place, rsync }: Twins, args: readonly string[], env = {}): Ran {
  const config = path.join(place.dir, 'holdfast.yaml');
  return place.guard([rsync, ...args], { env: { HOLDFAST_CONFIG: config, ...env } });
}

function plainly({ place }: Twins, args: readonly string[]): Ran {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  return spawnSync('rsync', [...args], { cwd: place.dir, encoding: 'utf8', env });
}

/** Both targets equal, and the pipeline begun. */
function begin(of: Twins, options: readonly string[]): void {
  const { place, plain } = of;
  for (const target of [place.target, plain]) {
    for (const each of [['-aHAX', '--numeric-ids'], options]) {
      assert.equal(plainly(of, [...each, `${place.source}/`, `${target}/`]).status, 0);
    }
  }
  const first = guard(of, [...options, `${place.source}/`, `${place.target}/`]);
  assert.equal(first.status, 0, first.stderr);
}

/** All of a tree, the top directory itself included; rsync leaves times of one second as they are. */
function whole({ place }: Twins, top: string, hasDirTimes: boolean): readonly string[] {
  const { mode, mtimeMs } = fs.statSync(top);
  const time = `${Math.trunc(mtimeMs / 1000)}000000000`;
  const lines = [`. ${mode.toString(8)} ${time} `, ...place.listing(top)];
  // What is of this very moment may lie a second apart in two runs.
  const said = (seconds: string): string => (Number(seconds) >= BEGAN_S ? ' now ' : ` ${seconds} `);
  return lines.map((line) =>
    line.replace(/ (\d{10})\d{9} /, (_, seconds: string) => (hasDirTimes ? said(seconds) : ' ')),
  );
}

function assertTwins(of: Twins, what: string, hasDirTimes = true): void {
  const [target, plain] = [of.place.target, of.plain].map((top) => whole(of, top, hasDirTimes));
  assert.deepEqual(target, plain, what);
}

const BEGAN_S = Math.trunc(Date.now() / 1000);
const OLD = new Date('2021-03-04T05:06:07Z');
const NAMES = ['a', 'b', 'new\nline', '\xff\xfe', '-rf', ' two ', '\\#012', '#x', ';y', '*', '[q]'];

/** Names, kinds, attributes: some of each is made, changed or taken away. */
class Changes {
  readonly #place: RunPlace;
  #state: number;
  #made = 0;

  constructor(place: RunPlace, seed: number) {
    this.#place = place;
    this.#state = seed >>> 0;
  }

  #draw(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.trunc((this.#state / 2 ** 32) * below);
  }

  fill(): void {
    for (let at = 0; at < 40; at++) this.#create();
  }

  more(): void {
    for (let at = 0; at < 12; at++) this.#one();
  }

  #one(): unknown {
    const all = this.#entries();
    const entry = all[this.#draw(all.length)];
    if (entry === undefined || this.#draw(4) === 0) {
      this.#create();
      return undefined;
    }
    const stat = fs.lstatSync(entry);
    const isLarge = isDir(entry) && fs.readdirSync(entry).length > 2;
    switch (this.#draw(6)) {
      case 0: // A source that lost much is asked about.
        return isLarge ? undefined : fs.rmSync(entry, { recursive: true });
      case 1:
        return stat.isSymbolicLink() ? undefined : fs.chmodSync(entry, 0o700 + this.#draw(0o100));
      case 2:
        return fs.lutimesSync(entry, OLD, new Date(OLD.getTime() + this.#draw(1e9)));
      case 3: // Another kind under the same name.
        if (isLarge) return undefined;
        fs.rmSync(entry, { recursive: true });
        return this.#make(entry);
      case 4:
        return stat.isSymbolicLink() ? undefined : fs.chownSync(entry, 1 + this.#draw(9), 7);
      default:
        if (stat.isFile()) fs.writeFileSync(entry, `other ${this.#draw(1e6)}`);
        return undefined;
    }
  }

  #create(): void {
    const dirs = [Buffer.from(this.#place.source), ...this.#entries().filter(isDir)];
    const dir = dirs[this.#draw(dirs.length)] ?? Buffer.from(this.#place.source);
    const name = `${NAMES[this.#draw(NAMES.length)] ?? ''}${this.#made++}`;
    this.#make(Buffer.concat([dir, Buffer.from('/'), Buffer.from(name, 'latin1')]));
  }

  #make(at: Buffer): void {
    const kind = this.#draw(8);
    if (kind < 4) fs.writeFileSync(at, `text ${this.#draw(1e6)}`);
    else if (kind < 6) fs.mkdirSync(at, { mode: 0o711 });
    else if (kind < 7) fs.symlinkSync(this.#draw(2) === 0 ? 'nowhere' : '..', at);
    else spawnSync('mkfifo', [at.toString('latin1')]);
    if (kind !== 7) fs.lutimesSync(at, OLD, new Date(OLD.getTime() - this.#draw(1e9)));
  }

  #entries(): Buffer[] {
    const found: Buffer[] = [];
    const walk = (dir: Buffer): void => {
      for (const name of fs.readdirSync(dir, { encoding: 'buffer' })) {
        const at = Buffer.concat([dir, Buffer.from('/'), name]);
        found.push(at);
        if (isDir(at)) walk(at);
      }
    };
    walk(Buffer.from(this.#place.source));
    return found;
  }
}

function isDir(at: Buffer): boolean {
  return fs.lstatSync(at).isDirectory();
}

const BY_LIST: readonly (readonly string[])[] = [
  ['-a', '--delete'],
  ['-rlptgoD', '--delete-after'],
  ['-aAX', '--delete', '--numeric-ids'],
  ['-aH', '--delete'],
  ['-a', '--delete', '-x', '--exclude=*1', '--include=*2', '-m'],
  ['-a', '--delete', '-F', '--filter=- b*'],
  ['-ac', '--delete', '--inplace'],
  ['-a', '--delete', '--delay-updates', '--partial-dir=.part', '--fuzzy'],
  ['-a', '--delete', '--chmod=D750,F640', '--chown=3:4'],
  ['-au', '--delete', '--size-only'],
  ['-a', '--existing', '--delete'],
  ['-a', '-I', '--delete', '--max-size=11'],
  ['-aO', '--delete', '-J'],
  ['-a', '--no-o', '--no-g', '--delete', '-z'],
];

for (const options of BY_LIST) {
  test(`${options.join(' ')}: what a list brings is what rsync brings`, (t) => {
    if (!needs(t, 'rsync')) return;
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    t.diagnostic(`seed ${seed}`);
    const of = twins(t);
    const changes = new Changes(of.place, seed);
    changes.fill();
    begin(of, options);
    for (let round = 0; round < 3; round++) {
      changes.more();
      const args = [...options, `${of.place.source}/`];
      const ran = guard(of, [...args, `${of.place.target}/`]);
      const alone = plainly(of, [...args, `${of.plain}/`]);
      assert.equal(ran.status, alone.status, `${ran.stderr}\n${alone.stderr}`);
      assertTwins(of, `seed ${seed}, round ${round}`, !options.includes('-aO'));
    }
    const listed = of.calls().filter((call) => call.includes('--files-from=-'));
    assert.ok(listed.length > 0, of.calls().join('\n'));
  });
}

/** One more file that changed, one that is new, one that goes, and a directory whose time differs. */
function change({ place }: Twins, below = ''): void {
  const at = (name: string): string => path.join(place.source, below, name);
  place.put(path.join(below, 'deep/one'), 'changed');
  place.put(path.join(below, 'new'), 'new');
  fs.rmSync(at('f0'));
  fs.utimesSync(at('still'), OLD, OLD);
}

function prepared(t: Context, below = '', between = ''): Twins {
  const of = twins(t, between);
  of.place.fill(12, below);
  of.place.put(path.join(below, 'kept'), 'kept');
  fs.mkdirSync(path.join(of.place.source, below, 'deep'), { recursive: true });
  of.place.put(path.join(below, 'deep/one'), 'one');
  fs.mkdirSync(path.join(of.place.source, below, 'still'));
  fs.linkSync(path.join(of.place.source, below, 'f1'), path.join(of.place.source, below, 'twin'));
  return of;
}

interface Way {
  readonly how: 'list' | 'whole';
  readonly options: readonly string[];
  readonly sources?: (of: Twins) => readonly string[];
  readonly below?: string;
}

const WAYS: readonly Way[] = [
  { how: 'list', options: ['-a', '--delete'], sources: ({ place }) => [place.source] },
  { how: 'list', options: ['-a', '--delete'], sources: () => ['source'] },
  { how: 'list', options: ['-a', '--delete'], sources: () => ['source/.'] },
  { how: 'list', options: ['-aH', '--delete'] },
  { how: 'list', options: ['-av', '--delete', '-i'] },
  { how: 'whole', options: ['-a', '--delete', '--stats'] },
  { how: 'whole', options: ['-avv', '--delete'] },
  { how: 'whole', options: ['-aP', '--delete'] },
  { how: 'whole', options: ['-aL', '--delete'] },
  { how: 'whole', options: ['-aR', '--delete'], sources: () => ['./source/'] },
  { how: 'whole', options: ['-a', '--delete', '--copy-dest=/nowhere'] },
  { how: 'whole', options: ['-rt', '--delete', '--files-from=/dev/null'] },
  {
    how: 'whole',
    options: ['-a', '--delete'],
    below: 'x',
    sources: ({ place }) => [`${place.source}/x`, `${place.source}/x/deep`],
  },
];

for (const { how, options, sources, below = '' } of WAYS) {
  const named = sources?.toString().replace(/^.*=> /, '') ?? '';
  test(`${options.join(' ')} ${named}: ${how}, and equal to rsync alone`, (t) => {
    if (!needs(t, 'rsync')) return;
    const of = prepared(t, below);
    const { place, plain } = of;
    const from = sources?.(of) ?? [`${place.source}/`];
    for (const target of [place.target, plain]) {
      assert.equal(plainly(of, [...options, ...from, `${target}/`]).status, 0);
    }
    assert.equal(guard(of, [...options, ...from, `${place.target}/`]).status, 0);
    change(of, below);
    const ran = guard(of, [...options, ...from, `${place.target}/`]);
    const alone = plainly(of, [...options, ...from, `${plain}/`]);
    assert.deepEqual([ran.status, alone.status], [0, 0], ran.stderr);
    assertTwins(of, how);
    if (options.includes('--files-from=/dev/null')) return;
    assert.equal(/--files-from=-/.test(of.calls().at(-1) ?? ''), how === 'list');
    if (how === 'whole' || !options.includes('-i')) return;
    const lines = [ran.stdout, alone.stdout].map((text) =>
      text
        .split('\n')
        .filter((line) => /^[<>ch.][fdLDS]/.test(line))
        .sort(),
    );
    assert.deepEqual(lines[0], lines[1], 'what changed is said as by rsync');
  });
}

test('hard links: where a name of a group is new or changed, the whole run keeps the group', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t);
  const options = ['-aH', '--delete'];
  begin(of, options);
  const args = [...options, `${of.place.source}/`];
  const { source } = of.place;
  for (const step of [
    () => fs.linkSync(path.join(source, 'twin'), path.join(source, 'deep/third')),
    () => of.place.put('twin', 'all three changed'),
  ]) {
    step();
    assert.equal(guard(of, [...args, `${of.place.target}/`]).status, 0);
    assert.equal(plainly(of, [...args, `${of.plain}/`]).status, 0);
    assertTwins(of, 'hard links');
    assert.doesNotMatch(of.calls().at(-1) ?? '', /--files-from/);
  }
});

test('only the time of the top directory differs: it alone is set', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t);
  begin(of, ['-a', '--delete']);
  fs.utimesSync(of.place.source, OLD, OLD);
  const ran = of.place.guard([of.rsync, '-a', '--delete', `${of.place.source}/`, of.place.target]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(fs.statSync(of.place.target).mtimeMs, OLD.getTime());
  assert.match(of.calls().at(-1) ?? '', /--files-from=-/);
});

test('what appears, changes or vanishes after the dry run waits for the next run', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t, '', 'cd source && echo later >late && echo later >kept && rm -f gone');
  const { place } = of;
  const args = ['-a', '--delete', `${place.source}/`, `${place.target}/`];
  begin(of, ['-a', '--delete']);
  fs.rmSync(path.join(place.source, 'late'), { force: true });
  place.put('kept', 'judged as equal');
  place.put('kept', 'judged as equal', place.target);
  place.put('gone', 'not for long');
  change(of);
  const ran = guard(of, args);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(fs.readFileSync(path.join(place.target, 'kept'), 'utf8'), 'judged as equal');
  assert.ok(!place.names().includes('/late') && !place.names().includes('/gone'));
  assert.ok(place.names().includes('/new'));
  assert.equal(guard(of, args).status, 0);
  assert.deepEqual(place.content(), place.content(place.source));
});

test('what came to the target after the dry run, where something new was to come, is put back', (t) => {
  if (!needs(t, 'rsync')) return;
  const late =
    '[ -e go ] && echo of-somebody >around/target/new && touch -d 2020-01-01 around/target/new';
  const of = prepared(t, '', late);
  const { place } = of;
  begin(of, ['-a', '--delete']);
  change(of);
  fs.writeFileSync(path.join(place.dir, 'go'), '');
  const ran = guard(of, ['-a', '--delete', `${place.source}/`, `${place.target}/`]);
  assert.equal(ran.status, 0, ran.stderr);
  const file = path.join(place.target, 'new');
  assert.equal(fs.readFileSync(file, 'utf8'), 'new');
  const undo = place.holdfast(['undo']);
  const id = /p-[0-9a-f]{8}/.exec(undo.stdout)?.[0] ?? '';
  const done = place.holdfast(['undo', id]);
  assert.equal(done.status, 0, done.stderr + done.stdout);
  assert.equal(fs.readFileSync(file, 'utf8'), 'of-somebody\n');
});

test('a directory that is a link by the time of the run leads nowhere else', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t, '', 'rm -rf source/coming && ln -s ../../outside source/coming');
  const { place } = of;
  begin(of, ['-a', '--delete']);
  const outside = path.join(place.dir, 'outside');
  fs.mkdirSync(outside);
  place.put('file', 'untouched', outside);
  fs.rmSync(path.join(place.source, 'coming'), { force: true });
  fs.mkdirSync(path.join(place.source, 'coming'));
  place.put('coming/file', 'from the source');
  place.put('coming/other', 'from the source');
  guard(of, ['-a', '--delete', `${place.source}/`, `${place.target}/`]);
  assert.match(of.calls().at(-1) ?? '', /--files-from=-/);
  assert.deepEqual(fs.readdirSync(outside), ['file']);
  assert.equal(fs.readFileSync(path.join(outside, 'file'), 'utf8'), 'untouched');
});

test('over a shell: the list goes along; where it is not known there, the whole run is made', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t);
  const { place } = of;
  const shell = path.join(place.dir, 'shell');
  const refuse = path.join(place.dir, 'refuse');
  const script = `#!/bin/sh
shift
case "$*" in *ignore-missing-args*) [ -e ${refuse} ] && exit 1 ;; esac
exec sh -c "$*"
`;
  fs.writeFileSync(shell, script, { mode: 0o755 });
  begin(of, ['-a', '--delete']);
  const options = ['-a', '--delete', '-e', shell];
  const args = [...options, `far:${place.source}/`];
  for (const target of [place.target, of.plain]) {
    assert.equal(plainly(of, [...args, `${target}/`]).status, 0);
  }
  guard(of, [...args, `${place.target}/`]);
  for (const isOld of [false, true]) {
    if (isOld) fs.writeFileSync(refuse, '');
    if (isOld) place.put('f0', 'again');
    change(of);
    // What changes may have the size and the second that it had in the first round.
    place.put(`new ${isOld}`, 'new');
    const ran = guard(of, [...args, `${place.target}/`]);
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(plainly(of, [...args, `${of.plain}/`]).status, 0);
    assertTwins(of, isOld ? 'an old rsync there' : 'by list');
    assert.equal(/--files-from=-/.test(of.calls().at(-1) ?? ''), !isOld);
  }
});

test('from a daemon: the list goes along', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t);
  const { place } = of;
  const config = path.join(place.dir, 'rsyncd.conf');
  const module = `use chroot = no\nuid = 0\ngid = 0\nread only = yes\n[m]\npath = ${place.source}\n`;
  fs.writeFileSync(
    config,
    process.getuid?.() === 0 ? module : module.replace(/uid.*\ngid.*\n/, ''),
  );
  const env = { RSYNC_CONNECT_PROG: `/usr/bin/rsync --daemon --config=${config}` };
  begin(of, ['-a', '--delete']);
  const args = ['-a', '--delete', 'rsync://far/m/', `${place.target}/`];
  guard(of, args, env);
  change(of);
  const ran = guard(of, args, env);
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(place.content(), place.content(place.source));
  assert.match(of.calls().at(-1) ?? '', /--files-from=-/);
});

test('a run that failed, and had nothing to delete, waits for nobody', (t) => {
  if (!needs(t, 'rsync')) return;
  const of = prepared(t, '', '[ -e go ] && exit 23');
  const { place } = of;
  begin(of, ['-a', '--delete']);
  fs.writeFileSync(path.join(place.dir, 'go'), '');
  const args = ['-a', '--delete', `${place.source}/`, `${place.target}/`];
  place.put('new', 'new');
  assert.equal(guard(of, args).status, 23);
  assert.match(place.holdfast(['plan']).stdout, /No plan waits/);
  fs.rmSync(path.join(place.source, 'f3'));
  assert.equal(guard(of, args).status, 23);
  assert.match(place.holdfast(['plan']).stdout, /1 plan waiting/);
});

for (const options of [
  ['-a', '--existing'],
  ['-rlt', '--delete', '--ignore-non-existing'],
]) {
  test(`${options.join(' ')}: what is of another kind comes, and nothing that is new`, (t) => {
    if (!needs(t, 'rsync')) return;
    const of = twins(t);
    const { place, plain } = of;
    place.put('same', 'same');
    fs.mkdirSync(path.join(place.source, 'dir'));
    place.put('dir/in', 'in');
    place.put('file', 'file');
    begin(of, ['-a']);
    for (const target of [place.target, plain]) {
      fs.rmSync(path.join(target, 'dir'), { recursive: true });
      fs.symlinkSync('nowhere', path.join(target, 'dir'));
      fs.rmSync(path.join(target, 'file'));
      fs.mkdirSync(path.join(target, 'file'));
      fs.utimesSync(path.join(target, 'file'), 1e9, 1e9);
    }
    place.put('new', 'new');
    const before = place.listing();
    const over = (target: string) => [...options, `${place.source}/`, `${target}/`];
    assert.equal(guard(of, over(place.target)).status, 0);
    assert.equal(plainly(of, over(plain)).status, 0);
    const kinds = (top: string) =>
      fs
        .readdirSync(top, { recursive: true, withFileTypes: true })
        .map((each) => [
          path.join(path.relative(top, each.parentPath), each.name),
          each.isDirectory(),
        ])
        .sort();
    assert.deepEqual(kinds(place.target), kinds(plain));
    const [last] = JSON.parse(place.holdfast(['undo', '--json']).stdout).plans as { id: string }[];
    assert.equal(place.holdfast(['undo', last?.id ?? '']).status, 0);
    assert.deepEqual(place.listing(), before);
  });
}
