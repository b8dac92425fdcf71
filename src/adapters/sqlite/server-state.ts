import { CompiledQuery, type Kysely } from 'kysely';
import type {
  AccessChange,
  ApiToken,
  AuditHead,
  AuditLine,
  OneTime,
  Session,
  User,
} from '../../access/core/account.ts';
import type { AccessStore, AuditText } from '../../access/shell/access-store.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Hash } from '../../host/hash.ts';
import type { Alert, Confirmation, OutboxRow, TellChange } from '../../tell/core/alert.ts';
import type { TellStore } from '../../tell/shell/tell-store.ts';
import type { ServerChange } from '../../watch/core/server/changes.ts';
import type { Generation } from '../../wire/agent/generation.ts';
import type { HistoryChange, HistoryStore } from '../../watch/shell/server/history-store.ts';
import type { ServerStore } from '../../watch/shell/server/server-store.ts';
import type { DrillStore } from '../../watch/shell/server/drill-store.ts';
import type { ToldHeadsStore } from '../../watch/shell/server/told-heads-store.ts';
import type { ShownStore } from '../../watch/shell/server/shown-store.ts';
import { readAuditHead, writeAccess } from './access-write.ts';
import {
  type EnrolledAgent,
  readEnrolled,
  readRevocations,
  type Revocation,
  type RevocationChange,
  writeRevocations,
} from './revocations.ts';
import { type GenerationChange, readGenerations, writeGenerations } from './generations.ts';
import { type DrillChange, isDrillChange, readDrills, writeDrills } from './server-drills.ts';
import { readToldHeads, type ToldHeadsChange, writeToldHeads } from './server-told-heads.ts';
import { readHistoryOf, writeHistory } from './server-history.ts';
import { isBusy, stateFault } from './server-fault.ts';
import { type Home, readHome, settle } from './server-home.ts';
import { writeItems } from './server-items.ts';
import {
  readAll,
  readFreezes,
  readJobs,
  readLines,
  readMaintenances,
  readRollUps,
  readTransitions,
  silenceAll,
} from './server-read.ts';
import type { ServerTables } from './server-tables.ts';
import {
  readFrame,
  readHostChanges,
  readShown,
  type ShownChange,
  writeShown,
} from './server-shown.ts';
import { type WorkChange, writeWork } from './server-work.ts';
import { writeTold } from './tell-write.ts';
import {
  readAlerts,
  readAudit,
  readAuditCut,
  readAuditTexts,
  readConfirmations,
  readDue,
  readDueChannels,
  readMessages,
  readOneTimes,
  readOpenAlerts,
  readOpenOf,
  readSession,
  readTokens,
  readUsers,
  takeOneTime,
} from './told-read.ts';

export type StateChange =
  | ServerChange
  | TellChange
  | AccessChange
  | RevocationChange
  | GenerationChange
  | HistoryChange;

/** All that a server keeps, behind three ports: what is committed together is one transaction. */
export type ServerState = ServerStore<
  TellChange | AccessChange | RevocationChange | GenerationChange | HistoryChange
> &
  ShownStore &
  DrillStore &
  ToldHeadsStore &
  HistoryStore &
  TellStore &
  AccessStore<ServerChange | TellChange> & {
    /** All that ever were, revoked ones too. @throws Fault HF_SERVER_STATE (unavailable) */
    enrolled(): Promise<readonly EnrolledAgent[]>;
    /** Oldest first. @throws Fault HF_SERVER_STATE (unavailable) */
    revocations(): Promise<readonly Revocation[]>;
    /** Oldest first. @throws Fault HF_SERVER_STATE (unavailable) */
    generations(): Promise<readonly Generation[]>;
    /** Writes, so that it is known that it can. @throws Fault HF_SERVER_STATE (unavailable) */
    tryWrite(): Promise<void>;
    /** `elsewhere`: a copy of it was brought back, or it was moved. @throws Fault HF_SERVER_STATE */
    home(): Promise<Home>;
    /** It is at home where it lies now. @throws Fault HF_SERVER_STATE (unavailable) */
    settle(): Promise<void>;
  };

type Db = Kysely<ServerTables>;

