/** Plans that wait on this host, and what became of them, for its server: docs/format/plans-report.md. */
import fs from 'node:fs';
import os from 'node:os';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op, Verdict } from '../../base/plan.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { days, type UnixMs } from '../../base/units.ts';
import { PlanPicture } from '../../guard/core/plan-picture.ts';
import { hasUndo, isDestructive } from '../../guard/core/rule.ts';
import { countedApprovals } from '../../guard/core/release.ts';
import { canBeApproved } from '../../guard/core/say-verdict.ts';
import { readResult } from '../../guard/shell/plan-result.ts';
import { PlanStore, type StoredPlan } from '../../guard/shell/plan-store.ts';
import type { NotInLedger } from '../../watch/core/ledger-report.ts';
import {
  byHarshness,
  DIRECTORIES_TOLD_MAX,
  isToldWaiting,
  OVER_TOLD_MAX,
  type PlansReport,
  type ToldOp,
  type ToldPicture,
  type ToldPlan,
  type ToldResult,
  type ToldState,
  type ToldVerdict,
  WAITING_TOLD_MAX,
} from '../../watch/core/plans-report.ts';
import type { Cli } from '../cli/cli.ts';
import { readSettings } from '../cli/settings.ts';
import { approvalsFor } from '../guard/approvals-here.ts';
import { type PlanRow, planRows } from '../guard/plan-list.ts';
import { nodePorts } from '../vault-session.ts';
import { STATE_OF_ROOT } from './agent-places.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import type { GuardPorts } from '../guard/guard-session.ts';

const OVER_TOLD_MS = days(14);
/** More operations are not read for this: `holdfast plan ID` on the host has them. */
const OPS_MAX_WAITING = 200_000;
const OPS_MAX_OVER = 20_000;
const COMMAND_MAX = 500;
const WORDS_MAX = 4000;
const NOT_SEEN_MAX = 50;

interface StateHere {
  readonly ports: GuardPorts;
  readonly stateDir: ByteString;
  readonly store: PlanStore;
  readonly user: string;
  readonly now: UnixMs;
}

export async function plansHere(cli: Cli): Promise<PlansReport> {
  const notSeen: NotInLedger[] = [];
  const now = cli.clock.now();
  const plans: ToldPlan[] = [];
  for (const stateDir of await stateDirs(cli, notSeen)) {
    const ports = { ...nodePorts(), source: nodeSource(), tree: nodeTreeWriter() };
    const store = new PlanStore({ disk: ports.disk, tools: ports.tools, stateDir });
    const here: StateHere = { ports, stateDir, store, user: userOf(stateDir), now };
    plans.push(...(await plansIn(cli, here, notSeen)));
  }
  const waiting = plans.filter(isToldWaiting).sort(byHarshness);
  const over = plans.filter((plan) => !isToldWaiting(plan)).sort((a, b) => endOf(b) - endOf(a));
  const recent = over.filter((plan) => now - endOf(plan) < OVER_TOLD_MS);
  const told = [...waiting.slice(0, WAITING_TOLD_MAX), ...recent.slice(0, OVER_TOLD_MAX)];
  return {
    ...{ at: now, host: os.hostname(), plans: told, notSeen: notSeen.slice(0, NOT_SEEN_MAX) },
    leftOut: waiting.length + recent.length - told.length,
  };
}

