// Goal: the last whole copy of the page stays, whatever ends a later one; it opens from a file with nothing else and
// holds no secret; a place that takes none is said, and so is that there is no place.
// Method: the store of a directory on the simulated disk, crashed after each call; the real child into a directory and
// over Debian's sshd; Chromium without a network; a clock of the test for when it is due.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { SimDisk } from '../../sim/disk.ts';
import { seededRandom } from '../../sim/seeded.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { copyPage } from '../../src/adapters/pages-copy/copy-page.ts';
import { adviceFor } from '../../src/tell/core/advice.ts';
import { sayThing } from '../../src/tell/core/say-thing.ts';
import { keepCopy } from '../../src/adapters/pages-copy/keep-copy.ts';
import { sayPlace } from '../../src/adapters/ssh/ssh-place.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { days, hours, minutes, unixMs } from '../../src/base/units.ts';
import { PagesCopy, type PagesCopyParts } from '../../src/main/server/pages-copy.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';
import { copiesToForget, copyName, isCopyName } from '../../src/watch/core/pages-copy/copy-name.ts';
import { exposureText } from '../../src/watch/core/pages-copy/exposure-text.ts';
import type { RecoveryPlan } from '../../src/watch/core/exposure/recovery-plan.ts';
import { renderPlanPage } from '../../src/watch/core/exposure/page-recovery-plan.ts';
import { needs } from '../run/needs.ts';
import { canStartSshd, startSshd } from '../ssh/sshd-fixture.ts';
import { openBrowser } from '../web/browser.ts';
import { AT, sampleShown } from '../web/sample.ts';

const { hash } = nodeTools();
const SEED = 20161121;
const ROOT = byteString('/media/stick');
const NAMES = [0, 1, 2, 3].map((day) => copyName(unixMs(AT + day * days(1))));
const { exposure: view } = sampleShown();

function pageText(): string {
  assert.ok(view !== undefined);
  const page = { plans: [], madeAt: AT, lookedAt: AT, madeOn: 'mon1', by: 'its server' };
  return renderPlanPage({ ...page, exposure: exposureText(view, AT) });
}

/** All but the last are there; the last is put with two to keep. */
async function putLast(disk: SimDisk): Promise<void> {
  const store = storeOn(disk);
  const forget = (name: string) => Promise.resolve(disk.unlink(byteString(`${ROOT}/${name}`)));
  const name = NAMES[3] ?? '';
  await keepCopy({ store, forget }, { name, bytes: bytesOf(name), keep: 2 }, hash);
}

const bytesOf = (name: string): Uint8Array => Buffer.from(`${name}\n`.repeat(500));

function storeOn(disk: SimDisk) {
  const random = seededRandom(SEED);
  return directoryStore({ disk, root: ROOT, random, clock: { now: () => AT } });
}

test('killed or crashed at each call of a copy, a whole one is there, and what is not ours stays', async () => {
  let [states, isNew, isOld] = [0, 0, 0];
  for (const mode of ['posix', 'ext4'] as const) {
    const disk = new SimDisk({ mode });
    for (const name of NAMES.slice(0, 3)) storeOn(disk).putIfAbsentSync(name, bytesOf(name));
    storeOn(disk).putIfAbsentSync('holiday.html', bytesOf('holiday.html'));
    const before = disk.calls;
    await putLast(disk);
    for (const point of disk.crashPoints()) {
      if (point.calls < before) continue;
      for (const state of point.disks(SEED + point.calls, 8)) {
        states += 1;
        const store = storeOn(state);
        const names = store.listSync('').map(({ name }) => name);
        for (const name of names) assert.deepEqual(Buffer.from(store.getSync(name)), bytesOf(name));
        assert.ok(names.includes('holiday.html'));
        const ours = names.filter(isCopyName);
        assert.ok(ours.includes(NAMES[2] ?? ''), 'the one before is there until long after');
        if (ours.includes(NAMES[3] ?? '')) isNew += 1;
        else {
          isOld += 1;
          assert.deepEqual(ours, NAMES.slice(0, 3), 'nothing goes before the new one is durable');
        }
      }
    }
    assert.deepEqual(
      storeOn(disk)
        .listSync('holdfast-')
        .map(({ name }) => name),
      NAMES.slice(2),
    );
  }
  assert.ok(states > 20 && isNew > 0 && isOld > 0, `${states} ${isNew} ${isOld}`);
});

