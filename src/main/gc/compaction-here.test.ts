// Goal: gc moves no more than leaves the floor free that the configuration says, and as much again for
// backups; and says of what it did not move why. Method: figures, and surveys of one pack.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GIB, MIB } from '../../base/units.ts';
import { COMPACTION } from '../../vault/core/compaction-plan.ts';
import type { CollectSurvey, SurveyedPack } from '../../vault/shell/survey-vault.ts';
import { compactionOfOptions, sparseRows } from './compaction-here.ts';

const moveBytesMax = (freeBytes: number, minFree?: string, moveBytes?: string): number => {
  const space = { freeBytes, totalBytes: 100 * GIB };
  const asked = moveBytes === undefined ? {} : { moveBytes };
  return compactionOfOptions(asked, { space, minFree }, 'vault gc').moveBytesMax;
};

test('half of what is free above the floor may be moved, and never more than is asked', () => {
  assert.equal(moveBytesMax(14 * GIB), 2 * GIB, 'the usual floor is 10 %');
  assert.equal(moveBytesMax(14 * GIB, '12GiB'), GIB);
  assert.equal(moveBytesMax(14 * GIB, '13%'), GIB / 2);
  assert.equal(moveBytesMax(14 * GIB, '20GiB'), 0);
  assert.equal(moveBytesMax(14 * GIB, '0'), 7 * GIB);
  assert.equal(moveBytesMax(90 * GIB), COMPACTION.moveBytesMax);
  assert.equal(moveBytesMax(14 * GIB, '12GiB', '512MiB'), GIB / 2);
  const nothingKnown = { space: undefined, minFree: '20GiB' };
  assert.equal(compactionOfOptions({}, nothingKnown, 'vault gc').moveBytesMax, 8 * GIB);
});

test('a sparse pack that stays is damaged, or for a later run', () => {
  const sizes = { sizeBytes: 30 * MIB, groupsBytes: 30 * MIB, liveBytes: 10 * MIB };
  const said = { state: 'content', fate: 'live', why: '' } as const;
  const pack: SurveyedPack = { name: 'a', isIndexed: true, ...sizes, ...said };
  const sums = { liveBytes: 0, deadBytes: 0, leavingBytes: 0, sharedBytes: 0, keptBytes: 0 };
  const survey: CollectSurvey = {
    ...sums,
    ...{ packs: [pack], snapshots: [], stopped: [], ignored: [] },
  };
  const none = new Set<string>();
  const textOf = (unmovable: ReadonlySet<string>): string =>
    sparseRows(survey, { moved: none, unmovable, options: COMPACTION })
      .map(({ text }) => text)
      .join();
  assert.match(textOf(none), /^20 MiB in sparse packs: more than the 8 GiB/);
  assert.match(textOf(new Set(['a'])), /^20 MiB in sparse packs that are damaged/);
});