async function stateDirs(cli: Cli, notSeen: NotInLedger[]): Promise<readonly ByteString[]> {
  const dirs: ByteString[] = [];
  try {
    dirs.push((await readSettings(cli, {})).state.value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    notSeen.push({ what: 'the configuration', why: `${error.message} (${error.code})` });
  }
  const root = byteString(STATE_OF_ROOT);
  if (dirs.includes(root)) return dirs;
  const plansOfRoot = fsPath(byteString(`${STATE_OF_ROOT}/guard/plans`));
  try {
    fs.accessSync(plansOfRoot, fs.constants.R_OK | fs.constants.X_OK);
    dirs.push(root);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return dirs;
    const user = os.userInfo().username;
    const why = `this agent runs as ${user} and may not read them: at level keep it may`;
    notSeen.push({ what: "root's plans", why });
  }
  return dirs;
}

/** Whose state it is, by who owns it. */
function userOf(stateDir: ByteString): string {
  try {
    const { uid } = fs.statSync(fsPath(stateDir));
    if (uid === 0) return 'root';
    return uid === process.getuid?.() ? os.userInfo().username : `uid ${uid}`;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return os.userInfo().username;
  }
}

async function plansIn(
  cli: Cli,
  here: StateHere,
  notSeen: NotInLedger[],
): Promise<readonly ToldPlan[]> {
  const rows = planRows(here.store, here.now);
  const newest = new Map<string, string>();
  for (const { plan } of rows) {
    if (plan.flaw !== undefined) continue;
    const { pipeline } = plan.header;
    if (!newest.has(pipeline)) newest.set(pipeline, plan.id);
  }
  const told: ToldPlan[] = [];
  for (const row of rows) {
    const { plan } = row;
    const what = `plan ${plan.id}`;
    if (plan.flaw !== undefined) {
      notSeen.push({ what, why: plan.flaw.message });
      continue;
    }
    try {
      told.push(await toldOf(cli, here, { row, plan, newer: newest.get(plan.header.pipeline) }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      notSeen.push({ what, why: `${error.message} (${error.code})` });
    }
  }
  return told;
}

interface Told {
  readonly row: PlanRow;
  readonly plan: StoredPlan & { readonly id: string };
  readonly newer: string | undefined;
}

async function toldOf(cli: Cli, here: StateHere, { row, plan, newer }: Told): Promise<ToldPlan> {
  const { header, digest, id } = plan;
  const { store, now } = here;
  const state = stateOf(row);
  const judged = store.verdict(id);
  const verdict = judged?.verdict;
  const isWaiting = isToldWaiting({ state });
  const opsMax = isWaiting ? OPS_MAX_WAITING : OPS_MAX_OVER;
  const picture = header.ops.count <= opsMax ? pictureOf(store.ops(id), now) : undefined;
  const { actor, target, source, command } = header;
  return {
    ...{ id, digest: hexOf(digest), state, user: here.user, pipeline: cut(header.pipeline) },
    actor: { name: cut(actor.name).slice(0, 300), kind: actor.kind },
    reason: header.reason === undefined ? undefined : cut(header.reason),
    command: command?.map(quoteWord).join(' ').slice(0, COMMAND_MAX),
    ...{ doneBy: header.doneBy, undoOf: header.undoOf, made: header.created },
    ...{ expires: header.expires, from: source && cut(source.place), to: cut(target.place) },
    ...{ entries: target.entries, bytes: target.bytes, summary: header.summary },
    verdict: judged && verdictOf(judged.verdict, judged.judged),
    approvals: verdict === undefined ? [] : await approvalsOf(cli, here, { ...plan, verdict }),
    canBeApproved: isWaiting && verdict !== undefined && canBeApproved(verdict),
    ...{ picture, result: resultOf(here, id), newer: newer === id ? undefined : newer },
  };
}

/** Of one that is damaged the row says so; here it was read, so that it was not is a Fault of reading. */
function stateOf({ plan, state }: PlanRow): ToldState {
  if (state !== 'damaged') return state;
  throw new Fault('HF_PLAN_INVALID', `plan ${plan.id} is damaged`, { id: plan.id });
}

function verdictOf(verdict: Verdict, judged: UnixMs): ToldVerdict {
  const { decision, objections, passed, needs } = verdict;
  return {
    ...{ decision, judged, passed },
    objections: objections.map(({ sample: _, why, fix, releasedBy, ...rest }) => ({
      ...{ ...rest, why: cut(why), fix: cut(fix) },
      releasedBy: releasedBy === undefined ? undefined : cut(releasedBy),
    })),
    needs: {
      approvals: needs.approvals,
      coolOffMs: needs.coolOffMs,
      namesTarget: needs.namesTarget,
    },
  };
}

/** Those that count. That nobody may approve here yet is no trouble of telling: none counts then. */
async function approvalsOf(
  cli: Cli,
  here: StateHere,
  plan: StoredPlan & { readonly verdict: Verdict },
): Promise<ToldPlan['approvals']> {
  try {
    const { facts } = await approvalsFor(here, { ...plan, now: momentHere(cli.clock) });
    return countedApprovals(plan.verdict.needs, facts).map(({ person, at }) => ({
      person: person.slice(0, 300),
      at,
    }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [];
  }
}

function resultOf({ ports, store }: StateHere, id: string): ToldResult | undefined {
  const result = readResult(ports, store.dirOf(id));
  if (result === undefined) return undefined;
  const { outcome, at, done, waiting, asideEntries, asideBytes, until, why } = result;
  return {
    ...{ outcome, at, done, waiting, asideEntries, asideBytes, until },
    why: why === undefined ? undefined : cut(why),
  };
}

/** Each operation is read, and the root of all of them compared, before any is told. */
function pictureOf(ops: Iterable<Op>, now: UnixMs): ToldPicture {
  const picture = new PlanPicture(now);
  let [inUse, noUndo] = [0, 0];
  let undoUntil: UnixMs | undefined;
  for (const op of ops) {
    picture.add(op);
    if (!isDestructive(op) || op.attributesOnly === true) continue;
    if (op.live.state === 'in-use') inUse += 1;
    if (!hasUndo(op, now)) noUndo += 1;
    const { until } = op.undo;
    if (until !== undefined && (undoUntil === undefined || until < undoUntil)) undoUntil = until;
  }
  const directories = picture.directories();
  return {
    ...{ attributesOnly: picture.attributesOnly, inUse, noUndo, undoUntil },
    alarming: picture.alarms().map((op) => toldOp(op, now)),
    directories: directories.slice(0, DIRECTORIES_TOLD_MAX),
    moreDirectories: Math.max(0, directories.length - DIRECTORIES_TOLD_MAX),
  };
}

function toldOp(op: Op, now: UnixMs): ToldOp {
  const { evidence, state } = op.live;
  return {
    ...{ op: op.op, kind: op.kind, path: op.path, from: op.from, entries: op.entries },
    ...{ bytes: op.bytes, newest: op.newest, isOwn: op.owner === 'pipeline' },
    ...{ live: state, evidence: evidence === undefined ? undefined : cut(evidence) },
    ...{ hasUndo: hasUndo(op, now), attributesOnly: op.attributesOnly === true },
  };
}

function endOf({ result, state, expires, made }: ToldPlan): number {
  return result?.at ?? (state === 'expired' ? expires : made);
}

function cut(text: string): string {
  return text.length <= WORDS_MAX ? text : `${text.slice(0, WORDS_MAX)}…`;
}
