/** What keeps a drill of another host's data honest: each left out or turned round. */
import type { Mutant } from './mutant.ts';

const END = 'src/watch/core/drills/drill-end.ts';
const PLAN = 'src/watch/core/drills/plan-drills.ts';

export const DRILLS_MUTANTS: readonly Mutant[] = [
  {
    id: 'drills: another point counts for the one that was asked',
    file: END,
    edits: [{ replace: 'if (given.snapshot !== point) return', with: 'if (point === "") return' }],
    caughtBy: { file: 'src/watch/core/drills/drill-end.test.ts', name: 'only what was asked' },
    why: 'a small point that is whole proves a large one that is not',
  },
  {
    id: 'drills: whoever has a job answers for any',
    file: END,
    edits: [
      {
        replace: 'if (job.job !== drill.job || job.agent !== drill.agent) {',
        with: 'if (job.job === drill.point) {',
      },
    ],
    caughtBy: { file: 'src/watch/core/drills/drill-end.test.ts', name: 'only what was asked' },
    why: 'one host proves the data of others without having restored them',
  },
  {
    id: 'drills: a copy proves another',
    file: 'src/watch/core/drills/drill-proof.ts',
    edits: [
      {
        replace: '(each) => known.has(keyOf(each)) && vaultOf.get(each.copy) === each.vault,',
        with: '(each) => known.has(keyOf(each)) && vaultOf.size > 0,',
      },
    ],
    caughtBy: { file: 'src/watch/core/drills/drill-end.test.ts', name: 'of its own point' },
    why: 'a mirror that was never read is called proven',
  },
  {
    id: 'drills: who comes after takes the budget that another waits for',
    file: PLAN,
    edits: [
      {
        replace: "return this.#isHeld ? 'budget' : 'ask';",
        with: "return this.#bytes + point.bytes > bytesMax ? 'budget' : 'ask';",
      },
    ],
    caughtBy: { file: 'src/watch/core/drills/plan-drills.property.test.ts', name: 'what waits' },
    why: 'what is large is never drilled beside what is small',
  },
  {
    id: 'drills: what runs is not counted',
    file: PLAN,
    edits: [
      {
        replace: "if (this.#running >= atOnce || this.openOn(host) > 0) return 'room';",
        with: "if (this.#running > atOnce + this.openOn(host)) return 'room';",
      },
    ],
    caughtBy: {
      file: 'src/watch/core/drills/plan-drills.property.test.ts',
      name: 'the budget holds',
    },
    why: 'all drills of an estate begin at once',
  },
];
