// Goal: two indexes agree about a pack where they say the same of it, wherever its rows lie in each.
// Method: made-up tables, one with packs, groups and entries in another order; each word made another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import { SaidOfPacks } from './index-agreement.ts';
import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS, type IndexTable } from './index-table.ts';

const PACKS = 64;
const GROUPS_EACH = 3;
const ENTRIES_EACH = 4;

/** Group g lies in pack g mod PACKS; `shift` numbers packs otherwise, and so groups. */
function tableOf(shift: number): IndexTable {
  const groupCount = PACKS * GROUPS_EACH;
  const groups = new Uint32Array(groupCount * INDEX_GROUP_WORDS);
  const entries = new Uint32Array(groupCount * ENTRIES_EACH * INDEX_ENTRY_WORDS);
  const packs = Array.from({ length: PACKS }, (_, at) => {
    const name = digestOfBytes(byteString(String.fromCharCode((at + shift) % PACKS).repeat(32)));
    return { name, sizeBytes: 1000 + ((at + shift) % PACKS) };
  });
  for (let group = 0; group < groupCount; group++) {
    const pack = group % PACKS;
    const which = (pack + shift) % PACKS;
    const nth = Math.floor(group / PACKS);
    groups.set([pack, 16 + nth, 100 + which, 200 + nth], group * INDEX_GROUP_WORDS);
    for (let member = 0; member < ENTRIES_EACH; member++) {
      const at = (group * ENTRIES_EACH + member) * INDEX_ENTRY_WORDS;
      entries.set([which, nth, 0, member, group, member], at);
    }
  }
  return { packs, sealedKeys: [], groups, entries };
}

const SHIFT = 5;
const otherOf = (pack: number): number => (pack + PACKS - SHIFT) % PACKS;

test('rows in another order say the same; of another pack they do not', () => {
  const [one, two] = [new SaidOfPacks(tableOf(0)), new SaidOfPacks(tableOf(SHIFT))];
  for (let pack = 0; pack < PACKS; pack++) {
    assert.ok(one.isSame(pack, two, otherOf(pack)));
    assert.ok(!one.isSame(pack, two, otherOf(pack + 1)));
  }
});

test('each word that is another is found, in its pack and in no other', () => {
  const base = new SaidOfPacks(tableOf(0));
  const differing = (table: IndexTable): number[] => {
    const other = new SaidOfPacks(table);
    return [...Array(PACKS).keys()].filter((pack) => !base.isSame(pack, other, pack));
  };
  assert.deepEqual(differing(tableOf(0)), []);
  const row = PACKS + 7; // The second group of pack 7.
  for (let word = 1; word < INDEX_GROUP_WORDS; word++) {
    const table = tableOf(0);
    table.groups[row * INDEX_GROUP_WORDS + word] = 9999;
    assert.deepEqual(differing(table), [7], `word ${word} of a group`);
  }
  for (let word = 0; word < INDEX_ENTRY_WORDS; word++) {
    const table = tableOf(0);
    // As a group: the first one of the same pack.
    table.entries[row * ENTRIES_EACH * INDEX_ENTRY_WORDS + word] = word === 4 ? 7 : 9999;
    assert.deepEqual(differing(table), [7], `word ${word} of an entry`);
  }
  const sized = tableOf(0);
  const packs = sized.packs.map((pack, at) => (at === 7 ? { ...pack, sizeBytes: 1 } : pack));
  assert.deepEqual(differing({ ...sized, packs }), [7]);
  const [groups, entries] = [sized.groups.slice(), sized.entries.slice()];
  assert.deepEqual(differing({ ...sized, groups, entries: entries.slice(0, -INDEX_ENTRY_WORDS) }), [
    PACKS - 1,
  ]);
});
