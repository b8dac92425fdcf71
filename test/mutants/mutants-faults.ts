/** What counts on others acting at the same time, each left out. docs/design/053-faults.md */
import type { Mutant } from './mutant.ts';

const SHELL = 'src/vault/shell';
const COLLECT_SIM = 'sim/collect.sim.test.ts';
const FORGET_TEST = 'test/vault/forget.test.ts';
const SCRUB_TEST = 'test/integration/scrub.test.ts';
const SURVEY_TEST = `${SHELL}/survey-vault.test.ts`;

export const FAULTS_MUTANTS: readonly Mutant[] = [
  {
    id: 'check: what was found while others collected is said at once',
    file: `${SHELL}/check-again.ts`,
    edits: [{ replace: 'looks < LOOKS_MAX', with: 'looks < 1' }],
    caughtBy: { file: COLLECT_SIM, name: 'freed while it is checked' },
    why: 'what a collector took is called damaged, and caches are dropped for nothing',
    isQuick: true,
  },
  {
    id: 'copy: what was moved while it was copied is not looked for',
    file: `${SHELL}/copy-vault.ts`,
    edits: [
      {
        replace: 'if (this.#gone.size > 0 && pass < PASSES_MAX) continue;',
        with: 'if (this.#gone.size > 9999) continue;',
      },
    ],
    caughtBy: { file: 'sim/copy.sim.test.ts', name: 'freed while it is copied' },
    why: 'a copy lists snapshots of which the packs lie elsewhere by now',
  },
  {
    id: 'forgetting: who forgets does not look whether somebody took it for put back',
    file: `${SHELL}/forget.ts`,
    edits: [{ replace: '  await excuse(ports, plan);\n', with: '' }],
    caughtBy: { file: FORGET_TEST, name: 'two that forget at once' },
    why: 'of two collectors one calls lost what the other forgot',
    isQuick: true,
  },
  {
    id: 'forgetting: who settles does not look whether it is still there',
    file: `${SHELL}/forget.ts`,
    edits: [
      {
        replace: 'if (back.length > 0) await excuse',
        with: 'if (back.length > 9999) await excuse',
      },
    ],
    caughtBy: { file: FORGET_TEST, name: 'two that forget at once' },
    why: 'the same, where the other was the faster one',
  },
  {
    id: 'collect: anything below snapshots/ counts as a snapshot',
    file: `${SHELL}/survey-vault.ts`,
    edits: [{ replace: 'isSnapshotName(name) && !without.has(name)', with: '!without.has(name)' }],
    caughtBy: { file: SURVEY_TEST, name: 'has no name of a snapshot' },
    why: 'whoever may put a file there stops collection for ever',
  },
  {
    id: 'backup: one that was overtaken gives up',
    file: `${SHELL}/overtaken.ts`,
    edits: [{ replace: 'return run(true);', with: 'throw error;' }],
    caughtBy: { file: COLLECT_SIM, name: 'between two requests of one backup' },
    why: 'a backup of the night is not made, since somebody collected',
  },
  {
    id: 'hold: what undo --reclaim put there goes without a release',
    file: `${SHELL}/retention-facts.ts`,
    edits: [{ replace: 'isKeptForUndo(content) && !isReleasedUndo', with: 'isReleasedUndo' }],
    caughtBy: { file: 'test/guard/reclaim.test.ts', name: 'it put there is held' },
    why: 'a retention takes away what an undo needs',
  },
  {
    id: 'hold: the first characters of several plans release all of them',
    file: 'src/main/cli/command-vault-hold.ts',
    edits: [
      { replace: '(ofPlans.map(planOf)).size <= 1', with: '(ofPlans.map(planOf)).size <= 9999' },
    ],
    caughtBy: { file: 'test/guard/reclaim.test.ts', name: 'release none of them' },
    why: 'one command lets go what every undo needs',
  },
  {
    id: 'check: another look passes by what was damaged when its time is over',
    file: `${SHELL}/check-vault.ts`,
    edits: [{ replace: 'isDue ? () => true : mayLook', with: 'isDue ? mayLook : mayLook' }],
    caughtBy: { file: SCRUB_TEST, name: 'is not taken back' },
    why: 'a vault with damage is called sound',
  },
  {
    id: 'scrub: packs have the names of the last look',
    file: 'src/main/scrub-here.ts',
    edits: [
      {
        replace: 'const { packs, names } = needed;',
        with: 'const { packs } = needed;\n    const names = [...this.#needed.values()].at(-1)?.names ?? [];',
      },
    ],
    caughtBy: { file: SCRUB_TEST, name: 'have the names' },
    why: 'what nobody read is called proven',
  },
];
