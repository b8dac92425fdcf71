/**
 * From how things stand to alerts and messages (docs/design/028-say.md): one alert for one cause,
 * one message for one change, and an end only where something was seen to be well.
 */
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { Alert, OutboxRow, Subject, TellChange } from './alert.ts';
import { findCauses } from './causes.ts';
import { markRank, worseMark } from './mark-rank.ts';
import { alertMessage, messageJson, type MessageOf } from './message.ts';
import type { TellPolicy } from './tell-policy.ts';

export interface DecideInput {
  /** Everything that is watched, ok or not. What is not handed over is not known to be well. */
  readonly subjects: readonly Subject[];
  /** All that are not closed, and those closed not long ago. */
  readonly alerts: readonly Alert[];
  readonly now: UnixMs;
  readonly policy: TellPolicy;
  /** 32 hex, never the same twice. */
  readonly newId: () => string;
}

/**
 * What is to be committed now, and nothing where it was called with the same before. To be called
 * after each transition, and every few seconds, since delays run out without one.
 */
export function decide(input: DecideInput): readonly TellChange[] {
  const alerts = new Map(input.alerts.map((alert) => [alert.id, alert]));
  const changed = new Map<string, TellChange>();
  const rows: TellChange[] = [];
  // Of what was opened just now something may be a consequence that waited to see whose it is.
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const changes = new Decision({ ...input, alerts: [...alerts.values()] }).changes();
    if (changes.length === 0) break;
    for (const change of changes) {
      if (change.do !== 'alert') {
        rows.push(change);
        continue;
      }
      alerts.set(change.alert.id, change.alert);
      changed.set(change.alert.id, change);
    }
  }
  return [...changed.values(), ...rows];
}

const ROUNDS_MAX = 8;

/** What is to be said of an alert. */
type Said = Pick<MessageOf, 'what' | 'was' | 'more'>;

class Decision {
  readonly #input: DecideInput;
  readonly #open: ReadonlyMap<string, Alert>;
  readonly #known: ReadonlyMap<string, Subject>;
  /** Of each cause, what follows from it and is not ok, sorted. */
  readonly #members = new Map<string, readonly Subject[]>();
  readonly #changes: TellChange[] = [];
  readonly #opened = new Set<string>();

