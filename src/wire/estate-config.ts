/** The part of holdfast.yaml that is about more than one machine: hosts, domains, recovery points. */
import { z } from 'zod';
import { backupTools } from './words.ts';

const text = z.string().min(1);
const texts = z.union([text, z.array(text)]).transform((one) => (Array.isArray(one) ? one : [one]));

/** Kinds of what can be lost that are known without a file: no domain of a file is called so. */
const OWN_KINDS: readonly string[] = ['host', 'disk', 'directory', 'key', 'volume'];

const host = z.strictObject({
  /** As ssh is told: `[user@]name[:port]`; else the name itself. */
  address: text.optional(),
  /** What it is for; groups of Ansible. */
  groups: texts.optional(),
  /** Who looks after it, in words: findings of it are theirs. */
  owners: texts.optional(),
  /** Paths below which no data are lost, each with the reason why: made again, a copy, a cache. */
  ignore: z.record(text.startsWith('/'), text).optional(),
  /** What it runs on, as a guest on its hypervisor: what takes that along takes this along. */
  on: z
    .union([text, z.array(text)])
    .transform((one) => [one].flat())
    .optional(),
});

const point = z.strictObject({
  tool: backupTools,
  /** As its tool names it, without secrets. */
  repository: text.optional(),
  /** The hosts that are in it. */
  of: texts.optional(),
});

export const estateKeys = {
  /** Machines, by the name that data sets and domains use. */
  hosts: z.record(text, host).optional(),
  /** What fails together: `site: {a: [hv1, hv2]}`. */
  domains: z.record(text, z.record(text, texts)).optional(),
  /** Backups that a team has, known by name and not opened. */
  points: z.record(text, point).optional(),
};

export const HOST_KEYS = Object.keys(host.shape);
export const POINT_KEYS = Object.keys(point.shape);
export const TOOLS: readonly string[] = backupTools.options;

/** What is wrong and where; `known` are the words of which one was meant. */
export interface EstateIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly known?: readonly string[];
}

interface EstatePart {
  readonly hosts?:
    | Readonly<Record<string, { readonly on?: readonly string[] | undefined }>>
    | undefined;
  readonly domains?:
    | Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
    | undefined;
  readonly points?:
    | Readonly<Record<string, { readonly of?: readonly string[] | undefined }>>
    | undefined;
}

/** Names that lead nowhere, in domains, points and where data sets lie. */
export function estateIssues(
  given: EstatePart,
  hostOf: Readonly<Record<string, string>>,
): readonly EstateIssue[] {
  const known = Object.keys(given.hosts ?? {});
  const unknownHost = (name: string, path: EstateIssue['path']): readonly EstateIssue[] =>
    known.includes(name) ? [] : [{ path, message: 'a name below hosts', known }];
  const domains = Object.entries(given.domains ?? {}).flatMap(([kind, groups]) => {
    const path = ['domains', kind];
    if (OWN_KINDS.includes(kind) || /[:/\s]/.test(kind)) {
      const message = `a word without colon, slash or blank that is none of ${OWN_KINDS.join(', ')}`;
      return [{ path, message }];
    }
    return Object.entries(groups).flatMap(([name, hosts]) =>
      hosts.flatMap((each, at) => unknownHost(each, [...path, name, at])),
    );
  });
  const points = Object.entries(given.points ?? {}).flatMap(([name, { of = [] }]) =>
    of.flatMap((each, at) => unknownHost(each, ['points', name, 'of', at])),
  );
  const guests = Object.entries(given.hosts ?? {}).flatMap(([name, { on = [] }]) =>
    on.flatMap((each) => unknownHost(each, ['hosts', name, 'on'])),
  );
  const dataSets = Object.entries(hostOf).flatMap(([name, each]) =>
    unknownHost(each, ['datasets', name, 'host']),
  );
  return [...domains, ...points, ...guests, ...dataSets];
}
