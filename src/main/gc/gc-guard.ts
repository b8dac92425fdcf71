/** That snapshots go is a plan as any other: judged by every rule, noted, and put back by `--undo`. */
import { leaseHolderHere } from '../../adapters/node/lease-holder.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type Op, PLAN_FORMAT, type Verdict } from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { JudgedHeader } from '../../guard/core/own-rules.ts';
import { Lease } from '../../guard/shell/lease.ts';
import { writeResult } from '../../guard/shell/plan-result.ts';
import { PLAN_LIFE_MS } from '../../guard/shell/plan-store.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import type { GuardSession } from '../guard/guard-session.ts';
import { JudgingHere } from '../guard/judge-again.ts';

export const GC_PIPELINE = 'vault-gc';
export const UPGRADE_PIPELINE = 'vault-upgrade';

export interface GcToJudge {
  /** Directory of the vault. */
  readonly root: ByteString;
  readonly command: readonly string[];
  /** Of all snapshots there. */
  readonly entries: number;
  /** Names of what would be forgotten. */
  readonly forget: readonly string[];
  /** What waited, and goes for good. */
  readonly sweep: readonly Swept[];
}

interface Swept {
  readonly name: string;
  readonly packs: number;
  readonly bytes: number;
  /** Until then it could be put back. */
  readonly until: UnixMs;
}

/** What is judged of any plan that changes a vault itself. */
export interface VaultPlan extends Pick<GcToJudge, 'command' | 'entries' | 'root'> {
  readonly pipeline: string;
  readonly scope: readonly string[];
  readonly ops: readonly Omit<Op, 'n'>[];
}

export interface JudgedGc {
  readonly header: JudgedHeader;
  readonly ops: readonly Omit<Op, 'n'>[];
  readonly verdict: Verdict;
}

/** @param id of one that was judged before, and is judged anew */
export function judgeGc(session: GuardSession, of: GcToJudge, id?: string): JudgedGc {
  const ops = [...of.forget.map(forgetOp), ...of.sweep.map(sweepOp)];
  const scope = ['snapshots', 'collect'];
  return judgeVaultPlan(session, { ...of, pipeline: GC_PIPELINE, scope, ops }, id);
}

/** @param id of one that was judged before, and is judged anew */
export function judgeVaultPlan(session: GuardSession, of: VaultPlan, id?: string): JudgedGc {
  const { pipeline, command } = of;
  // A plan has the order of paths, whatever is done first.
  const ops = of.ops.toSorted((one, other) => comparePaths(one.path, other.path));
  const now = session.now();
  const place = byteString(of.root);
  const header: JudgedHeader = {
    format: PLAN_FORMAT,
    ...{ id: id ?? session.store.newId(), created: now, expires: unixMs(now + PLAN_LIFE_MS) },
    ...{ pipeline, actor: session.actor, doneBy: 'holdfast', command },
    target: {
      ...{ place, identity: '', generation: 0, entries: of.entries, bytes: 0, readAt: now },
    },
    scope: of.scope.map((each) => byteString(each)),
  };
  const judging = new JudgingHere(session, header, of.root);
  for (const [n, op] of ops.entries()) judging.add({ ...op, n });
  return { header, ops, verdict: judging.end() };
}

const ALWAYS = { cascade: 'expanded', cls: 'data', live: { state: 'idle' } } as const;

/** Somebody set the retention, and all of it can be put back. */
function forgetOp(name: string): Omit<Op, 'n'> {
  return {
    ...{ op: 'forget', kind: 'snapshot', path: byteString(name), entries: 1, bytes: 0, ...ALWAYS },
    ...{ owner: 'pipeline', cause: 'explicit' },
    undo: { kind: 'vault', verified: true, fidelity: 'exact' },
  };
}

/** What was said from the day on which it was forgotten. */
function sweepOp({ name, packs, bytes, until }: Swept): Omit<Op, 'n'> {
  const why = 'what nothing needs has waited for its time';
  return {
    ...{ op: 'forget', kind: 'trash', path: byteString(name), entries: packs, bytes, ...ALWAYS },
    ...{ owner: 'pipeline', cause: 'undo-expired' },
    undo: { kind: 'none', verified: false, why, until, fidelity: 'exact' },
  };
}

/** On the disk with its verdict, before anything goes. */
export function sealGc(session: GuardSession, { header, ops, verdict }: JudgedGc): void {
  const draft = session.store.draft(header);
  for (const op of ops) draft.add(op);
  draft.seal();
  session.store.putVerdict(verdict, session.now());
}

export function noteGc(
  { ports, store, now }: GuardSession,
  { header, ops }: Pick<JudgedGc, 'header' | 'ops'>,
  of: { readonly done: number; readonly until: UnixMs; readonly why?: string },
): void {
  const { done, until, why } = of;
  writeResult(ports, store.dirOf(header.id), {
    ...{ at: now(), outcome: why === undefined ? 'applied' : 'stopped', done, until },
    ...{ waiting: ops.length - done, asideEntries: 0, asideBytes: 0 },
    ...(why === undefined ? {} : { why }),
  });
}

/** @throws Fault HF_PLAN_LEASED while another does so from here */
export function leaseGc({ ports, guardDir }: GuardSession, root: ByteString, plan: string): Lease {
  const holder = leaseHolderHere();
  return Lease.take(ports, { stateDir: guardDir, target: root, plan, holder });
}