test('what goes is the oldest of ours, and never the one that was just written', () => {
  const [one = '', two = '', three = '', four = ''] = NAMES;
  assert.deepEqual(copiesToForget([four, two, three, one, 'x.html'], { written: four, keep: 2 }), [
    one,
    two,
  ]);
  // A clock that was ahead left three that look newer.
  assert.deepEqual(copiesToForget([one, two, three, four], { written: one, keep: 2 }), [
    two,
    three,
  ]);
  assert.deepEqual(copiesToForget([one], { written: one, keep: 1 }), []);
});

const SECRETS = /BEGIN|PRIVATE KEY|password-file|passphrase|Bearer |[A-Za-z0-9+/]{60}/;

test('a copy opens from a file, without network, script or another file; nothing in it is secret', async (t) => {
  if (!needs(t, 'chromium')) return;
  const directory = place(t);
  const [name = ''] = NAMES;
  const signal = new AbortController().signal;
  const asked = { name, keep: 3, text: pageText(), beside: directory, signal };
  const ended = await copyPage({ ...asked, place: directory });
  assert.deepEqual(ended, { kept: 1, isHere: true });
  const file = path.join(directory, name);
  assert.equal(fs.statSync(file).mode & 0o077, 0);
  assert.doesNotMatch(fs.readFileSync(file, 'utf8').replaceAll(/sha256-\S+/g, ''), SECRETS);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const context = await browser.newContext({ offline: true, javaScriptEnabled: false });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => wrong.push(message.text()));
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) wrong.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  const text = ((await page.locator('body').textContent()) ?? '').replaceAll(/\s+/g, ' ');
  assert.match(text, /Made .*21 Nov(ember)? 2026|Made .*2026/);
  assert.match(text, /What is lost grows with the time since/);
  assert.match(text, /at least 22 h of bugzilla-db would be lost/);
  assert.deepEqual(wrong, []);
});

test('a directory that is not there is not made: a stick that is not in must not fill our own disk', async (t) => {
  const directory = path.join(place(t), 'stick');
  const signal = new AbortController().signal;
  const asked = { name: NAMES[0] ?? '', keep: 3, text: 'x', beside: '/', signal };
  const ended = await copyPage({ ...asked, place: directory });
  assert.match('why' in ended ? ended.why : '', /no directory/);
  assert.equal(fs.existsSync(directory), false);
});

test('over ssh: whole, the oldest go, and what is not ours is refused', async (t) => {
  if (!canStartSshd(t)) return;
  const sshd = await startSshd();
  t.after(() => sshd.stop());
  const root = fs.mkdtempSync(path.join(sshd.dir, 'copies-'));
  fs.writeFileSync(path.join(root, 'notes.txt'), 'not ours');
  const before = { ...process.env };
  Object.assign(process.env, sshd.environment);
  t.after(() => {
    for (const key of Object.keys(sshd.environment)) process.env[key] = before[key];
  });
  const signal = new AbortController().signal;
  for (const name of NAMES) {
    const asked = { name, keep: 2, text: name, beside: '/', signal };
    const ended = await copyPage({ ...asked, place: sayPlace(sshd.place(root)) });
    assert.equal('why' in ended ? ended.why : '', '');
  }
  const there = fs
    .readdirSync(root)
    .filter((name) => name !== 'tmp')
    .sort();
  assert.deepEqual(there, [...NAMES.slice(2), 'notes.txt']);
});

