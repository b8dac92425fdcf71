/** What is known of everything at the moment it is asked: one reading for list, API and messages. */
import { addAll } from '../../../base/long-list.ts';
import { finished, type Steps } from '../../../base/steps.ts';
import type { UnixMs } from '../../../base/units.ts';
import { hiddenBy, type Maintenance, type Member, worstOf } from '../standing/aggregate.ts';
import { limitOf } from '../standing/limit.ts';
import {
  expiryOf,
  isWorse,
  itemStanding,
  LEASE_MS,
  type Lease,
  leaseStanding,
  type Standing,
  unknownFor,
} from '../standing/standing.ts';
import {
  type Eye,
  hostStanding,
  type Mesh,
  pathStanding,
  type Reach,
} from '../standing/two-eyes.ts';
import type { AgentId, Detail, Level } from '../agent/messages.ts';
import type { StoredItem } from './changes.ts';
import type { HeldAgent, HeldItem, ServerNow } from './held.ts';
import { canaryStanding, isCanary, watchingCanary } from './canary.ts';
import { type OwnItem, ownItems } from './own-items.ts';
import { runsNow, type RunOfHost, runsByHost } from './runs-now.ts';
import { isOfRuns } from '../schedule/run-item.ts';
import type { ServerCore } from './server-core.ts';
import { subjectNames } from './subject-names.ts';
import { wallOf } from './take-records.ts';
import { restsOnOf, standingOf, type Topology, topologyOf } from './topology.ts';
import { hasTwoSpeakers } from './talk.ts';

export interface EstateFacts {
  readonly maintenances?: readonly Maintenance[];
  /** Of a host, as people wrote it: what it runs on, as a guest on its hypervisor. */
  readonly standsOn?: ReadonlyMap<string, readonly string[]>;
  /** Hosts outside that watch this server. */
  readonly peers?: readonly string[];
  /** Canaries are sent through it: then one must be seen each day. */
  readonly hasCanary?: boolean;
}

export interface ItemNow extends Member {
  readonly host: string;
  readonly item: string;
  readonly kind: string;
  readonly saw: StoredItem['saw'] | undefined;
  readonly detail: Detail;
  readonly everyMs: number | undefined;
  readonly limitMs: number | undefined;
  /** By the server's wall clock; absent: seen by the server itself. */
  readonly seenAt: UnixMs | undefined;
  /** Absent: not said since this server knows of now. */
  readonly ageMs: number | undefined;
  readonly expiresInMs: number | undefined;
  /** Since when it stands so. */
  readonly since: UnixMs;
  /** Since when it is not ok; absent: since then. */
  readonly notOkSince?: UnixMs | undefined;
  readonly isInMaintenance: boolean;
  readonly restsOn: readonly string[];
}

export interface HostNow {
  readonly subject: string;
  readonly host: string;
  readonly agent: AgentId;
  readonly level: Level;
  readonly version: string;
  /** Of the machine and its agent. */
  readonly own: Standing;
  readonly since: UnixMs;
  readonly isInMaintenance: boolean;
  readonly restsOn: readonly string[];
  /** The worst of its own and of its items. */
  readonly standing: Standing;
  readonly saidAgoMs: number | undefined;
  /** By the server's wall clock. */
  readonly lastSaidAt: UnixMs | undefined;
  readonly items: readonly ItemNow[];
}

export interface EstateNow {
  readonly standing: Standing;
  /** Whether somebody would see it if this server fell silent. To be said first. */
  readonly watching: Member & { readonly since: UnixMs };
  /** Worst first. */
  readonly hosts: readonly HostNow[];
  /** What is to be done on hosts that nobody enrolled. */
  readonly orphans: readonly (Member & { readonly since: UnixMs })[];
}

interface Reading {
  readonly now: ServerNow;
  readonly facts: EstateFacts;
  readonly mesh: Mesh;
  readonly topology: Topology;
  readonly isHidden: (subject: string) => boolean;
  readonly hostOf: ReadonlyMap<AgentId, HeldAgent>;
  readonly listensSince: UnixMs;
  readonly ownOf: ReadonlyMap<AgentId, Standing>;
  readonly runsOf: ReadonlyMap<string, readonly RunOfHost[]>;
}

export function estateNow(core: ServerCore, now: ServerNow, facts: EstateFacts = {}): EstateNow {
  return finished(estateInSteps(core, () => now, facts));
}

/**
 * The same for whoever must not hold up others: between two steps anything may happen, and each host
 * is read as it is when its turn comes.
 */