export interface StateParts {
  readonly db: Db;
  readonly path: string;
  readonly hash: Hash;
  /** What begins a transaction that writes, and waits for nobody later. */
  readonly begin: string;
  /** How long another process may hold it. */
  readonly busyLimitMs: number;
  /** Told of what is to be committed, in its turn; what it throws keeps it from being so. */
  readonly onCommitting: (changes: readonly StateChange[]) => void;
  /** Told of what is durable before whoever committed it is. */
  readonly onCommitted: (changes: readonly StateChange[]) => Promise<void>;
}

interface Work {
  readonly run: (tx: Db) => Promise<void>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Commits that wait at one moment share one sync of the disk; more would hold up what reads. */
const TOGETHER_MAX = 64;
const BUSY_STEP_MS = 20;

export class KyselyServerState implements ServerState {
  readonly #of: StateParts;
  #waiting: Work[] = [];
  #drained: Promise<void> | undefined;

  constructor(of: StateParts) {
    this.#of = of;
  }

  async commit(changes: readonly StateChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#inTurn((tx) => this.#write(tx, changes));
    await this.#of.onCommitted(changes);
  }

  tryWrite(): Promise<void> {
    return this.#inTurn(async (tx) => {
      await takeNumbers(tx, 1);
    });
  }

  home(): Promise<Home> {
    return this.#read((db) => readHome(db, this.#of.path));
  }

  settle(): Promise<void> {
    return this.#inTurn((tx) => settle(tx, this.#of.path));
  }

  async spend(
    want: { readonly sha256: string; readonly kind: OneTime['kind']; readonly now: UnixMs },
    follow: (spent: OneTime) => readonly StateChange[],
  ): Promise<OneTime | undefined> {
    // What followed when it was committed: before that it may be made more than once.
    let changes: readonly StateChange[] = [];
    const spent = await this.#inTurn(async (tx) => {
      const taken = await takeOneTime(tx, want);
      changes = taken === undefined ? [] : follow(taken);
      if (changes.length > 0) await this.#write(tx, changes);
      return taken;
    });
    if (spent !== undefined) await this.#of.onCommitted(changes);
    return spent;
  }

  async load(now: UnixMs): ReturnType<ServerStore['load']> {
    await this.#inTurn(silenceAll);
    return this.#read((db) => readAll(db, now));
  }

  readonly transitions: ServerStore['transitions'] = (of) =>
    this.#read((db) => readTransitions(db, of));
  readonly lines: ServerStore['lines'] = (of) => this.#read((db) => readLines(db, of));
  readonly jobs: ServerStore['jobs'] = (of) => this.#read((db) => readJobs(db, of));
  readonly rollUps: ServerStore['rollUps'] = (of) => this.#read((db) => readRollUps(db, of));
  readonly maintenances: ServerStore['maintenances'] = (countMax) =>
    this.#read((db) => readMaintenances(db, countMax));
  readonly freezes: ServerStore['freezes'] = (countMax) =>
    this.#read((db) => readFreezes(db, countMax));

  readonly frame: ShownStore['frame'] = (of) => this.#read((db) => readFrame(db, of));
  readonly hostChanges: ShownStore['hostChanges'] = (of) =>
    this.#read((db) => readHostChanges(db, of));

  drills(): ReturnType<DrillStore['drills']> {
    return this.#read(readDrills);
  }
  readonly history: HistoryStore['history'] = (of) => this.#read((db) => readHistoryOf(db, of));

  toldHeads(): ReturnType<ToldHeadsStore['toldHeads']> {
    return this.#read(readToldHeads);
  }

  shown(): ReturnType<ShownStore['shown']> {
    return this.#read(readShown);
  }

  enrolled(): Promise<readonly EnrolledAgent[]> {
    return this.#read(readEnrolled);
  }

  revocations(): Promise<readonly Revocation[]> {
    return this.#read(readRevocations);
  }

  generations(): Promise<readonly Generation[]> {
    return this.#read(readGenerations);
  }

  openAlerts(): Promise<readonly Alert[]> {
    return this.#read(readOpenAlerts);
  }

  alerts(countMax: number): Promise<readonly Alert[]> {
    return this.#read((db) => readAlerts(db, countMax));
  }

  due(now: UnixMs, countMax: number, channel?: string): Promise<readonly OutboxRow[]> {
    return this.#read((db) => readDue(db, now, { countMax, channel }));
  }

  dueChannels(now: UnixMs): Promise<readonly string[]> {
    return this.#read((db) => readDueChannels(db, now));
  }

  openOf(channel: string, alerts: readonly string[]): Promise<readonly OutboxRow[]> {
    return this.#read((db) => readOpenOf(db, { channel, alerts }));
  }

  rows(countMax: number): Promise<readonly OutboxRow[]> {
    return this.#read((db) => readMessages(db, countMax));
  }

  confirmations(): Promise<readonly Confirmation[]> {
    return this.#read(readConfirmations);
  }

  users(): Promise<readonly User[]> {
    return this.#read((db) => readUsers(db));
  }

  async user(name: string): Promise<User | undefined> {
    return (await this.#read((db) => readUsers(db, name)))[0];
  }

  tokens(): Promise<readonly ApiToken[]> {
    return this.#read((db) => readTokens(db));
  }

  async token(sha256: string): Promise<ApiToken | undefined> {
    return (await this.#read((db) => readTokens(db, sha256)))[0];
  }

  session(sha256: string): Promise<Session | undefined> {
    return this.#read((db) => readSession(db, sha256));
  }

  oneTimes(): Promise<readonly OneTime[]> {
    return this.#read(readOneTimes);
  }

  audit(of: { readonly after: number; readonly countMax: number }): Promise<readonly AuditLine[]> {
    return this.#read((db) => readAudit(db, of));
  }

  auditTexts(of: {
    readonly after: number;
    readonly countMax: number;
  }): Promise<readonly AuditText[]> {
    return this.#read((db) => readAuditTexts(db, of));
  }

  auditCut(): Promise<AuditHead> {
    return this.#read(readAuditCut);
  }

  auditHead(): Promise<AuditHead> {
    return this.#read(readAuditHead);
  }

  /** What was handed over before is done first. */
  async close(): Promise<void> {
    while (this.#drained !== undefined) await this.#drained;
    await this.#of.db.destroy();
  }

  #write(tx: Db, changes: readonly StateChange[]): Promise<void> {
    this.#of.onCommitting(changes);
    return writeAll(tx, changes, this.#of.hash);
  }

  async #read<T>(run: (db: Db) => Promise<T>): Promise<T> {
    return this.#patiently(() => run(this.#of.db)).catch((error: unknown) => {
      throw stateFault(this.#of.path, error);
    });
  }

  /** In the order of the calls, each as if it were alone. */
  #inTurn<T>(run: (tx: Db) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: { readonly value: T } | undefined;
      this.#waiting.push({
        run: async (tx) => {
          result = { value: await run(tx) };
        },
        done: () => {
          if (result !== undefined) resolve(result.value);
        },
        failed: (error) => {
          // Always an error: what was caught.
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      });
      this.#drained ??= this.#drain().finally(() => {
        this.#drained = undefined;
      });
    });
  }

  async #drain(): Promise<void> {
    // Whatever else comes in this turn of the loop goes along.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0, TOGETHER_MAX);
      const failure = await this.#attempt(together);
      // One of them is a bug, which is no reason for the others to fail.
      const isBug =
        failure !== undefined && stateFault(this.#of.path, failure.error) === failure.error;
      if (failure !== undefined && !isBug) fail(together, stateFault(this.#of.path, failure.error));
      if (isBug) await this.#oneByOne(together);
      await new Promise(setImmediate);
    }
  }

  async #oneByOne(works: readonly Work[]): Promise<void> {
    for (const work of works) {
      const failure = await this.#attempt([work]);
      if (failure !== undefined) fail([work], stateFault(this.#of.path, failure.error));
    }
  }

  async #attempt(works: readonly Work[]): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#patiently(() => this.#transact(works));
    } catch (error) {
      return { error };
    }
    for (const work of works) work.done();
    return undefined;
  }

  #transact(works: readonly Work[]): Promise<void> {
    return this.#of.db.connection().execute(async (tx) => {
      await tx.executeQuery(CompiledQuery.raw(this.#of.begin));
      try {
        for (const work of works) await work.run(tx);
        await tx.executeQuery(CompiledQuery.raw('commit'));
      } catch (error) {
        await rollBack(tx);
        throw error;
      }
    });
  }

  /** Waits for another process outside of the database's own code, which would hold up all else. */
  async #patiently<T>(run: () => Promise<T>): Promise<T> {
    for (let waitedMs = 0; ; waitedMs += BUSY_STEP_MS) {
      try {
        return await run();
      } catch (error) {
        if (!isBusy(error) || waitedMs >= this.#of.busyLimitMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, BUSY_STEP_MS));
      }
    }
  }
}

