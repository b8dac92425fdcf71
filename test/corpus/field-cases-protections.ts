/** Field cases in which a protection was there, and fell away with what it was fixed to. */
import type { Op } from '../../src/base/plan.ts';
import type { FieldCase } from './field-case.ts';

const NO_UNDO: Op['undo'] = { kind: 'none', verified: false, why: 'final', fidelity: 'exact' };
const SOFT: Op['undo'] = { kind: 'platform-soft', verified: true, fidelity: 'exact' };
const RUNNING: Op['live'] = { state: 'in-use', evidence: 'it serves' };
const LOST: Partial<Op> = { op: 'delete', cause: 'absent-in-source', bytes: 0 };

export const PROTECTIONS: readonly FieldCase[] = [
  {
    name: 'Argo CD 15058',
    told: 'argoproj/argo-cd issues #6046, #15058, pull request #10949',
    story:
      'An application was let go "without cascade", as documented: all it had made went along.',
    plan: {
      source: null,
      ops: [
        {
          path: 'app/shop',
          is: {
            op: 'delete',
            kind: 'app',
            cause: 'explicit',
            cascade: 'unexpanded',
            live: RUNNING,
          },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['undo', 'live'] },
    twin: {
      story: 'An application without anything below it, which the platform keeps for a day.',
      plan: {
        source: null,
        ops: [
          { path: 'app/old', is: { op: 'delete', kind: 'app', cause: 'explicit', undo: SOFT } },
        ],
      },
    },
  },
  {
    name: 'Flux, a renamed Kustomization',
    told: 'fluxcd/flux2 issues #3316, #2421, #1366, #3949, #1462',
    story: 'Under its new name it was another: all that the old one had made was pruned.',
    plan: {
      source: { place: 'git:clusters' },
      target: { entries: 40 },
      ops: [
        { count: 34, path: 'old/#', is: { ...LOST, kind: 'app', undo: NO_UNDO, live: RUNNING } },
        { count: 34, path: 'new/#', is: { op: 'create', kind: 'app', cause: 'new' } },
      ],
    },
    expect: { decision: 'hold', rules: ['undo', 'live', 'radius'] },
    twin: {
      story: 'It is told as a rename.',
      plan: {
        source: { place: 'git:clusters' },
        target: { entries: 40 },
        ops: [
          {
            path: 'new',
            from: 'old',
            is: { op: 'rename', kind: 'app', entries: 34, cause: 'differs' },
          },
        ],
      },
    },
  },
  {
    name: 'Terraform 17599',
    told: 'hashicorp/terraform issue #17599 (open since 2018)',
    story: 'The block was removed, and `prevent_destroy` with it: the database was to go.',
    plan: {
      source: { place: 'git:infra' },
      target: { entries: 60 },
      ops: [{ path: 'sql/main', is: { ...LOST, kind: 'database', undo: NO_UNDO } }],
    },
    expect: { decision: 'hold', rules: ['undo'] },
    twin: {
      story: 'The block of a queue, which the platform keeps for a week.',
      plan: {
        source: { place: 'git:infra' },
        target: { entries: 60 },
        ops: [{ path: 'queue/old', is: { ...LOST, kind: 'queue', undo: SOFT } }],
      },
    },
  },
  {
    name: 'a scoping filter was changed',
    told: 'learn.microsoft.com, Entra Connect Sync: prevent accidental deletes',
    story: 'A unit was left out of the filter; who is in it looked as if they had left.',
    plan: {
      source: { place: 'ldap' },
      listing: { filter: 'ou=staff', filterNarrowsDeletes: false, seen: 3800 },
      before: { seen: 5000, generation: 0 },
      target: { entries: 5000 },
      ops: [{ count: 1200, path: 'user/#', is: { ...LOST, kind: 'user', cls: 'identity' } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'eligible-source', 'radius'] },
    twin: {
      story: 'The filter holds for both sides, and three people of the unit have left.',
      plan: {
        source: { place: 'ldap' },
        listing: { filter: 'ou=staff', filterNarrowsDeletes: true, seen: 4997 },
        before: { seen: 5000, generation: 0 },
        target: { entries: 5000 },
        ops: [{ count: 3, path: 'user/#', is: { ...LOST, kind: 'user', cls: 'identity' } }],
      },
    },
  },
  {
    name: 'a limit that deletes up to it',
    told: 'rsync(1), --max-delete; rclone, --max-delete',
    story: 'Of 5 000 deletions the first fifty were carried out, and then it stopped.',
    plan: {
      command: ['rsync', '-a', '--delete', '--max-delete=50', '/srv/release/', '/srv/mirror/'],
      listing: { complete: 'no', errors: ['--max-delete=50: 5 000 deletions'], seen: 200 },
      target: { entries: 5200 },
      ops: [{ count: 5000, path: 'a/#', is: LOST }],
    },
    expect: { decision: 'hold', rules: ['complete', 'radius'] },
    twin: {
      story: 'Twelve deletions, below the same limit.',
      plan: {
        command: ['rsync', '-a', '--delete', '--max-delete=50', '/srv/release/', '/srv/mirror/'],
        target: { entries: 5200 },
        ops: [{ count: 12, path: 'a/#', is: LOST }],
      },
    },
  },
  {
    name: 'a plan of yesterday',
    told: 'Terraform and OpenTofu: "Saved plan is stale"',
    story: 'A plan that somebody had looked at a day ago was applied to what is there today.',
    plan: { isExpired: true, ops: [{ count: 2, path: 'a/#', is: LOST }] },
    expect: { decision: 'deny', rules: ['exact-plan'] },
    twin: {
      story: 'The same plan while it is good.',
      plan: { ops: [{ count: 2, path: 'a/#', is: LOST }] },
    },
  },
];
