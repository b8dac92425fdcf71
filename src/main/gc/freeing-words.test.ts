// Goal: whoever runs gc reads which packs could not be deleted, and why.
// Method: a real collection of a small vault in memory, whose store refuses one pack.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { litteredVault, portsOf } from '../../../test/vault/littered-vault.ts';
import { clock } from '../../../test/vault/small-vault.ts';
import { Fault } from '../../base/fault.ts';
import { hexOf } from '../../base/bytes.ts';
import { PLAIN } from '../../base/say.ts';
import { minutes } from '../../base/units.ts';
import { COMPACTION } from '../../vault/core/compaction-plan.ts';
import { collect } from '../../vault/shell/collect.ts';
import { freedRows } from './freeing-words.ts';

test('what could not be deleted is said, with what was freed', async () => {
  const { store, vault, deadPacks } = await litteredVault();
  const stuck = `packs/${hexOf(deadPacks[0]?.name ?? assert.fail())}`;
  const refuses = Object.assign(store.copy(), {
    objects: store.objects,
    delete: async (names: readonly string[]) => {
      await store.delete(names.filter((name) => name !== stuck));
      if (names.includes(stuck)) throw new Fault('HF_DISK_DENIED', 'it is immutable');
    },
  });
  const ports = portsOf(refuses, vault);
  const graceMs = minutes(0);
  await collect(ports, { graceMs });
  const { swept, marked } = await collect(ports, { graceMs });
  const freeing = {
    ...{ survey: marked.survey, trash: [], graceMs, compaction: COMPACTION, now: clock.now() },
    isClockTrusted: true,
  };
  const rows = freedRows(freeing, { swept, marked }, PLAIN);
  const [freed, left] = rows;
  assert.match(`${freed?.label}: ${freed?.text}`, /^freed: .* in 1 pack$/);
  assert.deepEqual(left, {
    mark: { is: 'failed' },
    label: 'not deleted',
    text: '1 pack: it is immutable; the next gc tries again',
  });
});
