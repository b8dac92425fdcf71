/** What may not be on disk yet: each setting that widens a loss, left out. */
import type { Mutant } from './mutant.ts';

const CORE = 'src/watch/core';
const OF_SETTINGS = { file: `${CORE}/unflushed.test.ts` };

export const UNFLUSHED_MUTANTS: readonly Mutant[] = [
  {
    id: 'unflushed: a setting that was not seen counts as none',
    file: `${CORE}/unflushed.ts`,
    edits: [{ replace: '  if (unseen.length > 0) {', with: '  if (unseen.length > 9) {' }],
    caughtBy: OF_SETTINGS,
    why: 'a bound that nobody looked at',
    isQuick: true,
  },
  {
    id: 'unflushed: barriers are not asked',
    file: `${CORE}/unflushed.ts`,
    edits: [{ replace: '  if (broken !== undefined) return both(broken);\n', with: '' }],
    caughtBy: OF_SETTINGS,
    why: 'flushed, and lost in the cache of the disk',
    isQuick: true,
  },
  {
    id: 'unflushed: a power cut takes as little as a crash',
    file: `${CORE}/loss.ts`,
    edits: [
      { replace: 'return isCut ? unflushed : unflushed.crash;', with: 'return unflushed.crash;' },
    ],
    caughtBy: OF_SETTINGS,
    why: 'what the kernel held back is not in the loss (TDF 2022)',
    isQuick: true,
  },
  {
    id: 'unflushed: cache=unsafe is as any mode',
    file: `${CORE}/look/unflushed-across.ts`,
    edits: [{ replace: "  if (cache === 'unsafe') {", with: "  if (cache === 'never') {" }],
    caughtBy: { file: `${CORE}/look/unflushed-across.test.ts` },
    why: 'a hypervisor that ignores flushes keeps what is flushed',
    isQuick: true,
  },
  {
    id: 'unflushed: a default counts where a file was not read',
    file: 'src/adapters/discovery/postgres-settings.ts',
    edits: [{ replace: '  if (!isRead) return undefined;\n', with: '' }],
    caughtBy: { file: 'src/adapters/discovery/write-settings.test.ts' },
    why: 'ALTER SYSTEM SET fsync = off is not seen',
    isQuick: true,
  },
];