export function* estateInSteps(
  core: ServerCore,
  clock: () => ServerNow,
  facts: EstateFacts = {},
): Steps<EstateNow> {
  const now = clock();
  const agents = core.agents();
  const topology = topologyOf(agents, facts.standsOn ?? new Map());
  const mesh = meshOf(agents, { now, topology, listensSinceMs: core.listensSinceMs });
  const eyes = new Map(mesh.eyes.map((eye) => [eye.agent, eye]));
  const reading: Reading = {
    ...{ now, facts, mesh, topology, isHidden: hiddenBy(facts.maintenances ?? [], now.wallMs) },
    hostOf: new Map(agents.map((held) => [held.stored.agent, held])),
    listensSince: wallOf(core.listensSinceMs, now),
    ownOf: new Map([...eyes].map(([agent, eye]) => [agent, hostStanding(eye, mesh, now.atMs)])),
    runsOf: runsByHost(core, now),
  };
  const hosts: HostNow[] = [];
  for (const some of chunksOf(agents, HOSTS_PER_STEP)) {
    // What was seen since the first step is not of the future.
    const step = { ...reading, now: clock() };
    addAll(
      hosts,
      some.map((held) => hostNow(held, step)),
    );
    yield;
  }
  hosts.sort(worstFirst);
  const end = { ...reading, now: clock() };
  const canary = facts.hasCanary === true ? watchingCanary(core, end.now) : undefined;
  const watching = watchingNow(hosts, { reading: end, canary });
  // Of a host that nobody enrolled nothing is known: what is to be done there is not done.
  const orphans = runsNow(core, end.now).filter(({ held }) => held === undefined);
  const standing = worstOf(membersOf(hosts, orphans), reading.isHidden);
  return { standing, watching, hosts, orphans };
}

const HOSTS_PER_STEP = 50;

function chunksOf<T>(all: readonly T[], count: number): readonly (readonly T[])[] {
  const chunks = Math.ceil(all.length / count);
  return Array.from({ length: chunks }, (_, nth) => all.slice(nth * count, (nth + 1) * count));
}

function* membersOf(hosts: readonly HostNow[], orphans: readonly Member[]): Generator<Member> {
  for (const host of hosts) {
    yield hostMember(host);
    yield* host.items;
  }
  yield* orphans;
}

function hostMember({ subject, own }: HostNow): Member {
  return { subject, standing: own };
}

function worstFirst(a: HostNow, b: HostNow): number {
  if (a.standing.mark !== b.standing.mark)
    return isWorse(a.standing.mark, b.standing.mark) ? -1 : 1;
  return a.host < b.host ? -1 : 1;
}

function leaseOf({ talk }: HeldAgent, nowMs: number): Lease {
  return { saidAtMs: talk.saidAtMs, hasTwoSpeakers: hasTwoSpeakers(talk, nowMs) };
}

function hostNow(held: HeldAgent, reading: Reading): HostNow {
  const { now, isHidden, topology } = reading;
  const { agent, host, level, version } = held.stored;
  const subject = `host:${host}`;
  const lease = leaseOf(held, now.atMs);
  const spoken = leaseStanding(lease, now.atMs);
  const own = reading.ownOf.get(agent) ?? spoken;
  const ofHost: HostReading = { reading, lease, host, restsOn: [subject] };
  const nameOf = subjectNames(held);
  const items: ItemNow[] = [];
  // Plain loops: they are gone through for every item of every host at each reading.
  for (const item of held.items.values()) {
    const name = item.stored.item;
    if (!isOfRuns(name)) items.push(itemNow(item, nameOf(name), ofHost));
  }
  for (const run of reading.runsOf.get(host) ?? []) items.push(runItemNow(run, isHidden));
  for (const item of ownItems(held, spoken, now)) items.push(ownItemNow(host, item, isHidden));
  items.sort(bySubject);
  const standing = worstOf([{ subject, standing: own }, ...items], isHidden);
  const { saidAtMs, twoSpeakers } = held.talk;
  const fell = saidAtMs === undefined ? reading.listensSince : wallOf(saidAtMs + LEASE_MS, now);
  const twice = wallOf(twoSpeakers?.fromMs ?? now.atMs, now);
  return {
    ...{ subject, host, agent, level, version, own, standing, items },
    since: own.mark === 'ok' ? held.talkingSince : own.reason === 'two-speakers' ? twice : fell,
    isInMaintenance: isHidden(subject),
    restsOn: restsOnOf(host, topology),
    saidAgoMs: saidAtMs === undefined ? undefined : now.atMs - saidAtMs,
    lastSaidAt: saidAtMs === undefined ? undefined : wallOf(saidAtMs, now),
  };
}

