/**
 * Icinga 2: one service there stands for all that is open here, told at each message and each
 * interval, with an end: when nothing comes any more Icinga says so by itself.
 */
import { sayMessage } from '../../base/say-name.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { Alert, AlertMark } from '../../tell/core/alert.ts';
import { markRank } from '../../tell/core/mark-rank.ts';
import { sayThing } from '../../tell/core/say-thing.ts';
import type { Channel, Sent } from '../../tell/shell/channel.ts';
import { callHttp, type HttpWay, sentOf } from './http-call.ts';

export interface IcingaOptions {
  readonly name: string;
  readonly url: string;
  readonly authorization: string;
  readonly host: string;
  readonly service: string;
  readonly everyMs: number;
  readonly way: HttpWay;
  /** What is open now: of several alerts the worst counts, whichever is told of. */
  readonly openAlerts: (() => Promise<readonly Alert[]>) | undefined;
}

const EXIT: Readonly<Record<AlertMark, number>> = { ok: 0, degraded: 1, failed: 2, unknown: 3 };
/** So many intervals may be missed before what it was told is overdue. */
const INTERVALS = 4;
const LINES_MAX = 50;

export function icingaChannel(options: IcingaOptions): Channel {
  return {
    name: options.name,
    // A result that comes twice is the same state.
    knowsRepeats: true,
    send: async (_row, signal) => post(options, stateOf(await options.openAlerts?.()), signal),
    standing: {
      everyMs: options.everyMs,
      tell: (alerts, signal) => post(options, stateOf(alerts), signal),
    },
  };
}

async function post(
  { url, authorization, host, service, everyMs, way }: IcingaOptions,
  { mark, text }: ServiceState,
  signal: AbortSignal,
): Promise<Sent> {
  const call = {
    method: 'POST' as const,
    url: `${url.replace(/\/+$/, '')}/v1/actions/process-check-result`,
    headers: { accept: 'application/json', 'content-type': 'application/json', authorization },
    body: canonicalJson({
      type: 'Service',
      // By variables: no name can become a part of the expression.
      filter: 'host.name==h && service.name==s',
      filter_vars: { h: host, s: service },
      exit_status: EXIT[mark],
      plugin_output: text,
      check_source: 'holdfast',
      ttl: Math.ceil((INTERVALS * everyMs) / 1000),
    }),
  };
  const answer = await callHttp(call, way, signal);
  const sent = sentOf(answer, () => `${service} on ${host}: ${mark}`);
  if (sent.outcome !== 'sent' || answer.status === undefined) return sent;
  // 200 without a result: no service fitted.
  if (/"results"\s*:\s*\[\s*\]/.test(answer.text)) {
    return { outcome: 'failed', why: `there is no service ${service} on ${host}` };
  }
  return sent;
}

interface ServiceState {
  readonly mark: AlertMark;
  readonly text: string;
}

function stateOf(alerts: readonly Alert[] | undefined): ServiceState {
  // Whoever tests a channel by hand does not know what is open, and says so: never ok.
  if (alerts === undefined) return { mark: 'unknown', text: 'a test: what is open follows' };
  const worstFirst = [...alerts].sort((a, b) => markRank(b.mark) - markRank(a.mark));
  const [worst] = worstFirst;
  if (worst === undefined) return { mark: 'ok', text: 'no alert is open' };
  const lines = worstFirst
    .slice(0, LINES_MAX)
    .map(({ subject, mark, why }) => `${mark}: ${sayThing(subject)}: ${sayMessage(why)}`);
  // A steady one that is ok already is still open: nothing here says ok before it is closed.
  const mark = worst.mark === 'ok' ? 'unknown' : worst.mark;
  return { mark, text: [`${countOf(alerts.length, 'alert')} open`, ...lines].join('\n') };
}
