// Goal: a restore's share of link, processor and disk is counted from when the meter began, and what cannot be
// counted is said to be unknown. Method: work of a known size; a file system that is on no disk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../base/bytes.ts';
import { drillMeter } from './drill-meter.ts';

test('what was used since it began, and nothing from before', async () => {
  let moved: number | undefined = 1000;
  const line = { bytesMoved: async () => moved };
  const end = await drillMeter({ line, paths: [byteString('/proc')], hands: 1 });
  const begun = process.cpuUsage();
  const isDone = (): boolean => {
    const { user, system } = process.cpuUsage(begun);
    return user + system > 200_000;
  };
  while (!isDone());
  moved = 6000;
  const spent = await end();
  assert.equal(spent.linkBytes, 5000);
  assert.ok(spent.cpuMs >= 199, String(spent.cpuMs));
  assert.equal(spent.cpus, 1, 'more than it can keep busy is no measure');
  assert.equal(spent.disk, undefined, '/proc is on none');
  moved = undefined;
  assert.equal((await end()).linkBytes, undefined);
});

test('a path on no disk, or not there, counts for no disk; one on a disk names it', async () => {
  const line = { bytesMoved: () => Promise.resolve(undefined) };
  const paths = [byteString('/proc'), byteString('/nowhere-at-all'), byteString('/')];
  const { disk } = await (await drillMeter({ line, paths, hands: 8 }))();
  // In a container the root may be on none.
  if (disk !== undefined) assert.ok(disk.name !== '' && disk.busyMs >= 0);
});