function fail(works: readonly Work[], error: unknown): void {
  for (const work of works) work.failed(error);
}

async function rollBack(tx: Db): Promise<void> {
  try {
    await tx.executeQuery(CompiledQuery.raw('rollback'));
  } catch (error) {
    // SQLite has rolled back by itself where the disk was full or failed; what failed first is said.
    if (!(error instanceof Error)) throw error;
  }
}

const ITEMS = ['item', 'forget-item', 'silent', 'back', 'transition'] as const;
const ACCESS = [
  ...['user', 'remove-user', 'token', 'remove-token', 'session', 'end-session', 'end-sessions'],
  ...['one-time', 'audit'],
];

type ItemChange = Parameters<typeof writeItems>[1][number];

const isItem = (change: StateChange): change is ItemChange =>
  ITEMS.some((name) => name === change.do);
const isTold = (change: StateChange): change is TellChange =>
  change.do === 'alert' || change.do === 'outbox' || change.do === 'confirmation';
const isRevocation = (change: StateChange): change is RevocationChange =>
  change.do === 'ask-revocation' || change.do === 'end-revocation';
const SHOWN = ['shown', 'forget-shown', 'host-change'] as const;
const isShown = (change: StateChange): change is ShownChange =>
  SHOWN.some((name) => name === change.do);
