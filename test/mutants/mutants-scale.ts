/** What keeps little in memory: docs/design/016-speed.md. */
import type { Mutant } from './mutant.ts';

const HELD = 'src/vault/shell/held-ids.ts';
const HELD_TEST = 'src/vault/shell/held-ids.test.ts';
const CACHE = 'src/vault/core/stat-cache.test.ts';

export const SCALE_MUTANTS: readonly Mutant[] = [
  {
    id: 'cache: files in blocks stay on the device that they were on',
    file: 'src/vault/shell/cache-device.ts',
    edits: [{ replace: '  blocks.moveDevice(from, to);\n', with: '' }],
    caughtBy: { file: CACHE, name: 'moved to another device' },
    why: 'each backup of a frozen view reads all files again',
    isQuick: true,
  },
  {
    id: 'cache: a block that is open is believed to be every block',
    file: 'src/vault/core/open-blocks.ts',
    edits: [{ replace: '(each) => each.number === number', with: '() => true' }],
    caughtBy: { file: CACHE, name: 'blocks begin and end' },
    why: 'files are compared with what others were',
    isQuick: true,
  },
  {
    id: 'indexes in place: an id that stands elsewhere than it should is not there',
    file: 'src/vault/shell/index-files.ts',
    edits: [
      {
        replace: 'if (!this.#holdsBegin(text, first, wanted)) {',
        with: 'if (first < 0) {',
      },
    ],
    caughtBy: { file: 'src/vault/shell/index-files.test.ts', name: 'wherever it stands' },
    why: 'pages are looked for in the whole index, and a place of several is left out',
    isQuick: true,
  },
  {
    id: 'indexes in place: what lies in a pack that is going is held',
    file: HELD,
    edits: [{ replace: 'isThere && covered?.has(pack) !== true', with: 'isThere' }],
    caughtBy: { file: HELD_TEST, name: 'the loaded index says' },
    why: 'a chunk that is deleted is not stored again',
    isQuick: true,
  },
  {
    id: 'indexes in place: what lies in a damaged pack is held',
    file: HELD,
    edits: [{ replace: ' && damaged?.has(pack) !== true', with: '' }],
    caughtBy: { file: HELD_TEST, name: 'the loaded index says' },
    why: 'no run mends what a check has found',
    isQuick: true,
  },
  {
    id: 'indexes in place: a pack that was cut short is whole',
    file: HELD,
    edits: [{ replace: '?? -1) >= sizeBytes', with: '?? -1) >= 0' }],
    caughtBy: { file: HELD_TEST, name: 'the loaded index says' },
    why: 'a chunk that is not there whole is not stored again',
    isQuick: true,
  },
  {
    id: 'indexes in place: every entry counts, whatever pack it lies in',
    file: 'src/vault/shell/index-files.ts',
    edits: [{ replace: 'counts[this.#packOf(entry)] === 1', with: 'counts.length > 0' }],
    caughtBy: { file: HELD_TEST, name: 'the loaded index says' },
    why: 'the same as the three before',
    isQuick: true,
  },
  {
    id: 'indexes in place: loaded after all, every entry counts',
    file: 'src/vault/shell/index-files.ts',
    edits: [{ replace: 'if (counts[words[at] ?? 0] === 1) values', with: 'values' }],
    caughtBy: { file: HELD_TEST, name: 'the loaded index says' },
    why: 'the same, where more is stored',
    isQuick: true,
  },
  {
    id: 'indexes in place: a damaged one is believed',
    file: HELD,
    edits: [{ replace: ' || !files.every((file) => file.isWhole(hash))', with: '' }],
    caughtBy: { file: HELD_TEST, name: 'not as it should be' },
    why: 'bytes that turned say that a chunk is stored which is not',
    isQuick: true,
  },
  {
    id: 'indexes in place: a pack that none names is left aside',
    file: HELD,
    edits: [{ replace: 'unnamed.size > 0 ? undefined : ', with: '' }],
    caughtBy: { file: HELD_TEST, name: 'not as it should be' },
    why: 'what a killed run stored is stored again, and its packs are never named',
    isQuick: true,
  },
  {
    id: 'ids: whoever asks for what is held elsewhere is not told',
    file: 'src/vault/core/id-table.ts',
    edits: [
      {
        replace: 'return this.#held?.has(id) !== true;',
        with: 'return this.#held?.has(id) !== false;',
      },
    ],
    caughtBy: { file: 'src/vault/core/id-table.test.ts', name: 'until all of them are here' },
    why: 'what is not held is not stored, or all of it twice',
    isQuick: true,
  },
  {
    id: 'ids: a word of what was claimed is not compared',
    file: 'src/vault/core/claim-segment.ts',
    edits: [{ replace: 'words[at + 1] === key.b && ', with: '' }],
    caughtBy: { file: 'src/vault/core/id-table.test.ts', name: 'differs in one bit' },
    why: 'a chunk counts as stored that is not',
    isQuick: true,
  },
  {
    id: 'ids: an id that looks like a free slot is entered',
    file: 'src/vault/core/claim-segment.ts',
    edits: [{ replace: 'return d === FREE || d === BUSY;', with: 'return d === BUSY;' }],
    caughtBy: { file: 'src/vault/core/id-table.test.ts', name: 'differs in one bit' },
    why: 'it is counted, and its slot is free: the table is full before it is',
    isQuick: true,
  },
  {
    id: 'index of a run: it waits for the end',
    file: 'src/vault/shell/backup-run.ts',
    edits: [
      {
        replace: '    await this.#putIndexes(this.#ports.crew.takeFullIndexes());\n',
        with: '',
      },
    ],
    caughtBy: { file: 'src/vault/shell/backup-run.test.ts', name: 'when it is full' },
    why: 'of millions of files 16 bytes each fill memory until the end',
    isQuick: true,
  },
  {
    id: 'index of a run: it names a pack that is on its way',
    file: 'src/vault/shell/packs-of-run.ts',
    edits: [
      {
        replace: '    else this.#underWay.set(name, pack);\n',
        with: '    else this.#name(pack);\n',
      },
    ],
    caughtBy: { file: 'src/vault/shell/packs-of-run.test.ts', name: 'not durable' },
    why: 'a run that is killed leaves an index of packs that are not there: the vault looks damaged',
    isQuick: true,
  },
];
