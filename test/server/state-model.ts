/** What a server's state is to hold, said a second time, in plain lists. */
import type { AuditEntry, OneTime, Session, User } from '../../src/access/core/account.ts';
import { unixMs } from '../../src/base/units.ts';
import type { Alert, Confirmation, OutboxRow } from '../../src/tell/core/alert.ts';
import type {
  StoredAgent,
  StoredFreeze,
  StoredItem,
  StoredJob,
  StoredLine,
  StoredMaintenance,
  StoredTransition,
} from '../../src/watch/core/server/changes.ts';
import {
  type Counting,
  countSighting,
  countSilence,
  type Piece,
  rollUpsOf,
} from '../../src/watch/core/server/roll-up.ts';
import type { ServerState } from '../../src/adapters/sqlite/server-state.ts';
import { AGENTS, type Act, type Change, ITEMS } from './state-changes.ts';

const OPEN_JOBS: readonly StoredJob['state'][] = ['asked', 'taken', 'running'];
export const NOW = 1_700_000_000_000 + 45 * 24 * 3_600_000;
/** Some one-time secrets are over by then, some are not. */
export const SPENT_AT = 1_700_000_000_000 + 20 * 24 * 3_600_000;

const key = (...parts: readonly (string | number)[]): string => parts.join(' ');
const by =
  <T>(...of: readonly ((each: T) => number | string)[]) =>
  (one: T, other: T): number => {
    for (const value of of) {
      const [a, b] = [value(one), value(other)];
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  };

/** As the outbox has it: no try is put off by more than a day and an hour. */
const RETRY_MAX_MS = 25 * 3_600_000;

/** In time; or its time is further than any was ever put off: then a clock was set back. */
const isDue = ({ dueAt, createdAt }: OutboxRow): boolean =>
  dueAt <= SPENT_AT || createdAt > SPENT_AT || dueAt > SPENT_AT + RETRY_MAX_MS;

export class StateModel {
  readonly agents = new Map<string, StoredAgent>();
  readonly items = new Map<string, { item: StoredItem; counting: Counting }>();
  readonly silentFrom = new Map<string, number>();
  pieces: { of: string; piece: Piece }[] = [];
  transitions: StoredTransition[] = [];
  readonly lines = new Map<string, StoredLine>();
  readonly jobs = new Map<string, StoredJob>();
  readonly words = new Map<string, { agent: string; n: number; body: string }>();
  readonly maintenances = new Map<string, StoredMaintenance>();
  readonly freezes = new Map<string, StoredFreeze>();
  readonly alerts = new Map<string, Alert>();
  readonly messages = new Map<string, OutboxRow>();
  readonly confirmations = new Map<string, Confirmation>();
  readonly users = new Map<string, User>();
  readonly tokens = new Map<string, { id: string; owner: string }>();
  readonly sessions = new Map<string, Session>();
  readonly oneTimes = new Map<string, OneTime>();
  audit: AuditEntry[] = [];

  act(act: Act): OneTime | undefined {
    if (act.do === 'commit') for (const change of act.changes) this.take(change);
    if (act.do === 'reopen') this.#silenceAll();
    if (act.do !== 'spend') return undefined;
    const found = this.oneTimes.get(act.sha256);
    if (found?.kind !== act.kind || found.expiresAt <= SPENT_AT) return undefined;
    this.oneTimes.delete(act.sha256);
    return found;
  }

  take(change: Change): void {
    switch (change.do) {
      case 'agent':
        this.agents.set(change.agent.agent, change.agent);
        break;
      case 'item':
        this.#see(change.item);
        break;
      case 'forget-item':
        this.items.delete(key(change.agent, change.item));
        this.pieces = this.pieces.filter(({ of }) => of !== key(change.agent, change.item));
        this.transitions = this.transitions.filter(
          (each) => each.agent !== change.agent || each.item !== change.item,
        );
        break;
      case 'silent':
        this.silentFrom.set(
          change.agent,
          Math.min(change.from, this.silentFrom.get(change.agent) ?? change.from),
        );
        break;
      case 'back':
        this.#back(change.agent, change.at);
        break;
      case 'transition':
        this.transitions.push(change.transition);
        break;
      case 'line':
        this.lines.set(key(change.line.agent, change.line.n), change.line);
        break;
      case 'job':
        this.jobs.set(change.job.job, change.job);
        break;
      case 'word':
        this.words.set(key(change.word.agent, change.word.n), change.word);
        break;
      case 'heard':
        for (const [at, { agent, n }] of this.words) {
          if (agent === change.agent && n <= change.upTo) this.words.delete(at);
        }
        break;
      case 'maintenance':
        this.maintenances.set(change.maintenance.id, change.maintenance);
        break;
      case 'freeze':
        this.freezes.set(change.freeze.id, change.freeze);
        break;
      default:
        this.#takeOther(change);
    }
  }

  #takeOther(change: Change): void {
    if (change.do === 'alert') this.alerts.set(change.alert.id, change.alert);
    if (change.do === 'outbox') this.messages.set(change.row.id, change.row);
    if (change.do === 'confirmation') {
      const { channel, person } = change.confirmation;
      this.confirmations.set(key(channel, person), change.confirmation);
    }
    if (change.do === 'user') this.users.set(change.user.name, change.user);
    if (change.do === 'remove-user') this.#removeUser(change.name);
    if (change.do === 'token') this.tokens.set(change.token.id, change.token);
    if (change.do === 'remove-token') this.tokens.delete(change.id);
    if (change.do === 'session') this.sessions.set(change.session.sha256, change.session);
    if (change.do === 'end-session') this.sessions.delete(change.sha256);
    if (change.do === 'end-sessions') this.#endSessions(change.user);
    if (change.do === 'one-time') this.oneTimes.set(change.oneTime.sha256, change.oneTime);
    if (change.do === 'audit') this.audit.push(change.entry);
  }

  #see(item: StoredItem): void {
    const of = key(item.agent, item.item);
    const before = this.items.get(of)?.counting;
    const next = countSighting(before, item, this.silentFrom.get(item.agent));
    this.pieces.push(...next.pieces.map((piece) => ({ of, piece })));
    const { saw, seenAt, limitMs } = item;
    this.items.set(of, { item, counting: { saw, seenAt, limitMs, countedTo: next.countedTo } });
  }

  #back(agent: string, until: number): void {
    const from = this.silentFrom.get(agent);
    this.silentFrom.delete(agent);
    if (from === undefined) return;
    for (const [of, { item, counting }] of this.items) {
      if (item.agent !== agent) continue;
      const { pieces, countedTo } = countSilence(counting, { from, until });
      this.pieces.push(...pieces.map((piece) => ({ of, piece })));
      this.items.set(of, { item, counting: { ...counting, countedTo } });
    }
  }

  #silenceAll(): void {
    for (const agent of this.agents.keys()) {
      const seen = [...this.items.values()].filter(({ item }) => item.agent === agent);
      if (this.silentFrom.has(agent) || seen.length === 0) continue;
      this.silentFrom.set(agent, Math.max(...seen.map(({ item }) => item.seenAt)));
    }
  }

  #removeUser(name: string): void {
    this.users.delete(name);
    this.#endSessions(name);
    for (const [id, { owner }] of this.tokens) if (owner === name) this.tokens.delete(id);
    for (const [sha256, { of, kind }] of this.oneTimes) {
      if (of === name && kind === 'sign-in') this.oneTimes.delete(sha256);
    }
  }

  #endSessions(name: string): void {
    for (const [sha256, { user }] of this.sessions) {
      if (user === name) this.sessions.delete(sha256);
    }
  }

  #rollUps(agent: string, item: string, span: 'hour' | 'day'): unknown {
    const found = this.items.get(key(agent, item));
    if (found === undefined) return [];
    const sums = new Map<number, { okMs: number; degradedMs: number; failedMs: number }>();
    for (const { of, piece } of this.pieces) {
      if (of !== key(agent, item) || piece.span !== span) continue;
      const sum = sums.get(piece.at) ?? { okMs: 0, degradedMs: 0, failedMs: 0 };
      sum[`${piece.part}Ms`] += piece.ms;
      sums.set(piece.at, sum);
    }
    const counted = [...sums].map(([at, sum]) => ({ at, ...sum }));
    const silentFrom = this.silentFrom.get(agent);
    return rollUpsOf(found.counting, counted, { span, now: NOW, silentFrom, countMax: 1000 });
  }

  /** What is read of it, as JSON has it. */
  shown(): unknown {
    const transitions = this.transitions
      .map((each, n) => ({ each, n }))
      .sort(
        by(
          ({ each }) => -each.at,
          ({ n }) => -n,
        ),
      );
    const jobs = [...this.jobs.values()].sort(
      by(
        (each) => -each.askedAt,
        (each) => each.job,
      ),
    );
    const alerts = [...this.alerts.values()];
    const messages = [...this.messages.values()];
    return plain({
      agents: [...this.agents.values()].sort(by((each) => each.agent)),
      items: [...this.items.values()]
        .map(({ item }) => item)
        .sort(
          by(
            (each) => each.agent,
            (each) => each.item,
          ),
        ),
      words: [...this.words.values()].sort(
        by(
          (each) => each.agent,
          (each) => each.n,
        ),
      ),
      openJobs: jobs
        .filter(({ state }) => OPEN_JOBS.includes(state))
        .sort(
          by(
            (each) => each.askedAt,
            (each) => each.job,
          ),
        ),
      jobs,
      perAgent: AGENTS.map((agent) => ({
        transitions: transitions.map(({ each }) => each).filter((each) => each.agent === agent),
        lines: [...this.lines.values()]
          .filter((each) => each.agent === agent)
          .sort(by(({ n }) => n)),
        rollUps: ITEMS.map((item) => [
          this.#rollUps(agent, item, 'hour'),
          this.#rollUps(agent, item, 'day'),
        ]),
      })),
      maintenances: [...this.maintenances.values()].sort(
        by(
          (each) => -each.from,
          (each) => each.id,
        ),
      ),
      freezes: [...this.freezes.values()].sort(
        by(
          (each) => -each.at,
          (each) => each.id,
        ),
      ),
      openAlerts: alerts
        .filter(({ state }) => state !== 'closed')
        .sort(
          by(
            (each) => each.openedAt,
            (each) => each.id,
          ),
        ),
      alerts: alerts.sort(
        by(
          (each) => -each.changedAt,
          (each) => each.id,
        ),
      ),
      due: messages
        .filter((each) => (each.state === 'waiting' || each.state === 'sending') && isDue(each))
        .sort(
          by(
            (each) => each.dueAt,
            (each) => each.createdAt,
            (each) => each.id,
          ),
        ),
      rows: [...messages].sort(
        by(
          (each) => -each.createdAt,
          (each) => each.id,
        ),
      ),
      confirmations: [...this.confirmations.values()].sort(
        by(
          (each) => each.channel,
          (each) => each.person,
        ),
      ),
      users: [...this.users.values()].sort(by((each) => each.name)),
      tokens: [...this.tokens.values()].sort(
        by(
          (each) => each.owner,
          (each) => each.id,
        ),
      ),
      sessions: [...this.sessions.values()].sort(by((each) => each.sha256)),
      oneTimes: [...this.oneTimes.values()].sort(
        by(
          (each) => each.expiresAt,
          (each) => each.sha256,
        ),
      ),
      audit: this.audit.map(({ at, act, outcome }) => ({ at, act, outcome })),
    });
  }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The same, read from a state. */
