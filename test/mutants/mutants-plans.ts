/** What pages say of plans, and what is typed for them: each left out or turned round. */
import type { Mutant } from './mutant.ts';

const PAGES = 'src/web/plans-page.test.ts';
const TOLD = 'test/guard/plans-told.test.ts';

export const PLANS_MUTANTS: readonly Mutant[] = [
  {
    id: 'plans: one person who signs twice is two',
    file: 'src/web/plan-words.ts',
    edits: [
      {
        replace: 'new Set(approvals.map(({ person }) => person)).size >= wanted',
        with: 'approvals.length >= wanted',
      },
    ],
    caughtBy: { file: PAGES, name: 'one person twice' },
    why: 'a page calls approved what the host holds',
    isQuick: true,
  },
  {
    id: 'plans: what no approval releases is released by one',
    file: 'src/web/plan-words.ts',
    edits: [{ replace: 'if (!canBeApproved || wanted === 0', with: 'if (wanted === 0' }],
    caughtBy: { file: PAGES, name: 'what no approval releases' },
    why: 'a page calls approved what a rule forbids',
  },
  {
    id: 'plans: nobody asks when a plan has cooled off',
    file: 'src/web/plan-words.ts',
    edits: [{ replace: 'return [plan.expires, ...cooled]', with: 'return [plan.expires]' }],
    caughtBy: { file: PAGES, name: 'cooled off' },
    why: 'a page stands on held while the plan may be applied',
  },
  {
    id: 'plans: a user is any word',
    file: 'src/web/plan-words.ts',
    edits: [
      { replace: "/^[A-Za-z0-9._][A-Za-z0-9._-]*$/.test(user) ? user : 'USER'", with: 'user' },
    ],
    caughtBy: { file: PAGES, name: 'a user whose name' },
    why: 'a host puts an option of ssh into a line that an administrator types',
    isQuick: true,
  },
  {
    id: 'plans: a signature counts without the name of the target',
    file: 'src/main/agent/plans-here.ts',
    edits: [
      { replace: 'countedApprovals(plan.verdict.needs, facts).map', with: 'facts.map' },
      { replace: "import { countedApprovals } from '../../guard/core/release.ts';\n", with: '' },
    ],
    caughtBy: { file: TOLD, name: 'names no target' },
    why: 'a page calls approved what the host holds',
  },
  {
    id: 'plans: a revoked key is no reason to tell anew',
    file: 'src/main/agent/plan-stamp.ts',
    edits: [
      { replace: 'stampOf(plans), stampOf(allowed), stampOf(revoked)', with: 'stampOf(plans)' },
    ],
    caughtBy: { file: TOLD, name: 'whose key is revoked' },
    why: 'a page stands on approved for an hour after a key was stolen',
  },
  {
    id: 'plans: an approval does not expire',
    file: 'src/main/agent/plan-stamp.ts',
    edits: [{ replace: 'now >= approval.statement.expires', with: 'now < 0' }],
    caughtBy: { file: TOLD, name: 'whose key is revoked' },
    why: 'a page stands on approved when nothing is any more',
  },
  {
    id: 'plans: a part that was not given is as it was',
    file: 'src/web/live.js',
    edits: [{ replace: 'if (!stale.has(id)) stale.set(id, since());', with: '' }],
    caughtBy: { file: 'src/web/live.test.ts', name: 'is from before' },
    why: 'a plan that was applied is shown as held, and nothing says since when',
    isQuick: true,
  },
];
