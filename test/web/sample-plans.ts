/** Plans of the invented estate: one that waits, one of a host that fell silent, one that was applied. */
import { byteString } from '../../src/base/bytes.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { ToldOp } from '../../src/watch/core/plans-report.ts';
import type { PlanShown, PlansShown } from '../../src/web/shown.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const GIB = 2 ** 30;
const ZERO = { ops: 0, entries: 0, bytes: 0 };

function opAt(path: string, bytes: number, change: Partial<ToldOp> = {}): ToldOp {
  return {
    ...{
      op: 'delete',
      kind: 'file',
      path: byteString(path),
      from: undefined,
      entries: 1,
      bytes: Math.round(bytes),
    },
    ...{ newest: undefined, isOwn: true, live: 'idle', evidence: undefined, hasUndo: true },
    ...{ attributesOnly: false, ...change },
  };
}

const inUse = (evidence: string): Partial<ToldOp> => ({ live: 'in-use', evidence });
const NO_UNDO = { hasUndo: false } as const;

const ALARMING: readonly ToldOp[] = [
  opAt('releases/7.2.1/SHA256SUMS', 2048, inUse('3 downloads open')),
  opAt('releases/7.2.1/atlas-7.2.1-x86_64.iso', 3.1 * GIB, inUse('41 downloads open')),
  opAt('releases/7.2.1/atlas-7.2.1-aarch64.iso', 2.9 * GIB, inUse('6 downloads open')),
  opAt('extra/keys/archive-2026.asc', 6144, NO_UNDO),
  opAt('extra/keys/release-2026.asc', 6144, NO_UNDO),
  opAt('releases/7.2.0/atlas-7.2.0-src.tar.xz', 1.4 * GIB, { isOwn: false }),
  opAt('releases/7.2.1/changelog.html', 90_112, { op: 'update' }),
  opAt('lists/archive/2014.mbox.zst', 11 * GIB, { isOwn: false }),
  opAt('lists/archive/2015.mbox.zst', 10 * GIB, { isOwn: false }),
  opAt('releases/6.4.7', 38 * GIB, { kind: 'dir', entries: 412 }),
];

export function samplePlans(at: UnixMs): PlansShown {
  const ago = (ms: number): UnixMs => unixMs(at - ms);
  const held: PlanShown = {
    ...{ host: 'dl1', id: 'p-7f3a0c11', digest: '9c417be2'.repeat(8), state: 'held' },
    ...{ user: 'root', pipeline: 'sync:build1:/srv/release>/srv/mirror', lastKnown: '' },
    ...{ seenAt: ago(9000), actor: { name: 'release-bot@dl1', kind: 'service' } },
    ...{ reason: undefined, command: undefined, doneBy: 'holdfast', undoOf: undefined },
    ...{ made: ago(25 * MINUTE), expires: unixMs(at + 7 * DAY - 25 * MINUTE) },
    ...{ from: 'build1:/srv/release', to: '/srv/mirror', entries: 18_932, bytes: 900 * GIB },
    summary: {
      ...{ replace: ZERO, rename: ZERO, forget: ZERO },
      create: { ops: 306, entries: 306, bytes: 9 * GIB },
      update: { ops: 15, entries: 15, bytes: 2 * GIB },
      delete: { ops: 1204, entries: 1204, bytes: 212 * GIB },
    },
    verdict: {
      ...{ decision: 'hold', judged: ago(25 * MINUTE) },
      passed: ['complete', 'scoped', 'eligible-source', 'exact-plan'],
      objections: (
        [
          ['live', '7 files are being downloaded now, by 50 clients', 'Wait until they end.'],
          ['radius', '1204 deletions in 24 h; the limit here is 540', 'Declare it below limits.'],
          ['undo', '38 files lie on another file system', 'Free room on the disk of extra/.'],
        ] as const
      ).map(([rule, why, fix]) => ({
        ...{ rule, why, fix, effect: 'hold', mode: 'enforce', opCount: 7, isInvariant: false },
        releasedBy: undefined,
      })),
      needs: { approvals: 2, coolOffMs: 10 * MINUTE, namesTarget: true },
    },
    ...{ approvals: [{ person: 'ann', at: ago(4 * MINUTE) }], canBeApproved: true },
    picture: {
      ...{ attributesOnly: 0, inUse: 7, noUndo: 38, undoUntil: unixMs(at + 14 * DAY) },
      alarming: ALARMING,
      directories: [
        { path: byteString('releases'), gone: 812, changed: 4, added: 300, bytes: 180 * GIB },
        { path: byteString('lists'), gone: 204, changed: 0, added: 0, bytes: 30 * GIB },
        { path: byteString('extra'), gone: 38, changed: 0, added: 6, bytes: 4 * GIB },
        { path: byteString(''), gone: 150, changed: 11, added: 0, bytes: GIB },
      ],
      moreDirectories: 0,
    },
    result: {
      ...{ outcome: 'applied', at: ago(25 * MINUTE), done: 306, waiting: 1219, asideEntries: 0 },
      ...{ asideBytes: 0, until: unixMs(at + 14 * DAY), why: undefined },
    },
    newer: undefined,
  };
  return {
    plans: [
      held,
      {
        ...{ ...held, host: 'ci1', id: 'p-01c9ffee', state: 'denied', canBeApproved: false },
        ...{ seenAt: ago(16 * MINUTE), lastKnown: 'Its agent fell silent.', approvals: [] },
        ...{ result: undefined, picture: undefined, doneBy: 'command', from: undefined },
        command: 'rm -r /srv/cache/old',
      },
      {
        ...{ ...held, id: 'p-5b20aa19', state: 'applied', canBeApproved: false, newer: held.id },
        made: ago(2 * DAY),
        result: {
          ...{ outcome: 'applied', at: ago(2 * DAY - 5 * MINUTE), done: 40, waiting: 0 },
          ...{ asideEntries: 40, asideBytes: GIB, until: unixMs(at + 12 * DAY), why: undefined },
        },
      },
    ],
    notSeen: [
      {
        ...{ host: 'mail', what: "root's plans" },
        why: 'this agent runs as holdfast and may not read them: at level keep it may',
      },
    ],
    ...{ unsaid: ['hv2'], leftOut: 0 },
  };
}

export const NO_PLANS: PlansShown = { plans: [], notSeen: [], unsaid: [], leftOut: 0 };
