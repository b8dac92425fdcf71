/**
 * What another monitoring says of a thing, read as evidence with the age that it gives itself. The
 * forms are those of the documents of each: Prometheus HTTP API (instant queries), Icinga 2 REST API
 * (objects/services), Nagios Core status.dat, Livestatus (JSON), Zabbix JSON-RPC (trigger.get, item.get).
 */
import { smallest } from '../../../base/long-list.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { durationMs } from '../../../base/units.ts';
import type { ItemSaw } from '../agent/messages.ts';
import { type Found, found, quoted } from '../probes/found.ts';

export interface Reading {
  readonly saw: ItemSaw;
  /** As the source put it. */
  readonly said: string;
  /** When the source itself looked, in milliseconds since 1970. */
  readonly atMs: number;
}

/** Or why there is none. */
export type Read = Reading | { readonly trouble: string };

export interface ReadingLimits {
  readonly nowMs: number;
  /** What the source saw counts for so long. */
  readonly ageMaxMs: number;
  /** `Icinga`: whose word it is. */
  readonly source: string;
}

/** Clocks of two machines differ a little; more is no age. */
const AHEAD_MAX_MS = 60_000;

/** A source that has stopped says nothing: what it said last is no word on now. */
export function judgeReading(read: Read, { nowMs, ageMaxMs, source }: ReadingLimits): Found {
  if ('trouble' in read) return found('unreadable', `${source}: ${read.trouble}`);
  if (!Number.isFinite(read.atMs)) {
    return found('unreadable', `${source} says no time at which it looked`);
  }
  const ageMs = nowMs - read.atMs;
  if (ageMs < -AHEAD_MAX_MS) {
    return found('unreadable', `${source} says that it looked in the future: one clock is wrong`);
  }
  const age = formatDuration(durationMs(Math.max(0, ageMs)));
  const detail = { source, ageMs: Math.max(0, Math.round(ageMs)) };
  if (ageMs > ageMaxMs) {
    const why = `${source} last looked ${age} ago, and is no longer evidence: ${quoted(read.said)}`;
    return found('unreadable', why, detail);
  }
  return found(read.saw, `${source}, ${age} ago: ${quoted(read.said)}`, detail);
}

/** As Nagios counts. What it does not know is not known here. */
export function sawOfState(state: unknown): ItemSaw | undefined {
  const number = typeof state === 'string' && /^[0-3]$/.test(state) ? Number(state) : state;
  if (number === 0) return 'healthy';
  if (number === 1) return 'impaired';
  if (number === 2) return 'broken';
  return number === 3 ? 'unreadable' : undefined;
}

export interface Bounds {
  readonly impairedAbove?: number | undefined;
  readonly brokenAbove?: number | undefined;
  readonly impairedBelow?: number | undefined;
  readonly brokenBelow?: number | undefined;
}

/** @param values answer to the selector  @param times answer to `timestamp(SELECTOR)`: its samples' own age */
export function readPrometheus(values: unknown, times: unknown, bounds: Bounds): Read {
  const seen = vectorOf(values);
  const stamps = vectorOf(times);
  if (typeof seen === 'string') return { trouble: seen };
  if (typeof stamps === 'string') return { trouble: stamps };
  // Nothing there is no news that is good: its target may be gone.
  if (seen.length === 0 || stamps.length !== seen.length)
    return { trouble: 'it has no such series now' };
  const judged = seen.map((value) => ({ value, saw: sawOfValue(value, bounds) }));
  const order: readonly ItemSaw[] = ['broken', 'unreadable', 'impaired', 'healthy'];
  const [worst] = judged.toSorted((a, b) => order.indexOf(a.saw) - order.indexOf(b.saw));
  if (worst === undefined) return { trouble: 'it has no such series now' };
  const said = seen.length === 1 ? `${worst.value}` : `${worst.value}, the worst of ${seen.length}`;
  return { saw: worst.saw, said, atMs: smallest(stamps) * 1000 };
}

function sawOfValue(value: number, bounds: Bounds): ItemSaw {
  if (!Number.isFinite(value)) return 'unreadable';
  const { impairedAbove, brokenAbove, impairedBelow, brokenBelow } = bounds;
  const isBeyond = (above: number | undefined, below: number | undefined): boolean =>
    (above !== undefined && value > above) || (below !== undefined && value < below);
  if (isBeyond(brokenAbove, brokenBelow)) return 'broken';
  return isBeyond(impairedAbove, impairedBelow) ? 'impaired' : 'healthy';
}

/** Values of an instant vector; else why there are none. */
function vectorOf(answer: unknown): readonly number[] | string {
  const fields = fieldsOf(answer);
  if (fields.status !== 'success')
    return `it answered ${quoted(textOf(fields.error) ?? 'no success')}`;
  const data = fieldsOf(fields.data);
  if (data.resultType !== 'vector' || !Array.isArray(data.result)) return 'its answer is no vector';
  const samples = data.result.map((each: unknown) => {
    const { value } = fieldsOf(each);
    const text: unknown = Array.isArray(value) ? value[1] : undefined;
    return typeof text === 'string' && text.trim() !== ''
      ? Number(text.replace(/^\+?Inf$/, 'Infinity'))
      : undefined;
  });
  return samples.every((each) => each !== undefined)
    ? samples
    : 'its answer has a sample without a value';
}

