/** What is kept of a view from one change to the next, and what is left out of a loss: each turned round. */
import type { Mutant } from './mutant.ts';

export const SPEED_MUTANTS: readonly Mutant[] = [
  {
    id: 'view: what a data set lost stays in the falls that it was in',
    file: 'src/watch/core/exposure/view-parts.ts',
    edits: [
      {
        replace: 'old?.hits.filter(({ entry }) => !gone.has(entry)) ?? []',
        with: 'old?.hits ?? []',
      },
    ],
    caughtBy: { file: 'src/watch/core/exposure/view-parts.property.test.ts' },
    why: 'a page goes on saying what a host said before: a loss that is worse now is not shown',
  },
  {
    id: 'lose: without any reader left nothing else is looked at',
    file: 'src/watch/core/exposure/untouched.ts',
    edits: [
      {
        replace: '  if (!shared.readers.some((host) => !hosts.has(host))) return () => false;',
        with: '',
      },
    ],
    caughtBy: { file: 'src/watch/core/exposure/exposure-index.property.test.ts', name: 'several' },
    why: 'a loss that leaves no program that reads the vaults is said to touch nothing else',
  },
];
