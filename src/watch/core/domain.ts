import type { ByteString } from '../../base/bytes.ts';
import { isWithin, type Place } from './place.ts';

/** What can be lost at one blow. A directory is deleted with everything below it. */
export type FailureDomain =
  | { readonly kind: 'disk'; readonly host: string; readonly disk: string }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'directory'; readonly host: string; readonly path: ByteString }
  /** The copies of this key that are known to us are destroyed; a confirmed sheet elsewhere is not. */
  | { readonly kind: 'key'; readonly key: string };

/** `unknown` never counts as kept, and never as lost where that would hide a copy. */
export type Fate = 'kept' | 'unknown' | 'lost';

/** What becomes of `place` when all of `domains` are lost together. */
export function fateOf(place: Place, domains: readonly FailureDomain[]): Fate {
  let disksLost = 0;
  let isUnknown = false;
  for (const domain of domains) {
    if (domain.kind === 'key' || domain.host !== place.host) continue;
    if (domain.kind === 'host') return 'lost';
    if (domain.kind === 'directory') {
      if (place.path === undefined) isUnknown = true;
      else if (isWithin(place.path, domain.path)) return 'lost';
    } else if (place.beneath === undefined) {
      isUnknown = true;
    } else if (place.beneath.disks.includes(domain.disk)) {
      disksLost += 1;
    }
  }
  if (place.beneath !== undefined && disksLost > place.beneath.failuresSurvived) return 'lost';
  return isUnknown ? 'unknown' : 'kept';
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

/** A stable text for a domain, for sorting and for telling two apart. */
export function domainId(domain: FailureDomain): string {
  switch (domain.kind) {
    case 'disk':
      return `disk:${domain.host}:${domain.disk}`;
    case 'host':
      return `host:${domain.host}`;
    case 'directory':
      return `directory:${domain.host}:${domain.path}`;
    case 'key':
      return `key:${domain.key}`;
  }
}
