/**
 * Prometheus' Alertmanager, API v2. All that is open is said again each interval, with an end that
 * lies four intervals ahead; an end in the past is said only of what was seen to be well.
 */
import { sayMessage } from '../../base/say-name.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Alert, AlertMark, OutboxRow } from '../../tell/core/alert.ts';
import type { Channel, Sent } from '../../tell/shell/channel.ts';
import { compose, type Links, UNREADABLE } from './composed.ts';
import { callHttp, type HttpWay, sentOf } from './http-call.ts';

export interface AlertmanagerOptions {
  readonly name: string;
  readonly url: string;
  readonly everyMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly authorization?: string | undefined;
  readonly way: HttpWay;
  readonly links: Links;
  readonly clock: Pick<Clock, 'now'>;
}

/** So many intervals may be missed before it takes what it was told for over. */
const INTERVALS = 4;
const ALERTS_AT_ONCE = 500;
const SEVERITY: Readonly<Record<AlertMark, string>> = {
  ok: 'none',
  degraded: 'warning',
  unknown: 'warning',
  failed: 'critical',
};

export function alertmanagerChannel(options: AlertmanagerOptions): Channel {
  return {
    name: options.name,
    knowsRepeats: true,
    send: (row, signal) => send(options, row, signal),
    standing: {
      everyMs: options.everyMs,
      tell: (alerts, signal) => tellAll(options, alerts, signal),
    },
  };
}

async function send(
  options: AlertmanagerOptions,
  row: OutboxRow,
  signal: AbortSignal,
): Promise<Sent> {
  const composed = compose(row, options.links);
  if (composed === undefined) return UNREADABLE;
  const { alert = row.id, subject, mark, sentence, since, what, at } = composed.message;
  const isOver = what === 'closed' || what === 'test';
  const starts = isOver ? Math.min(since, at - 1000) : since;
  const said = { alert, subject, mark, sentence, since: unixMs(starts) };
  // A row that waited long says how it was then: what it opened is said anew by `tellAll`.
  return post(options, [postedOf(options, said, isOver ? at : endOf(options))], signal);
}

async function tellAll(
  options: AlertmanagerOptions,
  alerts: readonly Alert[],
  signal: AbortSignal,
): Promise<Sent> {
  let told: Sent = { outcome: 'sent', receipt: 'nothing is open' };
  for (let at = 0; at < alerts.length; at += ALERTS_AT_ONCE) {
    const some = alerts.slice(at, at + ALERTS_AT_ONCE).map(({ id, subject, mark, why, since }) => {
      return postedOf(
        options,
        { alert: id, subject, mark, sentence: sayMessage(why), since },
        endOf(options),
      );
    });
    told = await post(options, some, signal);
    if (told.outcome !== 'sent') return told;
  }
  return told;
}

function endOf({ clock, everyMs }: AlertmanagerOptions): UnixMs {
  return unixMs(clock.now() + INTERVALS * everyMs);
}

interface SaidAlert {
  readonly alert: string;
  readonly subject: string;
  readonly mark: AlertMark;
  readonly sentence: string;
  readonly since: UnixMs;
}

type Posted = Readonly<Record<'startsAt' | 'endsAt', string>> & {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** Its labels are its name there: what changes while it is open stands in the annotations. */
function postedOf({ labels }: AlertmanagerOptions, said: SaidAlert, endsAt: UnixMs): Posted {
  const { alert, subject, mark, sentence, since } = said;
  return {
    labels: { ...labels, alertname: 'Holdfast', subject, holdfast_alert: alert },
    annotations: { summary: sentence, mark, severity: SEVERITY[mark] },
    startsAt: isoTimeOf(since),
    endsAt: isoTimeOf(endsAt),
  };
}

async function post(
  { url, authorization, way }: AlertmanagerOptions,
  alerts: readonly Posted[],
  signal: AbortSignal,
): Promise<Sent> {
  const call = {
    method: 'POST' as const,
    url: `${url.replace(/\/+$/, '')}/api/v2/alerts`,
    headers: {
      'content-type': 'application/json',
      ...(authorization !== undefined && { authorization }),
    },
    body: canonicalJson(alerts),
  };
  return sentOf(await callHttp(call, way, signal), () => `${alerts.length} alerts`);
}
