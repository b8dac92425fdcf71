/** What Prometheus, Icinga, Nagios, Checkmk or Zabbix know of a thing, as a probe of ours. */
import { found } from '../../watch/core/probes/found.ts';
import {
  judgeReading,
  type Read,
  readIcinga,
  readLivestatus,
  readPrometheus,
  readStatusDat,
  readZabbix,
} from '../../watch/core/monitoring/readings.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { MonitoringConfig } from '../../wire/agent/monitoring-config.ts';
import { boundedProbe } from '../probes/bounded-probe.ts';
import { type ProbeTime, probeTime } from '../probes/probe-time.ts';
import { askJson, askLivestatus, NotRead, readStatusFile } from './ask.ts';

type Of<K extends MonitoringConfig['kind']> = Extract<MonitoringConfig, { readonly kind: K }>;

const SOURCES: Readonly<Record<MonitoringConfig['kind'], string>> = {
  prometheus: 'Prometheus',
  icinga: 'Icinga',
  'nagios-status': 'Nagios',
  livestatus: 'Livestatus',
  zabbix: 'Zabbix',
};
const EVERY_MS = 60_000;
const TIMEOUT_MS = 10_000;
const AGE_MAX_MS = 600_000;

export function monitoringProbe(
  name: string,
  config: MonitoringConfig,
  time: ProbeTime = probeTime,
): Probe {
  const source = SOURCES[config.kind];
  return boundedProbe({
    ...{ kind: config.kind, name, everyMs: config.every ?? EVERY_MS },
    timeoutMs: config.limit ?? TIMEOUT_MS,
    look: async (signal) => {
      try {
        const read = await readOf(config, signal);
        const ageMaxMs = config['age-max'] ?? AGE_MAX_MS;
        return judgeReading(read, { nowMs: time.nowMs(), ageMaxMs, source });
      } catch (error) {
        if (!(error instanceof NotRead)) throw error;
        return found('unreadable', `${source}: ${error.message}`);
      }
    },
  });
}

async function readOf(config: MonitoringConfig, signal: AbortSignal): Promise<Read> {
  switch (config.kind) {
    case 'prometheus':
      return await fromPrometheus(config, signal);
    case 'icinga': {
      const { host, service } = config;
      const object =
        service === undefined ? `hosts/${part(host)}` : `services/${part(host)}!${part(service)}`;
      return readIcinga(await askJson(config, { path: `/v1/objects/${object}` }, signal));
    }
    case 'nagios-status':
      return readStatusDat(readStatusFile(config.file), { ...config, service: config.service });
    case 'livestatus':
      return await fromLivestatus(config, signal);
    case 'zabbix':
      return await fromZabbix(config, signal);
  }
}

async function fromPrometheus(config: Of<'prometheus'>, signal: AbortSignal): Promise<Read> {
  const ask = (query: string): Promise<unknown> =>
    askJson(config, { path: `/api/v1/query?query=${part(query)}` }, signal);
  const [values, times] = [await ask(config.query), await ask(`timestamp(${config.query})`)];
  return readPrometheus(values, times, {
    impairedAbove: config['impaired-above'],
    brokenAbove: config['broken-above'],
    impairedBelow: config['impaired-below'],
    brokenBelow: config['broken-below'],
  });
}

async function fromLivestatus(config: Of<'livestatus'>, signal: AbortSignal): Promise<Read> {
  const { socket, host, service } = config;
  const isHost = service === undefined;
  const of = isHost
    ? ['GET hosts', `Filter: name = ${host}`]
    : ['GET services', `Filter: host_name = ${host}`, `Filter: description = ${service}`];
  const rest = ['Columns: state last_check plugin_output', 'OutputFormat: json'];
  return readLivestatus(await askLivestatus(socket, [...of, ...rest], signal), isHost);
}

async function fromZabbix(config: Of<'zabbix'>, signal: AbortSignal): Promise<Read> {
  const call = (method: string, params: object): Promise<unknown> =>
    askJson(
      config,
      { path: '/api_jsonrpc.php', body: { jsonrpc: '2.0', id: 1, method, params } },
      signal,
    );
  const triggerids = [config.trigger];
  const output = ['description', 'value', 'state', 'status', 'error'];
  const trigger = await call('trigger.get', { triggerids, output, expandDescription: true });
  const items = await call('item.get', { triggerids, output: ['lastclock', 'state', 'status'] });
  return readZabbix(trigger, items);
}

function part(text: string): string {
  return encodeURIComponent(text);
}
