import type { ProbeConfig } from '../../wire/agent/probe-config.ts';
import { CERTIFICATE_LIMITS } from '../../watch/core/probes/certificate.ts';
import { SPACE_LIMITS } from '../../watch/core/probes/file-system-space.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { accountNamed, isRoot } from '../engines/account.ts';
import { monitoringProbe } from '../monitoring/monitoring-probe.ts';
import { backupProbe } from './backup.ts';
import { lvmProbe, smartProbe } from './block-volumes.ts';
import { certificateProbe } from './certificate.ts';
import { dnsProbe } from './dns.ts';
import { spaceProbe } from './file-system-space.ts';
import { glusterProbe } from './gluster.ts';
import { guestProbe } from './guest.ts';
import { httpProbe } from './http-content.ts';
import { pluginProbe } from './nagios-plugin.ts';
import { pathProbe } from './path-there.ts';
import { postgresProbe } from './postgres.ts';
import { tcpProbe } from './tcp-port.ts';

const MINUTE = 60_000;
const HTTP_BYTES_MAX = 1024 * 1024;
const REDIRECTS_MAX = 3;
const HTTPS_PORT = 443;
const SHRINK_MAX = 0.5;
const LAG_MAX_MS = 5 * MINUTE;

type Of<K extends ProbeConfig['kind']> = Extract<ProbeConfig, { readonly kind: K }>;

/** The probe that a line of `probes:` stands for. @returns undefined where others see to it */
export function configuredProbe(name: string, config: ProbeConfig): Probe | undefined {
  switch (config.kind) {
    case 'http':
      return configuredHttp(name, config);
    case 'tcp':
      return tcpProbe({ ...timed(name, config), ...config, expect: config.expect });
    case 'tls':
      return configuredTls(name, config);
    case 'path':
      return configuredPath(name, config);
    case 'space':
      return configuredSpace(config);
    case 'plugin':
      return pluginProbe({
        ...timed(name, config, { everyMs: MINUTE, timeoutMs: 30_000 }),
        plugin: config.plugin,
        args: config.args ?? [],
        reads: config.reads ?? [],
        ageMaxMs: config['age-max'] ?? 10 * MINUTE,
      });
    case 'dns':
      return dnsProbe({
        ...timed(name, config, { everyMs: 5 * MINUTE, timeoutMs: 10_000 }),
        asked: config.name,
        type: config.type ?? 'A',
        expect: config.expect ?? [],
        server: config.server,
      });
    case 'backup':
      return configuredBackup(name, config);
    case 'postgres':
      return configuredPostgres(name, config);
    case 'guest':
      return guestProbe({
        ...timed(name, config, { everyMs: MINUTE, timeoutMs: 20_000 }),
        guest: config.guest,
        uri: config.uri ?? 'qemu:///system',
      });
    case 'smart':
      return smartProbe(config.disk);
    case 'lvm':
      return lvmProbe();
    case 'gluster':
      return glusterProbe(config.volume);
    case 'prometheus':
    case 'icinga':
    case 'nagios-status':
    case 'livestatus':
    case 'zabbix':
      return monitoringProbe(name, config);
    case 'ping':
      // It is pinged, and looks at nothing: whoever receives the pings judges it.
      return undefined;
  }
}

interface Timed {
  readonly name: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

function timed(
  name: string,
  config: { readonly every?: number | undefined; readonly limit?: number | undefined },
  defaults = { everyMs: MINUTE, timeoutMs: 10_000 },
): Timed {
  return {
    name,
    everyMs: config.every ?? defaults.everyMs,
    timeoutMs: config.limit ?? defaults.timeoutMs,
  };
}

function configuredHttp(name: string, config: Of<'http'>): Probe {
  return httpProbe({
    ...timed(name, config),
    url: config.url,
    wanted: {
      statuses: config.status ?? [],
      texts: config.text ?? [],
      notTexts: config['not-text'] ?? [],
      bytesMax: config['size-limit'] ?? HTTP_BYTES_MAX,
      slowMs: config.slow,
    },
    redirectsMax: config.redirects ?? REDIRECTS_MAX,
    also: config.also ?? [],
    connect: config.connect,
    ca: config.ca,
  });
}

function configuredTls(name: string, config: Of<'tls'>): Probe {
  return certificateProbe({
    ...timed(name, config, { everyMs: 15 * MINUTE, timeoutMs: 10_000 }),
    host: config.host,
    port: config.port ?? (config.starttls === 'smtp' ? 25 : HTTPS_PORT),
    serverName: config.name ?? config.host,
    starttls: config.starttls,
    ca: config.ca,
    limits: {
      impairedMs: config.warn ?? CERTIFICATE_LIMITS.impairedMs,
      brokenMs: config.fail ?? CERTIFICATE_LIMITS.brokenMs,
    },
  });
}

function configuredPath(name: string, config: Of<'path'>): Probe {
  return pathProbe({
    ...timed(name, config),
    path: config.path,
    wanted: {
      type: config.type ?? 'any',
      bytesMin: config['size-min'],
      ageMaxMs: config['age-max'],
    },
  });
}

/** In place of the one that is there by default for this mount. */
function configuredSpace(config: Of<'space'>): Probe {
  return spaceProbe({
    mountPoint: config.path,
    limits: {
      impairedShare: config.warn ?? SPACE_LIMITS.impairedShare,
      impairedBytes: config['warn-bytes'] ?? SPACE_LIMITS.impairedBytes,
      brokenShare: config.fail ?? SPACE_LIMITS.brokenShare,
      brokenBytes: config['fail-bytes'] ?? SPACE_LIMITS.brokenBytes,
    },
  });
}

function configuredBackup(name: string, config: Of<'backup'>): Probe {
  return backupProbe({
    ...timed(name, config, { everyMs: 15 * MINUTE, timeoutMs: 10 * MINUTE }),
    path: config.path,
    match: config.match ?? '*',
    end: config.end,
    wanted: {
      ageMaxMs: config['age-max'],
      bytesMin: config['size-min'] ?? 1,
      shrinkMax: config['shrink-max'] ?? SHRINK_MAX,
    },
  });
}

/** Root asks as the account that PostgreSQL has, whom its socket knows. */
function configuredPostgres(name: string, config: Of<'postgres'>): Probe {
  return postgresProbe({
    ...timed(name, config, { everyMs: MINUTE, timeoutMs: 15_000 }),
    host: config.host,
    port: config.port,
    user: config.user,
    database: config.database,
    lagMaxMs: config['lag-max'] ?? LAG_MAX_MS,
    account: isRoot() && config.user === undefined ? accountNamed('postgres') : undefined,
  });
}
