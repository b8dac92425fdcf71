// Goal: whoever runs gc reads which packs could not be deleted, why nothing was freed, and what is
// damaged. Method: real collections of a small vault in memory, whose store refuses one pack; figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { litteredVault, portsOf } from '../../../test/vault/littered-vault.ts';
import { clock } from '../../../test/vault/small-vault.ts';
import { Fault } from '../../base/fault.ts';
import { hexOf } from '../../base/bytes.ts';
import { PLAIN } from '../../base/say.ts';
import { MIB, minutes } from '../../base/units.ts';
import { COMPACTION } from '../../vault/core/compaction-plan.ts';
import { collect } from '../../vault/shell/collect.ts';
import type { SurveyedPack } from '../../vault/shell/survey-vault.ts';
import { freedRows, freeingRows, stoppedOf } from './freeing-words.ts';

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
    ...{ isClockTrusted: true, damaged: new Set<string>() },
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

test('why nothing was freed is said, whichever look found it; so is what was not merged', async () => {
  const { store, vault } = await litteredVault();
  const ports = portsOf(store, vault);
  const graceMs = minutes(0);
  const { swept, marked } = await collect(ports, { graceMs });
  const freeing = {
    ...{ survey: marked.survey, trash: [], graceMs, compaction: COMPACTION, now: clock.now() },
    ...{ isClockTrusted: true, damaged: new Set<string>() },
  };
  const survey = { ...marked.survey, stopped: ['a page is lost'] };
  const reports = [
    { swept: { ...swept, stopped: ['a page is lost'] }, marked },
    { swept, marked: { ...marked, survey } },
  ];
  for (const each of reports) {
    assert.deepEqual(stoppedOf(each), ['a page is lost']);
    const [first] = freedRows(freeing, each, PLAIN);
    assert.equal(first?.text, 'nothing is freed: a page is lost');
  }
  const untidied = { ...marked, untidied: 'it is immutable' };
  const rows = freedRows(freeing, { swept, marked: untidied }, PLAIN);
  const row = rows.find(({ label }) => label === 'not merged');
  assert.match(row?.text ?? '', /it is immutable; the next gc tries again$/);
});

test('a dry run does not plan to move what a check found damaged, and says so', async () => {
  const said = { state: 'content', fate: 'live', why: '' } as const;
  const sizes = { sizeBytes: 30 * MIB, groupsBytes: 30 * MIB, liveBytes: 10 * MIB };
  const pack: Omit<SurveyedPack, 'name'> = { isIndexed: true, ...said, ...sizes };
  const packs = ['a', 'b'].map((name) => ({ name, ...pack }));
  const survey = {
    ...{ liveBytes: 0, deadBytes: 0, leavingBytes: 0, sharedBytes: 0, keptBytes: 0 },
    ...{ packs, snapshots: [], stopped: [], ignored: [] },
  };
  const textOf = (damaged: ReadonlySet<string>): string =>
    freeingRows(
      {
        ...{ survey, trash: [], graceMs: minutes(0), compaction: COMPACTION, now: clock.now() },
        ...{ isClockTrusted: true, damaged },
      },
      PLAIN,
    )
      .map(({ label, text }) => `${label}: ${text}`)
      .join('\n');
  assert.match(textOf(new Set()), /^would move: 20 MiB .* out of 2 packs/);
  assert.doesNotMatch(textOf(new Set()), /damaged/);
  const one = textOf(new Set(['a']));
  assert.match(one, /^would move: 10 MiB .* out of 1 pack /);
  assert.match(one, /not freed: 20 MiB in sparse packs that are damaged/);
  const none = textOf(new Set(['a', 'b']));
  assert.doesNotMatch(none, /would move/);
});
