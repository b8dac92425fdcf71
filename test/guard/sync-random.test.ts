// Goal: whatever a source and a target became, a sync makes them equal, again is nothing, and undo gives
// back what was there.
// Method: random changes on both sides, several rounds; rsync compares, with checksums. SEED=N repeats one.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type SyncPlace, syncPlace } from './sync-place.ts';

const ROUNDS = 4;
const CHANGES = 25;
const DAY_S = 86_400;
const WEEK_AGO_S = Math.trunc(Date.now() / 1000) - 7 * DAY_S;

/** A generator of 32 bits: the same seed gives the same trees. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed || 1;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  pick<T>(among: readonly T[]): T {
    const found = among[this.below(among.length)];
    assert.ok(found !== undefined);
    return found;
  }
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** Undefined where nothing is, or a file or link stands in the way. */
function seen(at: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(at);
  } catch {
    return undefined;
  }
}

function somePath(dice: Dice): string {
  return Array.from({ length: 1 + dice.below(3) }, () => dice.pick(NAMES)).join('/');
}

function pathsBelow(top: string): string[] {
  return fs.readdirSync(top, { recursive: true, encoding: 'utf8' }).sort();
}

function changeSource(place: SyncPlace, dice: Dice): void {
  const at = path.join(place.source, somePath(dice));
  makeWay(place, at);
  const stat = seen(at);
  switch (dice.below(8)) {
    case 0:
      fs.rmSync(at, { recursive: true, force: true });
      return;
    case 1:
      renamed(place, dice, at);
      return;
    case 2:
      if (stat !== undefined && !stat.isSymbolicLink()) fs.chmodSync(at, 0o600 + dice.below(0o100));
      return;
    case 3:
      linked(place, dice, at);
      return;
    case 4:
      if (stat?.isDirectory() === false) fs.rmSync(at);
      if (isFree(at)) fs.symlinkSync(dice.pick(NAMES), at);
      return;
    default:
      written(dice, at);
  }
}

function isFree(at: string): boolean {
  const parent = seen(path.dirname(at));
  return parent?.isDirectory() === true && !seen(at);
}

function renamed(place: SyncPlace, dice: Dice, from: string): void {
  const to = path.join(place.source, somePath(dice));
  if (!fs.existsSync(path.dirname(to)) || fs.realpathSync(path.dirname(to)) !== path.dirname(to))
    return;
  if (seen(from) && isFree(to) && !to.startsWith(`${from}/`)) {
    fs.renameSync(from, to);
  }
}

function linked(place: SyncPlace, dice: Dice, at: string): void {
  const files = pathsBelow(place.source).filter((name) => {
    return fs.lstatSync(path.join(place.source, name)).isFile();
  });
  if (files.length > 0 && isFree(at)) fs.linkSync(path.join(place.source, dice.pick(files)), at);
}

/** Old times, a few of them alike: what differs is not told by them alone. */
function written(dice: Dice, at: string): void {
  if (seen(at)?.isFile() === false) fs.rmSync(at, { recursive: true });
  // Of several names: a new file, or a write into all of them.
  if (dice.below(2) === 0) fs.rmSync(at, { force: true });
  fs.writeFileSync(at, String(dice.below(1000)).repeat(1 + dice.below(50)));
  const time = WEEK_AGO_S + dice.below(1_000_000) / 1000;
  fs.utimesSync(at, time, time);
}

/** Directories on the way, in place of whatever stood there. */
function makeWay(place: SyncPlace, at: string): void {
  let dir = place.source;
  for (const name of path.relative(place.source, path.dirname(at)).split('/').filter(Boolean)) {
    dir = path.join(dir, name);
    if (seen(dir)?.isDirectory() === false) fs.rmSync(dir);
    if (seen(dir) === undefined) fs.mkdirSync(dir);
  }
}

/** What somebody else does to what was put there: nothing is added, for that would stay. */
function changeTarget(place: SyncPlace, dice: Dice): void {
  const paths = pathsBelow(place.target);
  if (paths.length === 0) return;
  const at = path.join(place.target, dice.pick(paths));
  const stat = seen(at);
  if (stat === undefined) return;
  const what = dice.below(3);
  if (what === 0) fs.rmSync(at, { recursive: true });
  else if (what === 1 && stat.isFile()) fs.appendFileSync(at, 'by somebody else');
  else if (!stat.isSymbolicLink()) fs.chmodSync(at, 0o700);
}

test('whatever became of both, a sync makes them equal, and undo what it was', (t) => {
  if (!needs(t, 'rsync')) return;
  const seed = Number(process.env.SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`SEED=${seed}`);
  const dice = new Dice(seed);
  const place = syncPlace(t);
  // Never empty: an empty source takes nothing away.
  place.put('always', 'there');
  for (let at = 0; at < CHANGES; at++) changeSource(place, dice);
  assert.equal(place.json().code, 0, `SEED=${seed}`);
  place.demandEqual();
  for (let round = 1; round <= ROUNDS; round++) {
    const entries = pathsBelow(place.source).length;
    for (let at = 0; at < CHANGES; at++) changeSource(place, dice);
    // One that lost half of what it had is asked about, as it should be, and not synced.
    while (pathsBelow(place.source).length < 0.6 * entries) changeSource(place, dice);
    for (let at = 0; at < 3; at++) changeTarget(place, dice);
    const before = place.listing();
    const { code, said } = place.json();
    assert.equal(code, 0, `SEED=${seed}, round ${round}: ${JSON.stringify(said)}`);
    place.demandEqual();
    assert.equal(place.json().said.notDone, 'equal', `SEED=${seed}, round ${round}`);
    if (said.notDone === 'equal' || round % 2 === 1) continue;
    const undone = place.holdfast(['undo', said.plan.id, '--json']);
    assert.equal(
      undone.status,
      0,
      `SEED=${seed}, round ${round}: ${undone.stdout}${undone.stderr}`,
    );
    assert.deepEqual(place.listing(), before, `SEED=${seed}, round ${round}`);
    assert.equal(place.json().code, 0, `SEED=${seed}, round ${round}`);
    place.demandEqual();
  }
});
