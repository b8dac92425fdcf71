/** Targets of Prometheus: a file of `file_sd_configs`, or `static_configs` of prometheus.yml. */
import type { Imported, ImportedHost } from './imported.ts';

type Fields = Readonly<Record<string, unknown>>;

/** @returns undefined where the value is none of both */
export function prometheusTargets(value: unknown): Imported | undefined {
  const groups = groupsOf(value);
  if (groups === undefined) return undefined;
  const found = new Map<string, Set<string>>();
  for (const { job, group } of groups) {
    for (const target of listOf(group.targets)) {
      const name = typeof target === 'string' ? hostOf(target) : undefined;
      if (name === undefined) continue;
      const label = fieldsOf(group.labels)?.job ?? job;
      const jobs = found.get(name) ?? new Set();
      if (typeof label === 'string') jobs.add(label);
      found.set(name, jobs);
    }
  }
  const hosts = [...found].map(([name, jobs]): ImportedHost => {
    return { name, address: undefined, groups: [...jobs].sort() };
  });
  return { hosts, contacts: [] };
}

function groupsOf(
  value: unknown,
): readonly { readonly job: unknown; readonly group: Fields }[] | undefined {
  if (Array.isArray(value)) {
    const groups = value.flatMap((each: unknown): readonly Fields[] => {
      const group = fieldsOf(each);
      return group === undefined ? [] : [group];
    });
    const areTargets =
      groups.length === value.length && groups.every(({ targets }) => Array.isArray(targets));
    return areTargets && groups.length > 0
      ? groups.map((group) => ({ job: undefined, group }))
      : undefined;
  }
  const jobs = fieldsOf(value)?.scrape_configs;
  if (!Array.isArray(jobs)) return undefined;
  return jobs.flatMap((each: unknown) => {
    const job = fieldsOf(each);
    return listOf(job?.static_configs).flatMap((config) => {
      const group = fieldsOf(config);
      return group === undefined ? [] : [{ job: job?.job_name, group }];
    });
  });
}

/** `web1:9100`, `[2001:db8::1]:9100`, `https://web1/metrics`; the exporter's port is no port of ssh. */
function hostOf(target: string): string | undefined {
  const url = /^[a-z]+:\/\/([^/?#@]+)/i.exec(target)?.[1] ?? target;
  const name =
    /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(url)?.[1] ?? /^([^:/\s]+)(?::\d+)?$/.exec(url)?.[1];
  return name === 'localhost' || name === '127.0.0.1' ? undefined : name;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Fields | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : undefined;
}
