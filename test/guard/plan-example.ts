/** Plans and operations for tests that care for some of their members. */
import { byteString } from '../../src/base/bytes.ts';
import { type Op, PLAN_FORMAT } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import type { JudgedHeader } from '../../src/guard/core/own-rules.ts';

export const PLAN_NOW = unixMs(1_795_000_000_000);

export function headerExample(given: Partial<JudgedHeader> = {}): JudgedHeader {
  return {
    format: PLAN_FORMAT,
    id: 'p-0123abcd',
    created: PLAN_NOW,
    expires: unixMs(PLAN_NOW + hours(48)),
    pipeline: 'rsync:/srv/release>/srv/mirror',
    actor: { name: 'root@mirror1', kind: 'service' },
    doneBy: 'holdfast',
    target: {
      place: '/srv/mirror',
      identity: '/srv/mirror',
      generation: 0,
      entries: 1000,
      bytes: 1_000_000,
      readAt: PLAN_NOW,
    },
    scope: [byteString('')],
    ...given,
  };
}

/** A file that goes because it is no longer in the source; as `PlanDraft.add` takes it. */
export function deleteExample(path: string, given: Partial<Op> = {}): Omit<Op, 'n'> {
  return {
    op: 'delete',
    kind: 'file',
    path: byteString(path),
    entries: 1,
    bytes: 100,
    newest: unixMs(PLAN_NOW - hours(100)),
    owner: 'pipeline',
    cause: 'absent-in-source',
    cascade: 'expanded',
    cls: 'data',
    live: { state: 'idle' },
    precond: {
      inode: 1000n,
      device: 66n,
      mode: 0o100644,
      size: 100n,
      mtimeNs: 1n,
      ctimeNs: 2n,
    },
    undo: { kind: 'none', verified: false, why: 'another file system', fidelity: 'exact' },
    ...given,
  };
}