  constructor(input: DecideInput) {
    this.#input = input;
    const byAge = input.alerts
      .filter(({ state }) => state !== 'closed')
      .sort((a, b) => b.openedAt - a.openedAt || (a.id < b.id ? 1 : -1));
    this.#open = new Map(byAge.map((alert) => [alert.subject, alert]));
    this.#known = knownSubjects(input, this.#open);
    const { groupMs } = input.policy;
    const causes = findCauses({ known: this.#known, open: this.#open, groupMs });
    const names = [...causes.keys()].sort();
    for (const name of names) {
      const cause = causes.get(name) ?? name;
      const subject = this.#known.get(name);
      const members = this.#members.get(cause) ?? [];
      const isMember = subject !== undefined && name !== cause;
      this.#members.set(cause, isMember ? [...members, subject] : members);
    }
  }

  changes(): readonly TellChange[] {
    for (const name of [...this.#members.keys()].sort()) {
      const subject = this.#known.get(name);
      if (subject !== undefined && !this.#open.has(name)) this.#openWhenDue(subject);
    }
    for (const name of [...this.#open.keys()].sort()) {
      const subject = this.#known.get(name);
      const alert = this.#open.get(name);
      if (subject === undefined || alert === undefined) continue;
      if (subject.mark === 'ok') this.#recover(alert, subject);
      else this.#follow(alert, subject);
    }
    return this.#changes;
  }

  #openWhenDue(subject: Subject): void {
    const { now, policy } = this.#input;
    const waitMs = subject.restsOn.length === 0 ? 0 : policy.groupMs;
    const delayMs = Math.max(waitMs, delayOf(policy, subject.mark));
    const since = subject.notOkSince ?? subject.since;
    const begin = Math.max(since, this.#releasedAt(subject));
    // A time that lies ahead of the clock is no reason to wait.
    if (now >= begin && now < begin + delayMs) return;
    this.#openAlert(subject);
  }

  #openAlert(subject: Subject): void {
    if (this.#opened.has(subject.subject)) return;
    this.#opened.add(subject.subject);
    const { now, newId, policy } = this.#input;
    const members = this.#members.get(subject.subject) ?? [];
    const before = this.#lastClosed(subject.subject);
    const isAgain = before !== undefined && now - (before.closedAt ?? 0) < policy.flapWindowMs;
    const { mark } = subject;
    this.#say(
      {
        id: newId(),
        subject: subject.subject,
        mark,
        why: subject.why,
        consequences: members.map((member) => member.subject),
        openedAt: now,
        changedAt: now,
        state: 'open',
        since: unixMs(Math.min(subject.notOkSince ?? subject.since, now)),
        told: { at: now, mark, worst: mark, failed: failedOf(members) },
        flaps: isAgain ? before.flaps + 1 : 0,
      },
      subject,
      { what: 'opened' },
    );
  }

  /** Its subject is not ok still, or again. */
  #follow(alert: Alert, subject: Subject): void {
    const { now } = this.#input;
    const members = this.#members.get(alert.subject) ?? [];
    const consequences = this.#consequences(alert, members);
    const isBack = alert.steadySince !== undefined;
    const isOther = subject.mark !== alert.mark || isBack;
    const next: Alert = {
      ...alert,
      mark: subject.mark,
      why: isOther ? subject.why : alert.why,
      consequences,
      changedAt: isOther ? now : alert.changedAt,
      flaps: isBack ? alert.flaps + 1 : alert.flaps,
      steadySince: undefined,
    };
    const said = this.#toSay(next, subject, members);
    if (said !== undefined) {
      const { mark } = subject;
      const { told } = alert;
      const worst = worseMark(told.worst, mark);
      const failed = said.what === 'reminder' ? told.failed : failedOf(members);
      this.#say({ ...next, told: { at: now, mark, worst, failed } }, subject, said);
    } else if (isOther || !isSameList(consequences, alert.consequences)) {
      this.#changes.push({ do: 'alert', alert: next });
    }
  }

  #toSay(alert: Alert, subject: Subject, members: readonly Subject[]): Said | undefined {
    const { now, policy } = this.#input;
    const { told, mark } = alert;
    const isKnown = alert.state === 'acknowledged';
    const isWorse = markRank(mark) > markRank(told.mark);
    const isQuiet = isKnown || alert.flaps >= policy.flapCount;
    // With its host it fell silent, and that is said of the host.
    const isSaidAbove = mark === 'unknown' && !isWorse && this.#isBelowTrouble(subject);
    if (mark !== told.mark && (isWorse || !isQuiet) && !isSaidAbove) {
      const begin = Math.max(subject.since, mark === 'unknown' ? this.#backAt(subject) : 0);
      const isDue = now < begin || now >= begin + delayOf(policy, mark);
      return isDue ? { what: 'changed', was: told.mark } : undefined;
    }
    if (isQuiet) return undefined;
    // What fell with it belongs to the first message, whether or not it was seen in time for it.
    const more = members.filter(
      ({ subject: name, mark: each, since }) =>
        each === 'failed' && !told.failed.includes(name) && since > alert.since + policy.groupMs,
    );
    const isWaiting = more.some(({ since }) => now >= since && now < since + policy.groupMs);
    if (more.length > 0 && !isWaiting) {
      return { what: 'changed', more: more.map(({ subject: name }) => name) };
    }
    const { remindMs } = policy;
    const isTime = remindMs !== undefined && now >= told.at + remindMs;
    return isTime ? { what: 'reminder' } : undefined;
  }

  #isBelowTrouble({ restsOn }: Subject): boolean {
    return restsOn.some((name) => markRank(this.#known.get(name)?.mark ?? 'ok') >= UNKNOWN_RANK);
  }

  /** Since when what it rests on is ok again, where people were told that it was not. */
  #backAt({ restsOn }: Subject): number {
    const { now } = this.#input;
    const times = restsOn.map((name) => {
      const isEnding = this.#open.has(name) && this.#known.get(name)?.mark === 'ok';
      return isEnding ? now : (this.#lastClosed(name)?.closedAt ?? 0);
    });
    return Math.min(now, Math.max(0, ...times));
  }

  /** Its subject was seen to be ok. */
  #recover(alert: Alert, subject: Subject): void {
    const { now, policy } = this.#input;
    const since = Math.min(alert.steadySince ?? now, now);
    const isSteady = alert.steadySince !== undefined && now - since >= policy.steadyMs;
    if (alert.flaps >= policy.flapCount && !isSteady) {
      const consequences = alert.consequences.filter((name) => this.#isLeft(name));
      if (since === alert.steadySince && isSameList(consequences, alert.consequences)) return;
      const steady = { ...alert, consequences, steadySince: unixMs(since) };
      this.#changes.push({ do: 'alert', alert: steady });
      return;
    }
    const { told } = alert;
    const closed: Alert = {
      ...alert,
      mark: 'ok',
      why: subject.why,
      changedAt: now,
      closedAt: now,
      state: 'closed',
      steadySince: undefined,
      told: { ...told, at: now, mark: 'ok' },
    };
    this.#say(closed, subject, { what: 'closed' });
    for (const name of alert.consequences) this.#keepUnseen(name);
  }

  /** What was lost sight of below a cause that is gone is not thereby well. */
  #keepUnseen(name: string): void {
    if (this.#known.has(name)) return;
    const { now } = this.#input;
    this.#openAlert({ subject: name, mark: 'unknown', why: UNSEEN, since: now, restsOn: [] });
  }

  /** Whether it still follows from an alert whose subject is ok: nobody else has it yet. */
  #isLeft(name: string): boolean {
    const isElsewhere = this.#open.has(name) || this.#opened.has(name);
    return this.#known.get(name)?.mark !== 'ok' && !isElsewhere;
  }

  #consequences(alert: Alert, members: readonly Subject[]): readonly string[] {
    const unseen = alert.consequences.filter((name) => !this.#known.has(name));
    return [...new Set([...members.map(({ subject }) => subject), ...unseen])].sort();
  }

  /** Since when it is not explained any more by a cause that was told of. */
  #releasedAt({ subject }: Subject): number {
    const { alerts, now } = this.#input;
    const times = alerts
      .filter(({ consequences }) => consequences.includes(subject))
      .map(({ state, closedAt, steadySince }) =>
        state === 'closed' ? (closedAt ?? 0) : (steadySince ?? now),
      );
    return Math.min(now, Math.max(0, ...times));
  }

  #lastClosed(subject: string): Alert | undefined {
    return this.#input.alerts
      .filter((alert) => alert.subject === subject && alert.state === 'closed')
      .reduce<Alert | undefined>((newest, alert) => {
        return (newest?.closedAt ?? -1) > (alert.closedAt ?? 0) ? newest : alert;
      }, undefined);
  }

  #say(alert: Alert, subject: Subject, said: Said): void {
    const { now, policy, newId } = this.#input;
    this.#changes.push({ do: 'alert', alert });
    const marks = (this.#members.get(alert.subject) ?? []).map(({ mark }) => mark);
    const body = messageJson(alertMessage({ alert, subject, marks, now, policy, ...said }));
    for (const channel of policy.channels) {
      // Nobody is told by a channel that it does not work.
      if (alert.subject === channelSubject(channel.name)) continue;
      if (markRank(alert.told.worst) < markRank(channel.from)) continue;
      const row: OutboxRow = {
        id: newId(),
        channel: channel.name,
        alert: alert.id,
        what: said.what,
        body,
        createdAt: now,
        dueAt: now,
        attempts: 0,
        state: 'waiting',
      };
      this.#changes.push({ do: 'outbox', row });
    }
  }
}

const UNKNOWN_RANK = markRank('unknown');
const UNSEEN = 'nobody says anything about it any more';

/** As a subject, so that what fails to tell is itself told of. */
export function channelSubject(channel: string): string {
  return `channel:${channel}`;
}

/** Each name once, the worst of it; and what an alert is open about though nobody hands it over. */
function knownSubjects(
  { subjects, now }: DecideInput,
  open: ReadonlyMap<string, Alert>,
): ReadonlyMap<string, Subject> {
  const known = new Map<string, Subject>();
  for (const subject of subjects) {
    const other = known.get(subject.subject);
    if (other === undefined || isWorse(subject, other)) known.set(subject.subject, subject);
  }
  for (const { subject, mark, changedAt } of open.values()) {
    if (known.has(subject)) continue;
    const since = mark === 'unknown' ? changedAt : now;
    known.set(subject, { subject, mark: 'unknown', why: UNSEEN, since, restsOn: [] });
  }
  return known;
}

function isWorse(a: Subject, b: Subject): boolean {
  const byMark = markRank(a.mark) - markRank(b.mark);
  if (byMark !== 0) return byMark > 0;
  return a.since === b.since ? a.why < b.why : a.since < b.since;
}

function delayOf({ delayMs }: TellPolicy, mark: Subject['mark']): number {
  return mark === 'ok' ? 0 : delayMs[mark];
}

function failedOf(members: readonly Subject[]): readonly string[] {
  return members.filter(({ mark }) => mark === 'failed').map(({ subject }) => subject);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
