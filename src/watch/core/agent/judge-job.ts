/** Whether this host lets a job happen: decided from what its owner wrote, and nothing else. */
import type { JobAct, JobWord, Level } from './messages.ts';

const RANK: Readonly<Record<Level, number>> = { look: 0, keep: 1, act: 2 };

/** What each act takes. */
export const LEVEL_OF: Readonly<Record<JobAct, Level>> = {
  ...{ probe: 'look', backup: 'keep', drill: 'keep', scrub: 'keep', restore: 'act', apply: 'act' },
};

export function isAllowed(act: JobAct, level: Level): boolean {
  return RANK[level] >= RANK[LEVEL_OF[act]];
}

/** Why not, for the server and its people. */
export function levelRefusal({ act }: Pick<JobWord, 'act'>, level: Level): string {
  return `${act} needs the level ${LEVEL_OF[act]}; this host allows ${level} (agent.yaml)`;
}
