// Goal: what is kept on a file system that is not mounted now is not taken for gone: it is neither
// released nor undone until it is there again.
// Method: the real program; a mount that goes and comes back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { runPlace } from './run-place.ts';
import { tmpfsAt } from './scratch-mount.ts';

for (const below of ['', 'deep/']) {
  test(`a quarantine at ${below || 'the top'} of a mount that is away waits for it`, (t) => {
    if (!needs(t, 'root', 'mount')) return;
    const place = runPlace(t);
    using disk = tmpfsAt(path.join(place.dir, 'disk'));
    const at = path.join(place.dir, 'at');
    fs.mkdirSync(at);
    const mount = (): void => void execFileSync('mount', ['--bind', disk.at, at]);
    const away = (): void => void execFileSync('umount', [at]);
    mount();
    try {
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
    } finally {
      away();
    }
  });
}
