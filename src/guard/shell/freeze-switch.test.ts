import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../../sim/disk.ts';
import { seededTools } from '../../../sim/sim-tools.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Moment } from '../../base/moment.ts';
import { hours, unixMs } from '../../base/units.ts';
import { ClaimStore } from './claim-store.ts';
import { FreezeSwitch, UNREADABLE } from './freeze-switch.ts';
import type { BookPorts } from './pipeline-book.ts';

// Goal: what is frozen or claimed stays so until it ends, whatever crashes or is damaged. Method: a
// simulated disk, damaged files, a crash at every call.

const now: Moment = { at: unixMs(1_795_000_000_000), boot: 'a', upMs: 1000 };
const later = (ms: number): Moment => ({ at: unixMs(now.at + ms), boot: 'a', upMs: 1000 + ms });
const FREEZE = { by: 'ann@hv1', reason: 'storage work', made: now, spanMs: hours(2) };
const CLAIM = { ...FREEZE, on: { host: 'tin' } };

function ports(disk = new SimDisk()): BookPorts & { readonly disk: SimDisk } {
  return { disk, tools: seededTools(), stateDir: byteString('/state') };
}

function write({ disk }: BookPorts, path: string, text: string): void {
  if (disk.size(byteString(path)) !== undefined) disk.unlink(byteString(path));
  const file = disk.create(byteString(path));
  file.write(Buffer.from(text));
  file.close();
}

test('a freeze holds until it ends or is lifted; the clock is asked only where there is one', () => {
  const given = ports();
  const freezer = new FreezeSwitch(given);
  const never = (): Moment => assert.fail('nothing is frozen');
  assert.equal(freezer.check(never), undefined);
  freezer.set(FREEZE);
  assert.deepEqual(
    new FreezeSwitch(given).check(() => later(hours(2) - 1)),
    FREEZE,
  );
  assert.equal(
    freezer.check(() => later(hours(2))),
    undefined,
  );
  assert.equal(freezer.lift(), true);
  assert.equal(freezer.lift(), false);
  assert.equal(freezer.check(never), undefined);
});

test('a freeze that cannot be read freezes', () => {
  const given = ports();
  const freezer = new FreezeSwitch(given);
  freezer.set(FREEZE);
  for (const text of ['', '{}', '{"v":0', 'null', '[]']) {
    write(given, '/state/guard/freeze.json', text);
    assert.equal(
      freezer.check(() => later(hours(999))),
      UNREADABLE,
      text,
    );
  }
});

test('a power cut at any call leaves the freeze as it was or as it is', () => {
  const given = ports();
  const freezer = new FreezeSwitch(given);
  freezer.set(FREEZE);
  given.disk.mark('frozen');
  freezer.set({ ...FREEZE, reason: 'another' });
  for (const point of given.disk.crashPoints()) {
    if (!point.marks.includes('frozen')) continue;
    for (const disk of point.disks(3, 3)) {
      const found = new FreezeSwitch(ports(disk)).check(() => now);
      assert.ok(found !== undefined && found !== UNREADABLE);
    }
  }
});

test('claims stand until they end; one that cannot be read holds everything', () => {
  const given = ports();
  const store = new ClaimStore(given);
  const first = store.add(CLAIM, now);
  const second = store.add({ ...CLAIM, spanMs: hours(5) }, now);
  assert.deepEqual(
    new ClaimStore(given).list(later(hours(1))).map(({ id }) => id),
    [first.id, second.id],
  );
  assert.deepEqual(
    store.list(later(hours(3))).map(({ id }) => id),
    [second.id],
  );
  store.add(CLAIM, later(hours(3)));
  assert.equal(given.disk.list(byteString('/state/guard/claims'))?.length, 2, 'ended ones go');
  assert.equal(store.end(second.id)?.id, second.id);
  assert.equal(store.end(second.id), undefined);
  write(given, '/state/guard/claims/c-00000000.json', '{"v":1}');
  assert.throws(
    () => store.list(now),
    (error) => error instanceof Fault && error.code === 'HF_CLAIM_UNREADABLE',
  );
});

test('what an agent without rights froze counts as well, until it ends or is lifted', () => {
  const given = ports();
  const freezer = new FreezeSwitch(given);
  const ofAgent = new FreezeSwitch({ ...given, stateDir: byteString('/state/agent') });
  ofAgent.set({ ...FREEZE, reason: 'of the server' });
  assert.equal(typeof freezer.check(() => now), 'object');
  // One of ours that has run out hides none that stands.
  freezer.set({ ...FREEZE, spanMs: hours(1) });
  ofAgent.set({ ...FREEZE, reason: 'of the server', spanMs: hours(3) });
  const stands = freezer.check(() => later(hours(2)));
  assert.equal(typeof stands === 'object' ? stands.reason : stands, 'of the server');
  assert.equal(freezer.lift(), true);
  assert.equal(
    freezer.check(() => assert.fail('nothing is frozen')),
    undefined,
  );
});