function place(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-copies-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const NO_PLAN: RecoveryPlan = {
  ...{ lost: [], needed: [], steps: [], forGood: [], unknown: [], bare: [], mayWait: [] },
  ...{ notSeen: [], seenInPart: [], live: [] },
} as unknown as RecoveryPlan;

class World {
  steady = 0;
  worst = 0;
  why: string | undefined;
  isKnown = true;
  written: string[] = [];
  readonly signal = new AbortController().signal;

  copies(config: PagesCopyParts['config']): PagesCopy {
    assert.ok(view !== undefined);
    return new PagesCopy({
      ...{ config, stateDirectory: '/' },
      exposed: () => {
        const falls = view.falls.slice(this.worst);
        const exposed = { at: unixMs(AT + this.steady), view: { ...view, falls } };
        return Promise.resolve(
          exposed as unknown as Awaited<ReturnType<PagesCopyParts['exposed']>>,
        );
      },
      plan: ([name = '']) =>
        this.isKnown
          ? Promise.resolve(NO_PLAN)
          : Promise.reject(
              new Fault('HF_LOSE_UNKNOWN', `nothing is called ${name}`, { instead: '' }),
            ),
      now: () => ({ atMs: this.steady, wallMs: unixMs(AT + this.steady) }),
      copy: ({ name }) => {
        if (this.why !== undefined) return Promise.resolve({ why: this.why });
        this.written.push(name);
        return Promise.resolve({ kept: this.written.length, isHere: false });
      },
    });
  }

  async pass(copies: PagesCopy, ms: number): Promise<void> {
    for (const end = this.steady + ms; this.steady < end; ) {
      this.steady += Math.min(minutes(1), end - this.steady);
      await copies.beat(this.signal);
    }
  }
}

test('what has no name to be lost by keeps no copy from being written', async () => {
  const world = new World();
  world.isKnown = false;
  await world.pass(world.copies({ copy: '/media/stick' }), minutes(3));
  assert.equal(world.written.length, 1);
});

test('each day, when the worst is another, at most each hour; a failure is said and tried again', async () => {
  const world = new World();
  const copies = world.copies({ copy: '/media/stick' });
  const count = (): number => world.written.length;
  await world.pass(copies, minutes(1));
  assert.equal(count(), 0, 'agents have to show themselves first');
  await world.pass(copies, minutes(2));
  assert.equal(count(), 1);
  await world.pass(copies, hours(23));
  assert.equal(count(), 1);
  await world.pass(copies, hours(1));
  assert.equal(count(), 2, 'a day later');
  world.worst = 1;
  await world.pass(copies, minutes(30));
  assert.equal(count(), 2, 'an hour apart, however often it changes');
  await world.pass(copies, minutes(31));
  assert.equal(count(), 3);
  assert.deepEqual(copies.findings(), []);
  world.why = 'the stick is not in';
  await world.pass(copies, hours(25));
  assert.equal(count(), 3);
  const [young] = copies.findings();
  assert.ok(young !== undefined);
  assert.equal(young.rank, 3);
  assert.match(
    young.sentence,
    /off the estate \(\/media\/stick\) is 25 h old: the stick is not in/,
  );
  await world.pass(copies, days(2));
  const [old] = copies.findings();
  assert.ok(old !== undefined);
  assert.equal(old.code, 'pages-copy-old');
  assert.equal(old.rank, 2);
  assert.match(old.sentence, /is 3 d old/);
  world.why = undefined;
  await world.pass(copies, minutes(16));
  assert.equal(count(), 4);
  assert.deepEqual(copies.findings(), []);
});

test('without a place that is a finding, with what mends it', () => {
  const [found, ...rest] = new World().copies(undefined).findings();
  assert.deepEqual(rest, []);
  assert.ok(found !== undefined);
  assert.equal(found.code, 'pages-not-copied');
  assert.match(found.fix?.kind === 'change' ? found.fix.text : '', /pages: \{copy:/);
});

test('whoever is told hears of a copy that fails twice, that is too old, and that it is well again', async () => {
  const world = new World();
  const copies = world.copies({ copy: '/media/stick' });
  const stands = (): string =>
    copies
      .subjects()
      .map(({ mark }) => mark)
      .join();
  assert.equal(stands(), 'unknown', 'after a restart nothing that is open is well for that');
  assert.deepEqual(world.copies(undefined).subjects(), []);
  await world.pass(copies, minutes(3));
  assert.equal(stands(), 'ok');
  world.why = 'the stick is not in';
  await world.pass(copies, hours(24));
  assert.equal(stands(), 'ok', 'one try is no news');
  await world.pass(copies, minutes(16));
  const [failing] = copies.subjects();
  assert.deepEqual([failing?.subject, failing?.mark], ['server:copy', 'degraded']);
  assert.match(failing?.why ?? '', /copied to \/media\/stick: the stick is not in$/);
  await world.pass(copies, hours(2));
  const [old] = copies.subjects();
  assert.equal(old?.mark, 'failed');
  assert.match(old.why, /for more than 26 h: the stick is not in$/);
  // What is said stays as it is while nothing changes: it is one alert.
  await world.pass(copies, hours(5));
  assert.deepEqual(copies.subjects(), [old]);
  world.why = undefined;
  await world.pass(copies, minutes(16));
  assert.equal(stands(), 'ok');
  assert.equal(sayThing('server:copy'), 'the copy of the pages off the estate');
  assert.match(adviceFor('server:copy') ?? '', /pages: \{copy/);
});