export async function shownOf(state: ServerState): Promise<unknown> {
  const all = await state.load(unixMs(NOW));
  const perAgent = [];
  for (const agent of AGENTS) {
    const rollUps = [];
    for (const item of ITEMS) {
      const of = { agent, item, now: unixMs(NOW), countMax: 1000 };
      rollUps.push([
        await state.rollUps({ ...of, by: 'hour' }),
        await state.rollUps({ ...of, by: 'day' }),
      ]);
    }
    perAgent.push({
      transitions: await state.transitions({ agent, countMax: 1000 }),
      lines: await state.lines({ agent, countMax: 1000 }),
      rollUps,
    });
  }
  const sessions = await Promise.all(
    ['c', 'd', 'e'].map((digit) => state.session(digit.repeat(64))),
  );
  const audit = await state.audit({ after: 0, countMax: 1000 });
  return plain({
    agents: all.agents,
    items: [...all.items].sort(
      by(
        (each) => each.agent,
        (each) => each.item,
      ),
    ),
    words: all.words,
    openJobs: all.openJobs,
    jobs: await state.jobs({ countMax: 1000 }),
    perAgent,
    maintenances: await state.maintenances(1000),
    freezes: await state.freezes(1000),
    openAlerts: await state.openAlerts(),
    alerts: await state.alerts(1000),
    due: await state.due(unixMs(SPENT_AT), 1000),
    rows: await state.rows(1000),
    confirmations: await state.confirmations(),
    users: await state.users(),
    tokens: await state.tokens(),
    sessions: sessions.filter((each) => each !== undefined),
    oneTimes: await state.oneTimes(),
    audit: audit.map(({ at, act, outcome }) => ({ at, act, outcome })),
  });
}
