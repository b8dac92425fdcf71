// Goal: what happened to Inria's CI on 28 July 2017 cannot happen to who has Holdfast. To debug the sync of
// the CI database to the build farm it was limited to one project; it expected all of them, and deleted
// every other. Aborted half way it was too late, and nothing could be recovered. Method: the same on
// trees, by the commands that people run: forty projects, put to a farm every day; then one run that is
// limited to one of them, by each way there is to limit it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Ran, type RunPlace, runPlace } from '../guard/run-place.ts';
import { syncPlace } from '../guard/sync-place.ts';
import { needs } from '../run/needs.ts';

const PROJECTS = 40;
const HELD = 120;
/** What the debugging was about: new in the one project, and to be put there. */
const NEW = 'project1/slave.xml';
const ONLY = ['--include=/project1/***', '--exclude=*'];

/** Each with its machine, template and snapshot. */
function fillProjects(place: RunPlace): void {
  for (let project = 0; project < PROJECTS; project++) {
    fs.mkdirSync(path.join(place.source, `project${project}`));
    for (const thing of ['machine.qcow2', 'template.qcow2', 'snapshot.qcow2']) {
      place.put(`project${project}/${thing}`, `${thing} of ${project}`);
    }
  }
}

/** Put to the farm, and once more with a change as on any day. */
function synced(place: RunPlace, sync: () => Ran): void {
  fillProjects(place);
  must(sync());
  fs.rmSync(path.join(place.source, 'project7/snapshot.qcow2'));
  must(sync());
  assert.ok(!place.names().includes('/project7/snapshot.qcow2'), 'on a usual day it deletes');
  place.put(NEW, 'log more');
}

function must(ran: Ran): void {
  assert.equal(ran.status, 0, saidBy(ran));
}

function saidBy({ stdout, stderr }: Ran): string {
  return `${stdout} ${stderr}`.replace(/\s+/g, ' ');
}

/** What the new file changes is the one directory that it lies in. */
function demandOnlyNew(place: RunPlace, before: readonly string[]): void {
  const isOfNew = (line: string): boolean => /^\/project1 |^\/project1\/slave/.test(line);
  const there = place.content();
  assert.deepEqual(
    there.filter((line) => !isOfNew(line)),
    before.filter((line) => !isOfNew(line)),
  );
  assert.ok(
    there.some((line) => line.startsWith(`/${NEW} `)),
    'what is new is put there',
  );
}

test('limited by a filter that the deletes do not have: it only adds, and names the filter', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  synced(place, () => place.sync());
  const before = place.content();
  const ran = place.sync({ more: ['--delete-excluded', ...ONLY] });
  assert.equal(ran.status, HELD, saidBy(ran));
  assert.match(saidBy(ran), /--include=\/project1/);
  demandOnlyNew(place, before);
});

test('its twin: the same filter for both sides takes away in the one project alone', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  const limited = (): Ran => place.sync({ more: ONLY });
  fillProjects(place);
  fs.cpSync(place.source, place.target, { recursive: true, preserveTimestamps: true });
  must(limited());
  fs.rmSync(path.join(place.source, 'project1/snapshot.qcow2'));
  const before = place.names();
  must(limited());
  const gone = before.filter((name) => !place.names().includes(name));
  assert.deepEqual(gone, ['/project1/snapshot.qcow2']);
});

/** What the export of the database wrote that day. */
function exportOnlyOne(place: RunPlace): void {
  for (const name of fs.readdirSync(place.source)) {
    if (name !== 'project1') fs.rmSync(path.join(place.source, name), { recursive: true });
  }
}

test('the listing holds one project of forty: rsync deletes nothing, and says what is gone', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  synced(place, () => place.sync());
  exportOnlyOne(place);
  const before = place.content();
  const ran = place.sync();
  assert.equal(ran.status, HELD, saidBy(ran));
  assert.match(saidBy(ran), /last time it had 1\d\d: 9\d % are gone/);
  demandOnlyNew(place, before);
});

test('after a limited run a listing of one project is still told from one of forty', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  synced(place, () => place.sync());
  const limited = place.sync({ more: ONLY });
  assert.equal(limited.status, HELD, 'the first of its kind is asked about');
  must(place.sync({ more: ONLY, options: ['--break-glass', 'one project is meant'] }));
  exportOnlyOne(place);
  const ran = place.sync();
  assert.equal(ran.status, HELD, saidBy(ran));
  assert.match(saidBy(ran), /last time it had 1\d\d: 9\d % are gone/);
});

test('the listing holds one project of forty: holdfast sync deletes nothing either', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = syncPlace(t, { config: '' });
  synced(place, () => place.run([place.source, place.target, '--yes']));
  exportOnlyOne(place);
  const before = place.content();
  const { code, said } = place.json();
  assert.equal(code, 2);
  const rules = said.verdict.objections.map(({ rule }) => rule);
  assert.ok(rules.includes('eligible-source') && rules.includes('radius'), rules.join());
  assert.deepEqual(
    before.filter((line) => !place.content().includes(line)),
    [],
  );
});

test('forced through all the same: what went is put back whole', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  synced(place, () => place.sync());
  exportOnlyOne(place);
  const before = place.listing();
  const forced = place.sync({ options: ['--break-glass', 'only one is wanted'] });
  assert.equal(forced.status, 0, saidBy(forced));
  assert.ok(place.names().length < 10, 'it was carried out');
  must(place.holdfast(['undo', place.plan(forced)]));
  assert.deepEqual(place.listing(), before);
});
