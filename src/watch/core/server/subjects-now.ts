/** How everything stands, as `tell` takes it: with what proves it, and what it follows from. */
import { largest, smallest } from '../../../base/long-list.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import { isOfRuns } from '../schedule/run-item.ts';
import type { StandingMark } from '../standing/standing.ts';
import type { StoredLine } from './changes.ts';
import type { EstateNow, HostNow, ItemNow } from './estate-now.ts';

export interface SeenLine {
  readonly text: string;
  readonly seenAt: UnixMs;
}

export interface SubjectNow {
  readonly subject: string;
  readonly mark: StandingMark;
  readonly why: string;
  readonly since: UnixMs;
  readonly notOkSince?: UnixMs | undefined;
  readonly restsOn: readonly string[];
  /** Which of several things below one name it is. */
  readonly cause?: string | undefined;
  /** People know of it: by itself it is no news. */
  readonly isWorkedOn?: boolean | undefined;
  readonly evidence?: readonly SeenLine[] | undefined;
}

/** The last lines of hosts that fell silent, newest last. */
export type LastLines = ReadonlyMap<string, readonly StoredLine[]>;

/** All agents at once are silent for one reason more often than each for its own. */
const SERVER_LINE = 'server:line';
const SILENT_MIN = 2;
const DETAILS_MAX = 8;

export function subjectsNow(
  { hosts, watching, orphans }: EstateNow,
  lines: LastLines = new Map(),
): readonly SubjectNow[] {
  const line = serverLine(hosts);
  const subjects: SubjectNow[] = [];
  for (const host of hosts) {
    subjects.push(hostSubject(host, { line, lines: lines.get(host.host) ?? [] }));
    for (const item of host.items) subjects.push(itemSubject(item));
  }
  for (const { subject, standing, since } of orphans) {
    const { mark, why } = standing;
    subjects.push({ subject, mark, why, since, restsOn: [] });
  }
  const { subject, standing, since } = watching;
  const { mark, why } = standing;
  const all = [...subjects, { subject, mark, why, since, restsOn: [] }];
  return line === undefined ? all : [...all, line];
}

function hostSubject(
  host: HostNow,
  of: { readonly line: SubjectNow | undefined; readonly lines: readonly StoredLine[] },
): SubjectNow {
  const { subject, own, since, restsOn, isInMaintenance } = host;
  const { mark, why, reason } = own;
  const isCutOff = of.line?.mark === 'unknown' && reason === 'silent';
  return {
    ...{ subject, mark, why, since },
    restsOn: isCutOff ? [...restsOn, SERVER_LINE] : restsOn,
    ...(isInMaintenance && { isWorkedOn: true }),
    ...(mark !== 'ok' && { evidence: hostEvidence(host, of.lines) }),
  };
}

function hostEvidence(host: HostNow, lines: readonly StoredLine[]): readonly SeenLine[] {
  const said = host.lastSaidAt;
  const last = said === undefined ? [] : [{ text: 'the last word of its agent', seenAt: said }];
  return [
    ...last,
    ...lines.map(({ from, text, at }) => ({ text: `${from}: ${text}`, seenAt: at })),
  ];
}

function itemSubject(item: ItemNow): SubjectNow {
  const { subject, standing, since, notOkSince, restsOn, isInMaintenance } = item;
  const { mark, why } = standing;
  if (mark === 'ok') {
    return { subject, mark, why, since, restsOn, ...(isInMaintenance && { isWorkedOn: true }) };
  }
  const { cause } = item.detail;
  return {
    ...{ subject, mark, why, since, restsOn, evidence: itemEvidence(item) },
    ...(notOkSince !== undefined && { notOkSince }),
    ...(typeof cause === 'string' && { cause }),
    ...(isInMaintenance && { isWorkedOn: true }),
  };
}

/** Who looked, what it saw beside the sentence, and when. */
function itemEvidence({ host, kind, saw, detail, seenAt }: ItemNow): readonly SeenLine[] {
  // Of a schedule its sentence says all, and no agent looked.
  if (isOfRuns(kind) || seenAt === undefined || saw === undefined || saw === 'gone') return [];
  const seen = Object.entries(detail)
    .filter(([key]) => key !== 'cause')
    .slice(0, DETAILS_MAX)
    .map(([key, value]) => `${key} ${value}`);
  const text = `${kind} probe of the agent on ${host}: ${[saw, ...seen].join(', ')}`;
  return [{ text, seenAt }];
}

/**
 * Where most of what could fall silent by itself is silent, the line to this server is the likely
 * cause: a guest whose hypervisor is silent, and a host that two others call down, do not count.
 */
function serverLine(hosts: readonly HostNow[]): SubjectNow | undefined {
  const notOk = new Set(hosts.filter(({ own }) => own.mark !== 'ok').map(({ subject }) => subject));
  const roots = hosts.filter(({ restsOn }) => !restsOn.some((name) => notOk.has(name)));
  const silent = roots.filter((host) => host.own.reason === 'silent' && !host.isInMaintenance);
  const times = hosts.map(({ since }) => since);
  if (roots.length < SILENT_MIN) return undefined;
  const of = `${silent.length} of ${roots.length} agents`;
  if (silent.length < SILENT_MIN || 2 * silent.length <= roots.length) {
    const since = unixMs(smallest(times));
    const why = `${roots.length - silent.length} of ${roots.length} agents speak`;
    return { subject: SERVER_LINE, mark: 'ok', why, since, restsOn: [] };
  }
  const since = unixMs(largest(silent.map((host) => host.since)));
  const why = `${of} fell silent: this server, its network, or what they share`;
  return { subject: SERVER_LINE, mark: 'unknown', why, since, restsOn: [] };
}
