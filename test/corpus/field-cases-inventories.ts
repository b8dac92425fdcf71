/**
 * Field cases in which objects of an inventory were destroyed: machines, domains, accounts, images.
 * The plan is the same; its paths are the ids.
 */
import type { Op } from '../../src/base/plan.ts';
import type { FieldCase } from './field-case.ts';

const NO_UNDO: Op['undo'] = { kind: 'none', verified: false, why: 'final', fidelity: 'exact' };
const SOFT: Op['undo'] = { kind: 'platform-soft', verified: true, fidelity: 'exact' };
const RUNNING: Op['live'] = { state: 'in-use', evidence: 'its machines run' };
const LOST: Partial<Op> = { op: 'delete', cause: 'absent-in-source', kind: 'domain', bytes: 0 };
const NAMED: Partial<Op> = { op: 'delete', cause: 'explicit', kind: 'machine', bytes: 0 };

export const INVENTORIES: readonly FieldCase[] = [
  {
    name: 'Inria 2017',
    told: 'pharo-dev mailing list, msg49976: July 28, 2017 Incident Report',
    story:
      'To debug the sync of the CI database to CloudStack it was limited to one project; it expected all of them, and deleted every other domain with machines, templates and snapshots.',
    plan: {
      pipeline: 'ci-db>cloudstack',
      source: { place: 'ci-db', identity: 'ci-db' },
      listing: { filter: '--only project1', filterNarrowsDeletes: false, seen: 1, expected: 40 },
      target: { place: 'cloudstack', identity: 'cloudstack', entries: 40 },
      before: { seen: 40, generation: 0 },
      ops: [
        {
          count: 39,
          path: 'domain/project#',
          is: { ...LOST, cascade: 'unexpanded', live: RUNNING, undo: NO_UNDO },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['complete', 'undo', 'live', 'radius'] },
    twin: {
      story: 'All forty are read, and one that has been disabled for a month is let go.',
      plan: {
        pipeline: 'ci-db>cloudstack',
        source: { place: 'ci-db', identity: 'ci-db' },
        listing: { seen: 39, expected: 39 },
        target: { place: 'cloudstack', identity: 'cloudstack', entries: 40 },
        before: { seen: 40, generation: 0 },
        ops: [{ path: 'domain/project7', is: { ...LOST, undo: SOFT } }],
      },
    },
  },
  {
    name: 'Travis CI 2016',
    told: 'blog.travis-ci.com, The day we deleted our VM images',
    story:
      'The query for what to keep ended at 100 rows; the clean-up deleted the images in use, which nobody could bring back.',
    plan: {
      source: { place: 'keep-list' },
      listing: { complete: 'unknown', seen: 100, expected: 6200 },
      target: { entries: 6200 },
      ops: [
        {
          count: 610,
          path: 'image/#',
          is: { ...LOST, kind: 'image', undo: NO_UNDO, live: RUNNING },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['complete', 'undo', 'live'] },
    twin: {
      story: 'All pages were read; twelve images that nothing runs go to the bin of the platform.',
      plan: {
        source: { place: 'keep-list' },
        listing: { seen: 6200, expected: 6200 },
        target: { entries: 6212 },
        ops: [{ count: 12, path: 'image/#', is: { ...LOST, kind: 'image', undo: SOFT } }],
      },
    },
  },
  {
    name: 'Flying Circus 2014',
    told: 'status.flyingcircus.io, lnph7rmr2mj0',
    story: 'A bug made a massive list of deletions of disks; a timeout saved about half of them.',
    plan: {
      target: { entries: 900 },
      ops: [
        {
          count: 450,
          path: 'disk/#',
          is: { ...NAMED, kind: 'disk', undo: NO_UNDO, live: RUNNING },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['undo', 'live', 'radius'] },
    twin: {
      story: 'Three disks of machines that were given up, kept for a month by the platform.',
      plan: {
        target: { entries: 900 },
        ops: [{ count: 3, path: 'disk/#', is: { ...NAMED, kind: 'disk', undo: SOFT } }],
      },
    },
  },
  {
    name: 'Argo CD 3473',
    told: 'argoproj/argo-cd issue #3473',
    story: 'GitHub was down; charts could not be fetched; every application was pruned.',
    plan: {
      source: { place: 'git:charts' },
      listing: { complete: 'no', seen: 0, errors: ['rpc error: failed to fetch chart'] },
      target: { entries: 60 },
      ops: [{ count: 60, path: 'app/#', is: { ...LOST, kind: 'app', live: RUNNING } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'live', 'radius'] },
    twin: {
      story: 'Charts are there, and one application was taken out of them.',
      plan: {
        source: { place: 'git:charts' },
        listing: { seen: 59, expected: 59 },
        target: { entries: 60 },
        ops: [{ path: 'app/old', is: { ...LOST, kind: 'app' } }],
      },
    },
  },
  {
    name: 'Gitea 7949',
    told: 'go-gitea/gitea issue #7949',
    story: 'LDAP answered with an empty list and no error; every user was deactivated.',
    plan: {
      source: { place: 'ldap' },
      listing: { complete: 'yes', seen: 0 },
      target: { entries: 410 },
      ops: [{ count: 410, path: 'user/#', is: { ...LOST, kind: 'user', cls: 'identity' } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'radius'] },
    twin: {
      story: 'One person has left.',
      plan: {
        source: { place: 'ldap' },
        listing: { seen: 409 },
        target: { entries: 410 },
        ops: [{ path: 'user/bob', is: { ...LOST, kind: 'user', cls: 'identity' } }],
      },
    },
  },
  {
    name: 'gitlab-ce-ldap-sync 46',
    told: 'Adambean/gitlab-ce-ldap-sync issue #46',
    story: 'The sync removed members of groups that it had never added.',
    plan: {
      ops: [{ count: 4, path: 'member/#', is: { ...LOST, kind: 'member', owner: 'other' } }],
    },
    expect: { decision: 'additive-only', rules: ['scoped'] },
    twin: {
      story: 'It removes four that it had added.',
      plan: { ops: [{ count: 4, path: 'member/#', is: { ...LOST, kind: 'member' } }] },
    },
  },
  {
    name: 'Google Diskerase',
    told: 'Site Reliability Engineering, chapter 7',
    story: 'An empty set of machines was read as all of them; every disk was wiped.',
    plan: {
      source: null,
      scope: [],
      target: { entries: 2000 },
      ops: [{ count: 2000, path: 'machine#/disk', is: { ...NAMED, kind: 'disk', undo: NO_UNDO } }],
    },
    expect: { decision: 'deny', rules: ['scoped', 'undo', 'radius'] },
    twin: {
      story: 'Two machines are named, and their disks are kept for a month.',
      plan: {
        source: null,
        scope: ['machine0', 'machine1'],
        target: { entries: 2000 },
        ops: [{ count: 2, path: 'machine#/disk', is: { ...NAMED, kind: 'disk', undo: SOFT } }],
      },
    },
  },
  {
    name: 'UniSuper 2024',
    told: 'cloud.google.com, Sharing details on a recent incident impacting one of our customers',
    story: 'A blank parameter gave a private cloud an end; a year later it was deleted, silently.',
    plan: {
      source: null,
      actor: { name: 'expiry', kind: 'service' },
      target: { entries: 1 },
      ops: [
        {
          path: 'private-cloud',
          is: { ...NAMED, cascade: 'unexpanded', undo: NO_UNDO, live: RUNNING },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['undo', 'live'] },
    twin: {
      story: 'One machine of many that was stopped long ago goes to the bin of the platform.',
      plan: {
        source: null,
        target: { entries: 120 },
        ops: [{ path: 'vm/test', is: { ...NAMED, undo: SOFT } }],
      },
    },
  },
  {
    name: 'Atlassian 2022',
    told: 'atlassian.com/engineering, Post-Incident Review on the Atlassian April 2022 outage',
    story:
      'A reviewed script got ids of sites in place of apps: 883 sites in 23 minutes, for good.',
    plan: {
      source: null,
      target: { entries: 200_000 },
      ops: [
        {
          count: 883,
          path: 'site/#',
          is: { ...NAMED, kind: 'site', cascade: 'unexpanded', undo: NO_UNDO, live: RUNNING },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['undo', 'live'] },
    twin: {
      story: 'Fifteen retired apps, soft-deleted.',
      plan: {
        source: null,
        target: { entries: 200_000 },
        ops: [{ count: 15, path: 'app/#', is: { ...NAMED, kind: 'app', undo: SOFT } }],
      },
    },
  },
  {
    name: 'AWS S3 2017',
    told: 'aws.amazon.com/message/41926',
    story: 'A parameter that was typed wrong took out far more servers than was meant.',
    plan: {
      source: null,
      target: { entries: 520 },
      ops: [{ count: 400, path: 'server/#', is: { ...NAMED, undo: NO_UNDO, live: RUNNING } }],
    },
    expect: { decision: 'hold', rules: ['undo', 'live', 'radius'] },
    twin: {
      story: 'Three servers that were drained.',
      plan: {
        source: null,
        target: { entries: 520 },
        ops: [{ count: 3, path: 'server/#', is: NAMED }],
      },
    },
  },
  {
    name: 'DataTalks.Club 2026',
    told: 'DataTalks.Club, the post-mortem of its owner, 2026',
    story: 'An agent that approved by itself used an old archive of the state: all was destroyed.',
    plan: {
      actor: { name: 'agent', kind: 'agent' },
      source: { generation: 1, differs: [{ what: 'identity', was: 'lineage-a', is: 'lineage-b' }] },
      target: { generation: 4, entries: 26 },
      ops: [{ count: 26, path: 'resource/#', is: { ...LOST, undo: NO_UNDO, live: RUNNING } }],
    },
    expect: {
      decision: 'deny',
      rules: ['eligible-source', 'undo', 'live', 'radius', 'exact-plan'],
    },
    twin: {
      story: 'A person, the present state, and a queue that nothing uses is taken out of it.',
      plan: {
        actor: { name: 'ann@ops1', kind: 'human' },
        source: { generation: 4 },
        target: { generation: 4, entries: 26 },
        ops: [{ path: 'resource/queue', is: { ...LOST, undo: SOFT } }],
      },
    },
  },
  {
    name: 'terraform-provider-google 7072',
    told: 'hashicorp/terraform-provider-google issue #7072',
    story: 'A version was changed: the database was replaced, and its backups went with it.',
    plan: {
      ops: [
        {
          path: 'sql/main',
          is: { op: 'replace', kind: 'database', cause: 'replaced', bytes: 4e10, undo: NO_UNDO },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['undo'] },
    twin: {
      story: 'The same replacement, with a copy elsewhere that a drill has restored.',
      plan: {
        ops: [
          {
            path: 'sql/main',
            is: {
              op: 'replace',
              kind: 'database',
              cause: 'replaced',
              bytes: 4e10,
              undo: { kind: 'vault', verified: true, fidelity: 'exact' },
            },
          },
        ],
      },
    },
  },
  {
    name: 'Orain 2015',
    told: 'Orain, 2015: "should determine whether a dblist looks sane"',
    story: 'An empty list of databases was fetched and taken for the truth.',
    plan: {
      source: { place: 'https:dblist' },
      listing: { complete: 'yes', seen: 0, expected: 0 },
      target: { entries: 1500 },
      ops: [{ count: 1500, path: 'wiki/#', is: { ...LOST, kind: 'wiki', live: RUNNING } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'live', 'radius'] },
    twin: {
      story: 'The list has one wiki less, closed a year ago.',
      plan: {
        source: { place: 'https:dblist' },
        listing: { seen: 1499 },
        target: { entries: 1500 },
        ops: [{ path: 'wiki/closed', is: { ...LOST, kind: 'wiki' } }],
      },
    },
  },
  {
    name: 'Miraheze 2018',
    told: 'Miraheze, incident report of 2018: wrong database dropped',
    story: 'A person named the wrong database.',
    plan: {
      source: null,
      actor: { name: 'ann@db1', kind: 'human' },
      ops: [{ path: 'db/meta', is: { ...NAMED, kind: 'database', undo: NO_UNDO, live: RUNNING } }],
    },
    expect: { decision: 'hold', rules: ['undo', 'live'] },
    twin: {
      story: 'The database of a closed wiki, in a recovery point that was restored last week.',
      plan: {
        source: null,
        actor: { name: 'ann@db1', kind: 'human' },
        ops: [
          {
            path: 'db/closed',
            is: {
              ...NAMED,
              kind: 'database',
              undo: { kind: 'vault', verified: true, fidelity: 'exact' },
            },
          },
        ],
      },
    },
  },
  {
    name: 'CloudStack 12895',
    told: 'apache/cloudstack issue #12895',
    story: 'Machines protected against deletion were expunged when their account was deleted.',
    plan: {
      source: null,
      ops: [
        {
          path: 'account/team',
          is: { ...NAMED, kind: 'account', cascade: 'unexpanded', undo: NO_UNDO },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['undo'] },
    twin: {
      story: 'One machine of the account, stopped, which the platform keeps for a day.',
      plan: {
        source: null,
        ops: [{ path: 'account/team/vm1', is: { ...NAMED, undo: SOFT } }],
      },
    },
  },
  {
    name: 'a list that ends at page one',
    told: 'CloudStack: without page and pagesize at most 500 are told, in silence',
    story: 'The second page timed out; what stood on it looked absent.',
    plan: {
      listing: { complete: 'unknown', seen: 500, errors: ['page 2: timed out'] },
      target: { entries: 940 },
      ops: [{ count: 440, path: 'vm/#', is: { ...LOST, kind: 'machine' } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'radius'] },
    twin: {
      story: 'Both pages, and the sum is what the first had said.',
      plan: {
        listing: { seen: 938, expected: 938 },
        target: { entries: 940 },
        ops: [{ count: 2, path: 'vm/#', is: { ...LOST, kind: 'machine', undo: SOFT } }],
      },
    },
  },
];
