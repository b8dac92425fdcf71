// Goal: a host with more than is watched is not well because nobody looked. Method: hosts with as many
// mounts and guests as are watched, and with one more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import type { HostFound } from './host-found.ts';
import { EACH_MAX } from './left-out.ts';
import { probesHere } from './probes-here.ts';

const CONFIG = { probes: {}, without: [] };

function hostWith(mounts: number, guests: number): HostFound {
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${at}`);
  return {
    mounts: names(mounts).map((name, at) => ({
      mountPoint: byteString(`/tank/${name}`),
      device: byteString(`tank/${name}`),
      ...{ type: 'zfs', options: [], number: `0:${at + 50}` },
    })),
    ...{ fstab: [], arrays: [], pools: [], hasLvm: false, disks: [], pressures: [] },
    ...{ guests: names(guests), glusterVolumes: [], tools: new Set(['virsh']), isRoot: false },
  };
}

test('one more than is watched is said, and so many are watched', async () => {
  const full = probesHere(CONFIG, hostWith(EACH_MAX, EACH_MAX));
  assert.ok(!full.some(({ kind }) => kind === 'watched'));
  const over = probesHere(CONFIG, hostWith(EACH_MAX + 100, EACH_MAX + 1));
  const said = over.find(({ kind }) => kind === 'watched');
  const seen = await said?.look(new AbortController().signal);
  assert.equal(seen?.saw, 'impaired');
  assert.match(seen.why, /300 mounts are here, and 200 are watched; 201 guests are here/);
  for (const kind of ['mount', 'space', 'guest']) {
    assert.equal(over.filter((probe) => probe.kind === kind).length, EACH_MAX, kind);
  }
  const without = { ...CONFIG, without: ['watched:all'] };
  assert.ok(!probesHere(without, hostWith(300, 0)).some(({ kind }) => kind === 'watched'));
});