/** `GET /v1/objects/services/HOST!SERVICE`, or `/v1/objects/hosts/HOST`. */
export function readIcinga(answer: unknown): Read {
  const { results } = fieldsOf(answer);
  if (!Array.isArray(results) || results.length !== 1)
    return { trouble: 'it knows no such object' };
  const attrs = fieldsOf(fieldsOf(results[0]).attrs);
  const isHost = attrs.type === 'Host';
  const state = isHost && attrs.state === 1 ? 2 : attrs.state;
  const saw = sawOfState(state);
  // -1: never checked.
  if (saw === undefined || typeof attrs.last_check !== 'number' || attrs.last_check <= 0) {
    return { trouble: 'it has not checked it yet' };
  }
  const output = textOf(fieldsOf(attrs.last_check_result).output) ?? '';
  return {
    saw,
    said: output === '' ? `state ${String(attrs.state)}` : output,
    atMs: attrs.last_check * 1000,
  };
}

/** A block of Nagios' status.dat. @param service undefined: the host itself */
export function readStatusDat(
  text: string,
  { host, service }: { readonly host: string; readonly service: string | undefined },
): Read {
  const kind = service === undefined ? 'hoststatus' : 'servicestatus';
  for (const block of text.matchAll(/^(\w+) \{\n([\s\S]*?)^\s*\}/gm)) {
    if (block[1] !== kind) continue;
    const values = new Map(
      (block[2] ?? '').split('\n').map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, Math.max(0, at)).trim(), line.slice(at + 1)] as const;
      }),
    );
    if (values.get('host_name') !== host) continue;
    if (service !== undefined && values.get('service_description') !== service) continue;
    return readChecked({
      state: values.get('current_state'),
      isHost: service === undefined,
      at: Number(values.get('last_check')),
      output: values.get('plugin_output'),
    });
  }
  return { trouble: 'it knows no such object' };
}

/** `GET services`, columns `state last_check plugin_output`, JSON. */
export function readLivestatus(answer: unknown, isHost: boolean): Read {
  const row: unknown = Array.isArray(answer) && answer.length === 1 ? answer[0] : undefined;
  if (!Array.isArray(row)) return { trouble: 'it knows no such object' };
  const [state, at, output] = row as readonly unknown[];
  return readChecked({ state, isHost, at: Number(at), output: textOf(output) });
}

function readChecked(given: {
  readonly state: unknown;
  readonly isHost: boolean;
  readonly at: number;
  readonly output: string | undefined;
}): Read {
  const { state, isHost, at, output = '' } = given;
  // Hosts are up, down or unreachable: 0, 1, 2.
  const seen = sawOfState(
    isHost && Number(state) === 1 ? 2 : isHost && Number(state) === 2 ? 3 : state,
  );
  if (seen === undefined || !(at > 0)) return { trouble: 'it has not checked it yet' };
  return { saw: seen, said: output === '' ? `state ${String(state)}` : output, atMs: at * 1000 };
}

/** Answers to trigger.get and item.get: a trigger is as old as the oldest value that it rests on. */
export function readZabbix(triggers: unknown, items: unknown): Read {
  const trouble = errorOf(triggers) ?? errorOf(items);
  if (trouble !== undefined) return { trouble };
  const [trigger] = listOf(triggers);
  const all = listOf(items);
  if (trigger === undefined || all.length === 0) return { trouble: 'it knows no such trigger' };
  const { value, state, status, description, error } = trigger;
  if (String(status) !== '0') return { trouble: 'the trigger is switched off there' };
  if (String(state) !== '0') return { trouble: `it cannot tell: ${quoted(textOf(error) ?? '')}` };
  if (all.some((item) => String(item.state) !== '0' || String(item.status) !== '0')) {
    return { trouble: 'it cannot read what the trigger rests on' };
  }
  const clocks = all.map(({ lastclock }) => Number(lastclock));
  if (clocks.some((clock) => !(clock > 0))) return { trouble: 'it has no value yet' };
  const said = textOf(description) ?? '';
  if (String(value) !== '0' && String(value) !== '1') return { trouble: 'its answer has no value' };
  return {
    saw: String(value) === '0' ? 'healthy' : 'broken',
    said,
    atMs: smallest(clocks) * 1000,
  };
}

function errorOf(answer: unknown): string | undefined {
  const { error, result } = fieldsOf(answer);
  if (error !== undefined)
    return `it answered ${quoted(textOf(fieldsOf(error).data) ?? 'an error')}`;
  return Array.isArray(result) ? undefined : 'its answer is no list';
}

function listOf(answer: unknown): readonly Fields[] {
  const { result } = fieldsOf(answer);
  return Array.isArray(result) ? result.map(fieldsOf) : [];
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