const isAccess = (change: StateChange): change is AccessChange => ACCESS.includes(change.do);

async function writeAll(tx: Db, changes: readonly StateChange[], hash: Hash): Promise<void> {
  const items: ItemChange[] = [];
  const told: TellChange[] = [];
  const access: AccessChange[] = [];
  const work: WorkChange[] = [];
  const revocations: RevocationChange[] = [];
  const shown: ShownChange[] = [];
  const generations: GenerationChange[] = [];
  const drills: DrillChange[] = [];
  const history: HistoryChange[] = [];
  const heads: ToldHeadsChange[] = [];
  for (const change of changes) {
    if (isItem(change)) items.push(change);
    else if (isTold(change)) told.push(change);
    else if (isAccess(change)) access.push(change);
    else if (isRevocation(change)) revocations.push(change);
    else if (isShown(change)) shown.push(change);
    else if (change.do === 'generation') generations.push(change);
    else if (isDrillChange(change)) drills.push(change);
    else if (change.do === 'told-heads') heads.push(change);
    else if (change.do === 'history') history.push(change);
    else work.push(change);
  }
  // The agents first: what follows of them may ask for their row.
  if (work.length > 0) await writeWork(tx, work);
  if (items.length > 0) await writeItems(tx, items, await takeNumbers(tx, items.length));
  if (shown.length > 0) await writeShown(tx, shown, await takeNumbers(tx, shown.length));
  if (told.length > 0) await writeTold(tx, told);
  if (revocations.length > 0) await writeRevocations(tx, revocations);
  if (access.length > 0) await writeAccess(tx, access, hash);
  if (generations.length > 0) await writeGenerations(tx, generations);
  if (drills.length > 0) await writeDrills(tx, drills);
  if (heads.length > 0) await writeToldHeads(tx, heads, await takeNumbers(tx, heads.length));
  if (history.length > 0) {
    await writeHistory(tx, history, await takeNumbers(tx, 2 * history.length));
  }
}

/** Numbers that are given once, whoever else writes. */
async function takeNumbers(tx: Db, count: number): Promise<() => number> {
  const { value } = await tx
    .updateTable('server_counter')
    .set((each) => ({ value: each('value', '+', count) }))
    .where('name', '=', 'change')
    .returning('value')
    .executeTakeFirstOrThrow();
  let next = Number(value) - count;
  return () => {
    next += 1;
    return next;
  };
}
