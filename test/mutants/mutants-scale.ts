/** What keeps little in memory: docs/design/016-speed.md. */
import type { Mutant } from './mutant.ts';

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
];