function bySubject(a: ItemNow, b: ItemNow): number {
  return a.subject < b.subject ? -1 : 1;
}

/** What the items of one host have in common. */
interface HostReading {
  readonly reading: Reading;
  readonly lease: Lease;
  readonly host: string;
  /** Of what rests on its host alone. */
  readonly restsOn: readonly string[];
}

function itemNow(item: HeldItem, subject: string, ofHost: HostReading): ItemNow {
  const { reading, lease, host } = ofHost;
  const { stored, seenAtMs } = item;
  const { kind, saw, why, limitMs } = stored;
  const plain = itemStanding({ kind, saw, why, limitMs, seenAtMs }, lease, reading.now.atMs);
  if (isCanary(stored)) return new HeardItem({ item, subject, ofHost }, canaryStanding(plain));
  if (kind !== 'reach') return new HeardItem({ item, subject, ofHost }, plain);
  const aim = aimOf(stored.item, reading);
  const standing = plain.reason === 'broken' ? reachStanding(host, aim, plain) : plain;
  const restsOn = aim === undefined ? ofHost.restsOn : [`host:${aim.host}`, ...ofHost.restsOn];
  return new HeardItem({ item, subject, ofHost: { ...ofHost, restsOn } }, standing);
}

/** What its agent said of an item. It is made at each reading: what few ask for is not made with it. */
class HeardItem implements ItemNow {
  readonly standing: Standing;
  readonly subject: string;
  readonly #item: HeldItem;
  readonly #of: HostReading;

  constructor(
    of: { readonly item: HeldItem; readonly subject: string; readonly ofHost: HostReading },
    standing: Standing,
  ) {
    this.standing = standing;
    this.subject = of.subject;
    this.#item = of.item;
    this.#of = of.ofHost;
  }

  get host(): string {
    return this.#of.host;
  }

  get item(): string {
    return this.#item.stored.item;
  }

  get kind(): string {
    return this.#item.stored.kind;
  }

  get saw(): StoredItem['saw'] {
    return this.#item.stored.saw;
  }

  get detail(): Detail {
    return this.#item.stored.detail;
  }

  get everyMs(): number {
    return this.#item.stored.everyMs;
  }

