import type { ByteString } from '../../base/bytes.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { isWithin, type Place } from './place.ts';

/** What can be lost at one blow. A directory is deleted with everything below it. */
export type FailureDomain =
  | { readonly kind: 'disk'; readonly host: string; readonly disk: string }
  | { readonly kind: 'host'; readonly host: string }
  | {
      readonly kind: 'directory';
      readonly host: string;
      readonly path: ByteString;
      /** What inside it is spared: its files are deleted, and a vault that lies among them is not. */
      readonly spared: readonly ByteString[];
    }
  /** Machines that fail together: `site` `a`, a rack, a hypervisor with its guests. */
  | {
      readonly kind: 'group';
      readonly of: string;
      readonly name: string;
      readonly hosts: readonly string[];
    }
  /** What puts disks together, or keeps files for hosts: it may fail as one, its disks being well. */
  | {
      readonly kind: 'volume';
      /** What it is, in words: `Gluster volume`, `ZFS pool`, `md array`. */
      readonly of: string;
      /** `vmstore`; with the host before it where only that one has it: `st1/md0`. */
      readonly name: string;
      /** Where its files lie, without what is mounted below them. */
      readonly roots: readonly VolumeRoot[];
    }
  /** The copies of this key that are known to us are destroyed; a confirmed sheet elsewhere is not. */
  | { readonly kind: 'key'; readonly key: string }
  /** Somebody uses it to delete all that it opens: root on these machines, with every copy there. */
  | {
      readonly kind: 'credential';
      /** `SHA256:...` */
      readonly credential: string;
      /** Whose it is said to be. */
      readonly who: string;
      readonly hosts: readonly string[];
    };

export interface VolumeRoot {
  readonly host: string;
  readonly path: ByteString;
  readonly spared: readonly ByteString[];
}

/** `unknown` never counts as kept, and never as lost where that would hide a copy. */
export type Fate = 'kept' | 'unknown' | 'lost';

/** What becomes of `place` when all of `domains` are lost together. */
export function fateOf(place: Place, domains: readonly FailureDomain[]): Fate {
  // A disk that is named twice is lost once.
  let disksLost: Set<string> | undefined;
  let isUnknown = false;
  for (const domain of domains) {
    if (takesHost(domain, place.host)) return 'lost';
    isUnknown ||= mayTake(domain, place);
    if (domain.kind === 'volume') {
      const fate = fateInVolume(place, domain);
      if (fate === 'lost') return 'lost';
      isUnknown ||= fate === 'unknown';
    }
    if (domain.kind !== 'disk' && domain.kind !== 'directory') continue;
    if (domain.host !== place.host) continue;
    if (domain.kind === 'directory') {
      if (place.path === undefined) isUnknown = true;
      else if (isDeleted(place.path, domain)) return 'lost';
    } else if (place.beneath === undefined) {
      isUnknown = true;
    } else if (place.beneath.disks.includes(domain.disk)) {
      disksLost ??= new Set();
      disksLost.add(domain.disk);
    }
  }
  const lostCount = disksLost?.size ?? 0;
  if (place.beneath !== undefined && lostCount > place.beneath.failuresSurvived) return 'lost';
  return isUnknown ? 'unknown' : 'kept';
}

/** Whether a host is lost with all that it has. */
export function takesHost(domain: FailureDomain, host: string): boolean {
  if (domain.kind === 'group' || domain.kind === 'credential') return domain.hosts.includes(host);
  return domain.kind === 'host' && domain.host === host;
}

/** Whether it is a loss on a machine that this place may lie on, and nobody said which it is. */
export function mayTake(domain: FailureDomain, { mayBeOn = [] }: Place): boolean {
  return mayBeOn.some((host) => isOn(domain, host));
}

function isOn(domain: FailureDomain, host: string): boolean {
  if (domain.kind === 'disk' || domain.kind === 'directory') return domain.host === host;
  if (domain.kind === 'volume') return domain.roots.some((root) => root.host === host);
  return takesHost(domain, host);
}

/** Where on its host a place lies may not be known: then it may lie on the volume. */
export function fateInVolume(
  { host, path }: Place,
  { roots }: Extract<FailureDomain, { readonly kind: 'volume' }>,
): Fate {
  const there = roots.filter((root) => root.host === host);
  if (there.length === 0) return 'kept';
  if (path === undefined) return 'unknown';
  return there.some((root) => isDeleted(path, root)) ? 'lost' : 'kept';
}

function isDeleted(
  path: ByteString,
  below: { readonly path: ByteString; readonly spared: readonly ByteString[] },
): boolean {
  return isWithin(path, below.path) && !below.spared.some((spared) => isWithin(path, spared));
}

/** What becomes of the medium beneath a place; deleting what lies on it leaves the medium. */
export function fateOfMedium(place: Place, domains: readonly FailureDomain[]): Fate {
  return fateOf(
    place,
    domains.filter((domain) => domain.kind !== 'directory'),
  );
}

/** The worst of several things that are all needed. */
export function fateOfAll(fates: readonly Fate[]): Fate {
  if (fates.includes('lost')) return 'lost';
  return fates.includes('unknown') ? 'unknown' : 'kept';
}

/** The best of several of which one is enough; of none, nothing is kept. */
export function fateOfAny(fates: readonly Fate[]): Fate {
  if (fates.includes('kept')) return 'kept';
  return fates.includes('unknown') ? 'unknown' : 'lost';
}

/**
 * What happens by itself. A thief of a credential is no failure among others: one root key for all
 * machines would make every figure nought, and hide what one more disk would do.
 */
export function isFailure({ kind }: FailureDomain): boolean {
  return kind !== 'credential';
}

/** A stable text for a domain, for sorting and for telling two apart. */
export function domainId(domain: FailureDomain): string {
  switch (domain.kind) {
    case 'disk':
      return `disk:${domain.host}:${domain.disk}`;
    case 'host':
      return `host:${domain.host}`;
    case 'directory':
      return `directory:${domain.host}:${domain.path}${domain.spared.length > 0 ? ':spared' : ''}`;
    case 'group':
      return `${domain.of}:${domain.name}`;
    case 'volume':
      return `volume:${domain.of}:${domain.name}`;
    case 'key':
      return `key:${domain.key}`;
    case 'credential':
      return `credential:${domain.credential}`;
  }
}

/** As `holdfast exposure --lose` takes it; undefined: a key or a credential is not asked for. */
export function loseName(domain: FailureDomain): string | undefined {
  switch (domain.kind) {
    case 'host':
      return `host:${domain.host}`;
    case 'disk':
      return `disk:${domain.host}/${domain.disk}`;
    case 'directory':
      return domain.spared.length > 0 ? undefined : `${domain.host}:${utf8Of(domain.path)}`;
    case 'group':
      return `${domain.of}:${domain.name}`;
    case 'volume':
      return `volume:${domain.name}`;
    case 'key':
    case 'credential':
      return undefined;
  }
}
