// Goal: what is kept on a file system that is not mounted now is not taken for gone: it is neither
// released nor undone until it is there again, nor brought back from a vault to below its mount point.
// Method: the real program; a mount that goes and comes back.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { runPlace } from './run-place.ts';
import { syncPlace } from './sync-place.ts';
import { goingMount } from './scratch-mount.ts';

for (const below of ['', 'deep/']) {
  test(`a quarantine at ${below || 'the top'} of a mount that is away waits for it`, (t) => {
    if (!needs(t, 'root', 'mount')) return;
    const place = runPlace(t);
    using disk = goingMount(place.dir);
    const { at, mount, away } = disk;
    const target = path.join(at, below, 'target');
    fs.mkdirSync(target, { recursive: true });
    fs.writeFileSync(path.join(target, 'file'), 'content');
    assert.equal(place.guard(['rm', path.join(target, 'file')]).status, 0);
    const [id = ''] = fs.readdirSync(path.join(place.state, 'guard/plans'));
    const kept = path.join(at, below, '.holdfast-undo', id);
    assert.ok(fs.existsSync(kept));
    away();
    const refused = place.holdfast(['undo', id]);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr.replaceAll(/\s+/g, ' '), /that is not mounted there now/);
    const result = path.join(place.state, 'guard/plans', id, 'result.json');
    const said = JSON.parse(fs.readFileSync(result, 'utf8')) as { until: number };
    fs.writeFileSync(result, `${JSON.stringify({ ...said, until: Date.now() - 1000 })}\n`);
    const none = place.holdfast(['undo', '--release', '--json']);
    assert.deepEqual(JSON.parse(none.stdout), { released: [] });
    mount();
    const released = place.holdfast(['undo', '--release', '--json']);
    assert.deepEqual(JSON.parse(released.stdout), { released: [{ id, bytes: 7 }] });
    assert.ok(!fs.existsSync(kept));
  });
}

test('what lies in a vault comes back only where its mount is', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const place = syncPlace(t);
  using disk = goingMount(place.dir);
  const { at, mount, away } = disk;
  const file = path.join(at, 'target/file');
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, 'content');
  assert.equal(place.guard(['rm', file]).status, 0);
  const [id = ''] = fs.readdirSync(path.join(place.state, 'guard/plans'));
  const kept = path.join(at, '.holdfast-undo', id);
  const reclaimed = place.holdfast(['undo', id, '--reclaim', '--vault', place.vault]);
  assert.equal(reclaimed.status, 0, reclaimed.stderr);
  assert.ok(!fs.existsSync(kept));
  away();
  const refused = place.holdfast(['undo', id]);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr.replaceAll(/\s+/g, ' '), /not mounted there now: mount it/);
  assert.deepEqual(fs.readdirSync(at), [], 'nothing is made below the mount point');
  mount();
  const undone = place.holdfast(['undo', id]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.equal(fs.readFileSync(file, 'utf8'), 'content');
});
