/** A server's store as `decide` sees it, and what people would have been told. */
import { unixMs } from '../../src/base/units.ts';
import type { Alert, OutboxRow, Subject, TellChange } from '../../src/tell/core/alert.ts';
import { decide } from '../../src/tell/core/decide.ts';
import {
  type ChannelPolicy,
  type TellPolicy,
  USUAL_TELL,
} from '../../src/tell/core/tell-policy.ts';

const DAY_MS = 86_400_000;

export function channelPolicy(given: Partial<ChannelPolicy> & { name: string }): ChannelPolicy {
  return {
    person: given.name,
    from: 'degraded',
    testEveryMs: 7 * DAY_MS,
    confirmWithinMs: 15 * DAY_MS,
    ...given,
  };
}

export class TellWorld {
  readonly alerts = new Map<string, Alert>();
  readonly rows: OutboxRow[] = [];
  newRows: readonly OutboxRow[] = [];
  commits = 0;
  readonly policy: TellPolicy;
  nextId = 0;

  constructor(
    channels: readonly (Partial<ChannelPolicy> & { name: string })[] = [{ name: 'mail' }],
    policy: Partial<TellPolicy> = {},
  ) {
    this.policy = { ...USUAL_TELL, ...policy, channels: channels.map(channelPolicy) };
  }

  readonly newId = (): string => (this.nextId++).toString(16).padStart(32, '0');

  decide(ms: number, subjects: readonly Subject[]): readonly TellChange[] {
    const alerts = [...this.alerts.values()];
    const { policy, newId } = this;
    return decide({ subjects, alerts, now: unixMs(ms), policy, newId });
  }

  /** @returns what the first channel that heard it was told: `opened host:web1 failed` */
  step(ms: number, subjects: readonly Subject[]): readonly string[] {
    const changes = this.decide(ms, subjects);
    this.take(changes);
    const first = new Map(this.newRows.map((row) => [`${row.alert} ${row.what}`, row]));
    return [...first.values()].map(({ what, alert = '' }) => {
      const { subject, mark } = this.alerts.get(alert) ?? { subject: '?', mark: '?' };
      return `${what} ${subject} ${mark}`;
    });
  }

  take(changes: readonly TellChange[]): void {
    if (changes.length > 0) this.commits += 1;
    for (const change of changes) {
      if (change.do === 'alert') this.alerts.set(change.alert.id, change.alert);
    }
    this.newRows = changes.flatMap((change) => (change.do === 'outbox' ? [change.row] : []));
    this.rows.push(...this.newRows);
  }

  open(): readonly Alert[] {
    return [...this.alerts.values()].filter(({ state }) => state !== 'closed');
  }

  only(): Alert {
    const [alert, ...others] = this.open();
    if (alert === undefined || others.length > 0) throw new Error('not one alert is open');
    return alert;
  }

  lastSentence(): string {
    const body: unknown = JSON.parse(this.rows.at(-1)?.body ?? '{}');
    return typeof body === 'object' && body !== null && 'sentence' in body
      ? String(body.sentence)
      : '';
  }
}