  get limitMs(): number {
    return limitOf(this.kind, this.#item.stored.limitMs);
  }

  get seenAt(): UnixMs {
    return this.#item.stored.seenAt;
  }

  get ageMs(): number | undefined {
    const { seenAtMs } = this.#item;
    return seenAtMs === undefined ? undefined : this.#of.reading.now.atMs - seenAtMs;
  }

  get expiresInMs(): number | undefined {
    const ended = this.#endedMs;
    return ended === undefined ? undefined : Math.max(0, ended - this.#of.reading.now.atMs);
  }

  get since(): UnixMs {
    const { reason } = this.standing;
    const { reading, lease } = this.#of;
    const ended = this.#endedMs;
    if (reason === 'not-said') return reading.listensSince;
    if (reason === 'expired' && ended !== undefined) return wallOf(ended, reading.now);
    if (reason !== 'silent') return this.#item.since;
    const { saidAtMs } = lease;
    if (saidAtMs === undefined) return reading.listensSince;
    return wallOf(saidAtMs + LEASE_MS, reading.now);
  }

  get notOkSince(): UnixMs | undefined {
    return this.standing.mark === 'ok' ? undefined : this.#item.notOkSince;
  }

  get isInMaintenance(): boolean {
    return this.#of.reading.isHidden(this.subject);
  }

  get restsOn(): readonly string[] {
    return this.#of.restsOn;
  }

  get #endedMs(): number | undefined {
    const { seenAtMs, stored } = this.#item;
    if (seenAtMs === undefined) return undefined;
    return expiryOf({ kind: stored.kind, limitMs: stored.limitMs, seenAtMs });
  }
}

interface Aim {
  readonly host: string;
  readonly own: Standing;
}

function aimOf(item: string, { hostOf, ownOf }: Reading): Aim | undefined {
  const agent = item.slice(item.indexOf(':') + 1);
  const host = hostOf.get(agent)?.stored.host;
  const own = ownOf.get(agent);
  return host === undefined || own === undefined ? undefined : { host, own };
}

/** One alone that does not reach another proves nothing of either. */
function reachStanding(from: string, aim: Aim | undefined, plain: Standing): Standing {
  if (aim?.own.reason === 'down') return plain;
  return pathStanding(from, aim?.host ?? 'a host that is not known');
}

function ownItemNow(host: string, own: OwnItem, isHidden: Reading['isHidden']): ItemNow {
  const subject = `host:${host}/${own.item}`;
  const { item, kind, standing, since, detail } = own;
  return {
    ...{ subject, host, item, kind, standing, since, detail, isInMaintenance: isHidden(subject) },
    ...{ saw: undefined, everyMs: undefined, limitMs: undefined, seenAt: undefined },
    ...{ ageMs: undefined, expiresInMs: undefined, restsOn: [`host:${host}`] },
  };
}

/** What a schedule has proven outlives its agent's silence: it has an age of its own. */
function runItemNow(run: RunOfHost, isHidden: Reading['isHidden']): ItemNow {
  const { subject, standing, since, schedule, goodMs, stored, ageMs } = run;
  const { host, item, everyMs, limitMs } = schedule;
  return {
    ...{ subject, host, item, kind: run.kind, standing, since, everyMs, limitMs, ageMs },
    ...{ saw: stored?.saw, detail: stored?.detail ?? {}, seenAt: goodMs },
    expiresInMs: ageMs === undefined ? undefined : Math.max(0, limitMs - ageMs),
    ...{ isInMaintenance: isHidden(subject), restsOn: [`host:${host}`] },
  };
}

/**
 * Said by who watches the server from outside, and shown by a canary each day; without a peer nobody
 * can say it.
 */
function watchingNow(
  hosts: readonly HostNow[],
  of: { readonly reading: Reading; readonly canary: Standing | undefined },
): EstateNow['watching'] {
  const { reading, canary } = of;
  const subject = 'watching';
  const peers = reading.facts.peers ?? [];
  if (peers.length === 0) {
    const why = 'Nobody outside watches this server: if it fell silent, nobody would be told.';
    return { subject, standing: unknownFor('no-peer', why), since: reading.listensSince };
  }
  const said = hosts
    .filter(({ host }) => peers.includes(host))
    .flatMap(({ items }) => items.filter(isOfWatching));
  const isSilent = peers.length > new Set(said.map(({ host }) => host)).size;
  const why = 'A peer that is to watch this server says nothing of it.';
  const silent = { subject, standing: unknownFor('never-seen', why), since: reading.listensSince };
  const dead = { subject, standing: canary, since: reading.listensSince };
  const members = [
    ...(isSilent ? [silent] : []),
    ...said,
    ...(dead.standing === undefined || dead.standing.mark === 'ok'
      ? []
      : [{ ...dead, standing: dead.standing }]),
  ];
  const standing = worstOf(members, () => false);
  const worst = members.find((each) => each.standing === standing);
  return { subject, standing, since: worst?.since ?? reading.listensSince };
}

/** A probe of this server that the owner of the peer gave this name, of whatever kind. */
const SERVER_PROBE = 'holdfast-server';

function isOfWatching({ item, kind }: ItemNow): boolean {
  return kind === 'watching' || item === `${kind}:${SERVER_PROBE}`;
}

function meshOf(
  agents: readonly HeldAgent[],
  of: { readonly now: ServerNow; readonly topology: Topology; readonly listensSinceMs: number },
): Mesh {
  const { now, topology, listensSinceMs } = of;
  const eyes: Eye[] = agents.map((held) => {
    const { agent, host } = held.stored;
    const standsOn = standingOf(host, topology);
    return { agent, host, lease: leaseOf(held, now.atMs), standsOn };
  });
  const reaches = agents.flatMap((held) => reachesOf(held, leaseOf(held, now.atMs), now));
  return { eyes, reaches, listensSinceMs };
}

function reachesOf(held: HeldAgent, lease: Lease, now: ServerNow): readonly Reach[] {
  const reaches: Reach[] = [];
  for (const { stored, seenAtMs } of held.items.values()) {
    if (stored.kind !== 'reach' || seenAtMs === undefined) continue;
    const { reason } = itemStanding({ ...stored, seenAtMs }, lease, now.atMs);
    if (reason !== 'healthy' && reason !== 'impaired' && reason !== 'broken') continue;
    const to = stored.item.slice(stored.item.indexOf(':') + 1);
    const saw = reason === 'broken' ? 'broken' : 'healthy';
    reaches.push({ from: held.stored.agent, to, saw, seenAtMs });
  }
  return reaches;
}
