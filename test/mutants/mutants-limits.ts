/** What keeps limits, live copies and services that move by themselves honest: each turned round. */
import type { Mutant } from './mutant.ts';

const LIVE = 'src/watch/core/exposure/live-sets.test.ts';

export const LIMIT_MUTANTS: readonly Mutant[] = [
  {
    id: 'limits: a slow drill names the link all the same',
    file: 'src/watch/core/exposure/bottlenecks.ts',
    edits: [{ replace: 'const SHARE_MIN = 0.7;', with: 'const SHARE_MIN = 0;' }],
    caughtBy: {
      file: 'src/watch/core/exposure/bottlenecks.test.ts',
      name: 'a link is not named by its speed',
    },
    why: 'a faster link is bought, and nothing is faster',
  },
  {
    id: 'limits: a copy that nobody saw is there',
    file: 'src/watch/core/exposure/live-sets.ts',
    edits: [
      {
        replace: "members.filter(({ is }) => is === 'there')",
        with: "members.filter(({ is }) => is !== 'away')",
      },
    ],
    caughtBy: { file: LIVE, name: 'only copies that were seen count' },
    why: 'one brick is away for three weeks, and the next one is an outage (TDF 2015)',
  },
  {
    id: 'limits: a host that is down still has its copy',
    file: 'src/watch/core/exposure/live-sets.ts',
    edits: [
      {
        replace: 'if (away?.has(member.host) === true)',
        with: 'if (away?.has(member.name) === true)',
      },
    ],
    caughtBy: { file: LIVE, name: 'what a server knows besides' },
    why: 'an agent that fell silent is counted by what it said before',
  },
  {
    id: 'limits: a volume takes only what lies on its first host',
    file: 'src/watch/core/domain.ts',
    edits: [
      {
        replace: 'const there = roots.filter((root) => root.host === host);',
        with: 'const there = roots.slice(0, 1).filter((root) => root.host === host);',
      },
    ],
    caughtBy: { file: 'src/watch/core/domain.test.ts', name: 'storage system: takes' },
    why: 'a copy on the same Gluster volume counts as one elsewhere',
  },
];
