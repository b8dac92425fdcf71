/**
 * From how things stand to alerts and messages (docs/design/028-say.md): one alert for one cause,
 * one message for one change, and an end only where something was seen to be well.
 */
import { largest } from '../../base/long-list.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { Alert, OutboxRow, Subject, TellChange } from './alert.ts';
import { findCauses } from './causes.ts';
import { hearersOf, newHearers } from './hearers.ts';
import { markRank, worseMark } from './mark-rank.ts';
import { alertMessage, messageJson, type MessageOf } from './message.ts';
import type { ChannelPolicy, TellPolicy } from './tell-policy.ts';

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
type Said = Pick<MessageOf, 'what' | 'was' | 'more' | 'isNewCause' | 'left'>;

class Decision {
  readonly #input: DecideInput;
  readonly #open: ReadonlyMap<string, Alert>;
  readonly #known: ReadonlyMap<string, Subject>;
  /** Of each cause, what follows from it and is not ok, sorted. */
  readonly #members = new Map<string, Subject[]>();
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
      // What is being worked on is nobody's news, whatever it rests on.
      const isMember = subject !== undefined && name !== cause && subject.isWorkedOn !== true;
      // Added to, not copied: a silent line has every item of every host below it.
      if (isMember) members.push(subject);
      this.#members.set(cause, members);
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
    const members = this.#members.get(subject.subject) ?? [];
    const own = subject.isWorkedOn === true ? 'ok' : subject.mark;
    const mark = members.map((member) => member.mark).reduce(worseMark, own);
    if (mark === 'ok') return;
    // It is told of for what rests on it: as soon as that would be by itself.
    const isForMembers = mark !== own;
    const waitMs = subject.restsOn.length === 0 && !isForMembers ? 0 : policy.groupMs;
    const delayMs = Math.max(waitMs, delayOf(policy, mark));
    const worst = members.filter((member) => member.mark === mark).map(beganAt);
    const since = isForMembers
      ? worst.reduce((first, each) => Math.min(first, each), Number.POSITIVE_INFINITY)
      : beganAt(subject);
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
        told: {
          ...{ at: now, mark, worst: worstOf(mark, members), failed: failedOf(members) },
          ...{ causes: causesWith([], subject), channels: [] },
        },
        flaps: isAgain ? before.flaps + 1 : 0,
      },
      subject,
      { what: 'opened' },
    );
  }

  /** Its subject is not ok still, or again. */
  #follow(alert: Alert, subject: Subject): void {
    const { now, policy } = this.#input;
    const members = this.#members.get(alert.subject) ?? [];
    const consequences = this.#consequences(alert, members);
    const isBack = alert.steadySince !== undefined;
    const isOther = subject.mark !== alert.mark || isBack;
    const isNewCause = this.#isNewCause(alert, subject);
    const next: Alert = {
      ...alert,
      mark: subject.mark,
      why: isOther || isNewCause ? subject.why : alert.why,
      consequences,
      changedAt: isOther || isNewCause ? now : alert.changedAt,
      flaps: isBack ? alert.flaps + 1 : alert.flaps,
      steadySince: undefined,
      // Who looks after one disk does not look after the next one.
      ...(isNewCause && { state: 'open' as const, acknowledgedBy: undefined }),
    };
    const said = isNewCause ? NEW_CAUSE : this.#toSay(next, subject, members);
    if (said !== undefined) {
      const { mark } = subject;
      const { told } = alert;
      const worst = worstOf(worseMark(told.worst, mark), members);
      const failed = said.what === 'reminder' ? told.failed : failedOf(members);
      const causes = causesWith(told.causes ?? [], subject);
      const { channels } = told;
      this.#say(
        { ...next, told: { at: now, mark, worst, failed, causes, channels } },
        subject,
        said,
      );
    } else if (subject.isWorkedOn !== true && newHearers(next, policy, now).length > 0) {
      this.#sayLate(next, subject);
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
    const isHeld = subject.isWorkedOn === true;
    // With its host it fell silent, and that is said of the host.
    const isSaidAbove = mark === 'unknown' && !isWorse && this.#isBelowTrouble(subject);
    if (mark !== told.mark && (isWorse || !isQuiet) && !isSaidAbove && !isHeld) {
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
    if (remindMs === undefined || isHeld) return undefined;
    // Told in the future: the clock was set back, and nobody waits until it is there again.
    const isTime = now >= told.at + remindMs || now < told.at - CLOCK_SLACK_MS;
    return isTime ? { what: 'reminder' } : undefined;
  }

  /** Of several things that one name stands for it is another one than people were told of. */
  #isNewCause({ told }: Alert, { mark, cause, isWorkedOn }: Subject): boolean {
    if (cause === undefined || mark === 'unknown' || isWorkedOn === true) return false;
    const causes = told.causes ?? [];
    if (causes.length === 0 || causes.length >= CAUSES_MAX) return false;
    return mark === told.mark && !causes.includes(cause);
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
    return Math.min(now, largest(times, 0));
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
    const left = alert.consequences.filter((name) => this.#isLeft(name)).length;
    this.#say(closed, subject, { what: 'closed', left });
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
    return Math.min(now, largest(times, 0));
  }

  #lastClosed(subject: string): Alert | undefined {
    return this.#input.alerts
      .filter((alert) => alert.subject === subject && alert.state === 'closed')
      .reduce<Alert | undefined>((newest, alert) => {
        return (newest?.closedAt ?? -1) > (alert.closedAt ?? 0) ? newest : alert;
      }, undefined);
  }

  #say(alert: Alert, subject: Subject, said: Said): void {
    const { now, policy } = this.#input;
    const { what } = said;
    const isLoud = what !== 'reminder' || alert.told.worst === 'failed';
    const heard = hearersOf(alert, policy);
    const to = [
      ...heard.filter(({ isQuiet }) => isLoud || isQuiet?.(now) !== true),
      // Who did not hear it begin is not told that it has ended.
      ...(what === 'closed' ? [] : newHearers(alert, policy, now)),
    ];
    const channels = [...new Set([...heard, ...to].map(({ name }) => name))].sort();
    const kept = { ...alert, told: { ...alert.told, channels } };
    this.#changes.push({ do: 'alert', alert: kept });
    this.#send(kept, subject, { said, to });
  }

  /** To those who are to hear of it only now: somebody else's hour, or nobody has acknowledged it. */
  #sayLate(alert: Alert, subject: Subject): void {
    const { now, policy } = this.#input;
    const late = newHearers(alert, policy, now);
    const names = [...hearersOf(alert, policy), ...late].map(({ name }) => name).sort();
    const kept = { ...alert, told: { ...alert.told, channels: names } };
    this.#changes.push({ do: 'alert', alert: kept });
    const isNext = ({ afterMs }: ChannelPolicy): boolean => afterMs !== undefined;
    this.#send(kept, subject, { said: { what: 'reminder' }, to: late.filter(isNext) });
    const others = late.filter((channel) => !isNext(channel));
    this.#send(kept, subject, { said: { what: 'opened' }, to: others });
  }

  #send(
    alert: Alert,
    subject: Subject,
    { said, to }: { readonly said: Said; readonly to: readonly ChannelPolicy[] },
  ): void {
    const { now, policy, newId } = this.#input;
    const members = this.#members.get(alert.subject) ?? [];
    const marks = members.map(({ mark }) => mark);
    const failed = failedOf(members);
    const body = messageJson(alertMessage({ alert, subject, marks, failed, now, policy, ...said }));
    for (const channel of to) {
      const row: OutboxRow = {
        ...{ id: newId(), channel: channel.name, alert: alert.id, what: said.what, body },
        ...{ createdAt: now, dueAt: now, attempts: 0, state: 'waiting' },
      };
      this.#changes.push({ do: 'outbox', row });
    }
  }
}

const UNKNOWN_RANK = markRank('unknown');
const NEW_CAUSE: Said = { what: 'changed', isNewCause: true };
/** Then it is only counted: whatever it is, people know of it. */
const CAUSES_MAX = 20;
/** A clock that is steered goes back by less. */
const CLOCK_SLACK_MS = 60_000;
const UNSEEN = 'nobody says anything about it any more';

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

function beganAt({ since, notOkSince }: Subject): number {
  return notOkSince ?? since;
}

/** Of what is told: what rests on it counts. */
function worstOf(mark: Subject['mark'], members: readonly Subject[]): Subject['mark'] {
  return members.some((member) => member.mark === 'failed') ? 'failed' : mark;
}

function causesWith(causes: readonly string[], { cause, mark }: Subject): readonly string[] {
  if (cause === undefined || mark === 'unknown' || causes.includes(cause)) return causes;
  return [...causes, cause];
}

function failedOf(members: readonly Subject[]): readonly string[] {
  return members.filter(({ mark }) => mark === 'failed').map(({ subject }) => subject);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
