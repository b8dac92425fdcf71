/** What is asked again and again, and what of it is believed: each check left out or turned round. */
import type { Mutant } from './mutant.ts';

const SCHEDULE = 'src/watch/core/schedule';
const OF_SCHEDULE = { file: `${SCHEDULE}/schedule.test.ts` };
const OF_PLAN = { file: `${SCHEDULE}/plan-runs.test.ts` };
const OF_STANDING = { file: `${SCHEDULE}/run-standing.test.ts` };
const OF_CANARY = { file: 'test/watch/canary.test.ts' };
const OF_LEASH = { file: 'test/agents/leash.test.ts' };

export const SCHEDULE_MUTANTS: readonly Mutant[] = [
  {
    id: 'schedule: one that came late is followed at once',
    file: `${SCHEDULE}/schedule.ts`,
    edits: [{ replace: 'if (sinceMs >= 0 && sinceMs < everyMs / 2) return false;', with: '' }],
    caughtBy: OF_SCHEDULE,
    why: 'two backups within minutes where a clock is set forward',
    isQuick: true,
  },
  {
    id: 'schedule: a clock that was ahead is waited for',
    file: `${SCHEDULE}/schedule.ts`,
    edits: [{ replace: 'if (last.askedAt > now.wallMs + 2 * everyMs) return true;', with: '' }],
    caughtBy: OF_SCHEDULE,
    why: 'after one wrong clock nothing is backed up for years',
  },
  {
    id: 'schedule: all begin at the same moment',
    file: `${SCHEDULE}/schedule.ts`,
    edits: [
      {
        replace: 'const share = shareOf(keyOf(schedule));',
        with: 'const share = 0 * shareOf(keyOf(schedule));',
      },
    ],
    caughtBy: OF_SCHEDULE,
    why: 'a thousand hosts write to the vault at midnight',
  },
  {
    id: 'schedule: the same is asked for while it runs',
    file: `${SCHEDULE}/plan-runs.ts`,
    edits: [{ replace: "  if (room.isOpen(schedule)) return 'runs';\n", with: '' }],
    caughtBy: OF_PLAN,
    why: 'two of the same at a time',
    isQuick: true,
  },
  {
    id: 'schedule: scrubs of one vault at once',
    file: `${SCHEDULE}/plan-runs.ts`,
    edits: [
      { replace: "if (act === 'scrub' && this.#vaults.has(vault)) return 'vault';", with: '' },
    ],
    caughtBy: OF_PLAN,
    why: 'all hosts of a vault read it at once',
  },
  {
    id: 'schedule: no budget of the estate',
    file: `${SCHEDULE}/plan-runs.ts`,
    edits: [{ replace: 'this.#count >= this.#budget.atOnce ||', with: '' }],
    caughtBy: OF_PLAN,
    why: 'after a night without server everything runs at once',
    isQuick: true,
  },
  {
    id: 'schedule: a scrub takes all of the time',
    file: `${SCHEDULE}/plan-runs.ts`,
    edits: [{ replace: "  if (isResting(view, now)) return 'share';\n", with: '' }],
    caughtBy: OF_PLAN,
    why: 'the disk of a vault is never left to anybody else',
  },
  {
    id: 'run: a good run counts for ever',
    file: `${SCHEDULE}/run-standing.ts`,
    edits: [
      {
        replace: 'if (wallMs - goodMs >= schedule.limitMs) {',
        with: 'if (wallMs < goodMs - schedule.limitMs) {',
      },
    ],
    caughtBy: OF_STANDING,
    why: 'a backup that stopped a month ago is green',
    isQuick: true,
  },
  {
    id: 'run: the future is believed',
    file: `${SCHEDULE}/run-standing.ts`,
    edits: [{ replace: 'if (goodMs > wallMs + AHEAD_MAX_MS) {', with: 'if (goodMs < 0) {' }],
    caughtBy: OF_STANDING,
    why: 'a clock that was ahead keeps a backup green',
  },
  {
    id: 'run: a late end of an old one hides the failure since',
    file: `${SCHEDULE}/run-item.ts`,
    edits: [
      {
        replace: "const isLate = typeof askedMs === 'number' && askedMs > askedAt;",
        with: "const isLate = typeof askedMs === 'string';",
      },
    ],
    caughtBy: OF_STANDING,
    why: 'what was spooled for a day says that all is well now',
  },
  {
    id: 'run: an agent says what its jobs have proven',
    file: 'src/watch/core/server/take-records.ts',
    edits: [{ replace: "'item' in record &&", with: "'nothing' in record && 'item' in record &&" }],
    caughtBy: OF_CANARY,
    why: 'a host makes its own backups green',
    isQuick: true,
  },
  {
    id: 'canary: the watching is well without one',
    file: 'src/watch/core/server/canary.ts',
    edits: [
      {
        replace: 'if (seenAt !== undefined && now.wallMs - seenAt < CANARY_LIMIT_MS) {',
        with: 'if (now.wallMs > 0) {',
      },
    ],
    caughtBy: OF_CANARY,
    why: 'nobody notices that no fault would be told of',
    isQuick: true,
  },
  {
    id: 'canary: it counts though nobody would have been told',
    file: 'src/main/server/schedule-beat.ts',
    edits: [{ replace: '      if (!telling.wouldTell(subject)) continue;\n', with: '' }],
    caughtBy: OF_CANARY,
    why: 'a decision that never tells is taken for one that does',
  },
  {
    id: 'leash: a job stays when its agent is killed',
    file: 'src/adapters/node/leash.ts',
    edits: [
      { replace: "  socket.on('close', endWithAll);\n", with: '' },
      { replace: "  socket.on('end', endWithAll);\n", with: '' },
    ],
    caughtBy: OF_LEASH,
    why: 'two backups of the same at once, and nobody who ends the first',
  },
];
