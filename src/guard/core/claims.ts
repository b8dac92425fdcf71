/** Notices of people that they work on something: others' plans that touch it wait. */
import type { ByteString } from '../../base/bytes.ts';
import { hasPassed, type Moment } from '../../base/moment.ts';
import type { Actor } from '../../base/plan.ts';
import { sayName, sayText } from '../../base/say-name.ts';

export interface Claim {
  /** `c-` and eight hexadecimal digits, drawn. */
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly made: Moment;
  readonly spanMs: number;
  readonly on: ClaimedPlace;
}

/** A host, a path below which all is meant, or a path of a host. Without a host: this one. */
export interface ClaimedPlace {
  readonly host?: string;
  /** Absolute. */
  readonly path?: ByteString;
}

/** What a plan reads from or writes to: all of it counts, the source as well as the target. */
export interface TouchedPlace {
  /** As it was typed, and every other name it is known by; empty: this host. */
  readonly hosts: readonly string[];
  /** Absolute; undefined: not known, so all of the host is meant. */
  readonly path?: ByteString;
}

export interface ClaimView {
  readonly now: Moment;
  readonly actor: Actor;
  /** Names of this host. */
  readonly hostsHere: readonly string[];
}

/** Claims that have not ended. */
export function standingClaims(claims: readonly Claim[], now: Moment): readonly Claim[] {
  return claims.filter(({ made, spanMs }) => !hasPassed(made, spanMs, now));
}

/** Claims of others that touch one of `places`. */
export function heldBy(
  claims: readonly Claim[],
  places: readonly TouchedPlace[],
  view: ClaimView,
): readonly Claim[] {
  return standingClaims(claims, view.now)
    .filter(({ by }) => !isSamePerson(by, view.actor))
    .filter(({ on }) => places.some((place) => touches(on, place, view.hostsHere)));
}

/**
 * Whether who claimed is who acts. `root@hv1` is everybody who knows its password, and a service is
 * nobody: neither is taken for whoever claimed. They end the claim where it is theirs.
 */
export function isSamePerson(by: string, actor: Actor): boolean {
  return actor.kind === 'human' && by === actor.name && !/^root(?:@|$)/.test(by);
}

/** `tin`, `tin:/srv/release`, `/srv/release`, `this host`: as it was claimed. Fit for a terminal. */
export function placeOfClaim({ on }: Claim, here: readonly string[]): string {
  const path = on.path === undefined ? undefined : sayName(on.path);
  if (on.host !== undefined) return sayText(path === undefined ? on.host : `${on.host}:${path}`);
  return path ?? sayText(here[0] ?? 'this host');
}

function touches(on: ClaimedPlace, place: TouchedPlace, here: readonly string[]): boolean {
  const claimed = on.host === undefined ? here : [on.host];
  const touched = place.hosts.length === 0 ? here : place.hosts;
  if (!touched.some((name) => claimed.some((each) => isSameHost(each, name, here)))) return false;
  if (on.path === undefined || place.path === undefined) return true;
  return isBelow(on.path, place.path) || isBelow(place.path, on.path);
}

/** `tin` and `tin.eqiad.wmnet` are taken for one host: a claim that holds too much can be ended. */
function isSameHost(a: string, b: string, here: readonly string[]): boolean {
  const isHere = (name: string): boolean =>
    here.some((each) => isSameName(each, name)) || /^(?:localhost|127\.0\.0\.1|::1)$/.test(name);
  return isSameName(a, b) || (isHere(a) && isHere(b));
}

function isSameName(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}

function isBelow(ancestor: ByteString, path: ByteString): boolean {
  return ancestor === '/' || path === ancestor || path.startsWith(`${ancestor}/`);
}
