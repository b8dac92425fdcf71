/**
 * May others be synced from this place? What was read of it against what was enrolled, and against
 * what the same pipeline saw last. Fails closed: whatever does not agree is a `candidate`, which may
 * be synced to and not from. Wikimedia 2016: a re-imaged host was taken for a source.
 */
import type { ByteString } from '../../base/bytes.ts';
import type { PlanSource, SourceDifference, SourceListing, TreeRole } from '../../base/plan.ts';
import { TREE_MARKER } from '../../base/tree-marker.ts';
import type { Incarnation, TreeMarker } from './tree-marker.ts';
import type { TreeEntry, TreeRecord } from './tree-registry.ts';

/** What was read of a place, here or over ssh. */
export interface TreeSight {
  readonly state: 'directory' | 'other' | 'absent' | 'unreadable';
  /** Of the host where it lies, as it is now. */
  readonly host: Incarnation;
  /** `ext4 at /srv`; empty: not known. */
  readonly mount: string;
  /** `invalid`: something lies under its name, and it is none. */
  readonly marker: TreeMarker | 'none' | 'invalid';
  /** What the registry of the host where it lies has for this path. */
  readonly registered: Enrolled | undefined;
  /** Paths that must exist. */
  readonly sentinels: SourceListing['sentinels'];
}

export interface Enrolled {
  readonly identity: string;
  readonly record: TreeRecord;
}

/** What a pipeline remembers of a source, to be compared the next time. */
export interface SourceSighting {
  readonly machine: string;
  readonly mount: string;
  readonly identity: string;
}

export interface Known {
  /** As it is written: `host:/path` or a path. What was never enrolled is called by it. */
  readonly place: string;
  /** What the registry here has of a place of another host. */
  readonly enrolledHere?: Enrolled | undefined;
  /** What the pipeline saw at its last applied run. */
  readonly lastSeen?: SourceSighting | undefined;
  /** Of the target, where that is enrolled: a source of another tree is none for it. */
  readonly identityWanted?: string | undefined;
}

export interface Eligibility
  extends Pick<PlanSource, 'place' | 'identity' | 'role' | 'generation' | 'differs'> {
  readonly isEnrolled: boolean;
  readonly sentinels: SourceListing['sentinels'];
  /** To be kept by the pipeline: `lastSeen` of the next run. */
  readonly sighting: SourceSighting;
}

const MARKER_SAID = String(TREE_MARKER);

export function eligibility(sight: TreeSight, known: Known): Eligibility {
  const enrolled = newest(sight.registered, known.enrolledHere);
  const marker = typeof sight.marker === 'object' ? sight.marker : undefined;
  const identity = enrolled?.identity ?? marker?.identity ?? known.place;
  const differs = distinct([
    ...(enrolled === undefined ? unbelieved(sight, marker) : againstEnrolled(sight, enrolled)),
    ...differsFromLast(
      { machine: sight.host.machine, mount: sight.mount, identity },
      known.lastSeen,
    ),
    ...missing(sight),
    ...otherTree(identity, {
      ...known,
      isEnrolled: enrolled !== undefined || marker !== undefined,
    }),
  ]);
  return {
    place: known.place,
    identity,
    isEnrolled: enrolled !== undefined,
    role: roleOf({ enrolled, marker: sight.marker, differs }),
    generation: enrolled?.record.generation ?? marker?.generation ?? 0,
    differs,
    sentinels: sight.sentinels,
    sighting: { machine: sight.host.machine, mount: sight.mount, identity },
  };
}

/** Of what can not be looked at: an rsync daemon, a bucket. Nothing is claimed of it. */
export function eligibilityUnseen(place: string): Eligibility {
  return {
    place,
    identity: place,
    isEnrolled: false,
    role: 'unknown',
    generation: 0,
    differs: [],
    sentinels: [],
    sighting: { machine: '', mount: '', identity: place },
  };
}

/** The registry here may be older than a promotion that was done over there, and the other way round. */
function newest(there: Enrolled | undefined, here: Enrolled | undefined): Enrolled | undefined {
  if (there === undefined || here === undefined) return there ?? here;
  return there.record.generation > here.record.generation ? there : here;
}

function roleOf(of: {
  readonly enrolled: Enrolled | undefined;
  readonly marker: TreeSight['marker'];
  readonly differs: readonly SourceDifference[];
}): TreeRole | 'unknown' {
  const { enrolled, marker, differs } = of;
  // A marker without a registry: a copied disk, a re-image, somebody's rsync of the marker itself.
  if (enrolled === undefined) return marker === 'none' ? 'unknown' : 'candidate';
  return differs.length > 0 ? 'candidate' : enrolled.record.role;
}

/** Of a marker on the machine that wrote it, at another path or without its registry. */
export const NOT_ENROLLED_THERE = ', where nothing is enrolled';

/** A marker that no registry vouches for. */
function unbelieved(sight: TreeSight, marker: TreeMarker | undefined): SourceDifference[] {
  if (marker === undefined) return [];
  const is = sayHost(sight.host);
  const was = sayHost(marker.host);
  return [{ what: 'machine', was, is: was === is ? is + NOT_ENROLLED_THERE : is }];
}

function againstEnrolled(sight: TreeSight, { identity, record }: Enrolled): SourceDifference[] {
  const found: SourceDifference[] = [];
  const host = hostSeen(sight);
  if (!isSameHost(record, host)) {
    found.push(otherHost(record, sight.host));
  }
  if (record.mount !== '' && sight.mount !== '' && record.mount !== sight.mount) {
    found.push({ what: 'mount', was: record.mount, is: sight.mount });
  }
  return [...found, ...againstMarker(sight, identity, record)];
}

/**
 * The state directory over there may be closed to whoever asks. Then the marker names the
 * installation, and the registry here, which alone is compared with it, vouches for that.
 */
function hostSeen({ host, marker, registered }: TreeSight): Incarnation {
  const isClosed = host.install === '' && registered === undefined && typeof marker === 'object';
  return isClosed ? { ...host, install: marker.host.install } : host;
}

function againstMarker(
  sight: TreeSight,
  identity: string,
  record: TreeRecord,
): readonly SourceDifference[] {
  const { marker, registered } = sight;
  // Enrolled from elsewhere: no marker was written, and none is missed.
  if (marker === 'none' && registered === undefined) return [];
  if (typeof marker === 'string') return [{ what: 'missing', was: MARKER_SAID, is: '' }];
  if (marker.identity !== identity) {
    return [{ what: 'identity', was: identity, is: marker.identity }];
  }
  if (!isSameHost(marker.host, hostSeen(sight))) {
    return [otherHost(marker.host, sight.host)];
  }
  if (marker.role === record.role && marker.generation === record.generation) return [];
  const was = `${record.role} of generation ${record.generation}`;
  return [{ what: 'identity', was, is: `${marker.role} of generation ${marker.generation}` }];
}

/** An empty id was not to be had: what is not known is not compared, and two unknowns are not alike. */
function isSameHost(was: Incarnation, is: Incarnation): boolean {
  if (was.machine !== is.machine || isOtherHardware(was, is)) return false;
  if (was.install === '') return was.machine !== '';
  return was.install === is.install;
}

/** Of a clone, everything else is the same. */
function isOtherHardware(was: Incarnation, is: Incarnation): boolean {
  if (was.hardware === undefined || is.hardware === undefined) return false;
  return was.hardware !== is.hardware;
}

function otherHost(was: Incarnation, is: Incarnation): SourceDifference {
  const isSame = was.machine === is.machine && was.install === is.install;
  if (!isSame || !isOtherHardware(was, is)) {
    return { what: 'machine', was: sayHost(was), is: sayHost(is) };
  }
  const on = ({ hardware = '' }: Incarnation): string => `on hardware ${hardware.slice(0, 8)}`;
  const clone = `the same ${on(is)}: a clone of it, or its hardware was replaced`;
  return { what: 'machine', was: `${sayHost(was)} ${on(was)}`, is: clone };
}

/** What was never enrolled is judged by what was seen last: an id that is gone differs as well. */
export function differsFromLast(
  is: SourceSighting,
  last: SourceSighting | undefined,
): readonly SourceDifference[] {
  if (last === undefined) return [];
  const { machine, mount, identity } = is;
  const found: SourceDifference[] = [];
  if (last.machine !== machine && (last.machine !== '' || machine !== '')) {
    found.push({ what: 'machine', was: sayMachine(last.machine), is: sayMachine(machine) });
  }
  if (last.mount !== '' && mount !== '' && last.mount !== mount) {
    found.push({ what: 'mount', was: last.mount, is: mount });
  }
  // Being enrolled since is no difference; being another tree is.
  const isTree = last.identity.startsWith('t-');
  if (isTree && last.identity !== identity) {
    found.push({ what: 'identity', was: last.identity, is: identity });
  }
  return found;
}

function missing(sight: TreeSight): readonly SourceDifference[] {
  if (sight.state !== 'directory') return [{ what: 'missing', was: 'the directory', is: '' }];
  return sight.sentinels
    .filter(({ ok }) => !ok)
    .map(({ name }) => ({ what: 'missing', was: name, is: '' }));
}

function otherTree(
  identity: string,
  { identityWanted, isEnrolled }: Known & { readonly isEnrolled: boolean },
): readonly SourceDifference[] {
  if (identityWanted === undefined || !isEnrolled || identityWanted === identity) return [];
  return [{ what: 'identity', was: identityWanted, is: identity }];
}

function distinct(all: readonly SourceDifference[]): readonly SourceDifference[] {
  const seen = new Set<string>();
  return all.filter(({ what, was }) => {
    const key = what === 'machine' ? what : `${what} ${was}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function sayHost({ machine, install }: Incarnation): string {
  const installed = install === '' ? '' : `, installation ${install.slice(0, 8)}`;
  return `${sayMachine(machine)}${installed}`;
}

function sayMachine(machine: string): string {
  return machine === '' ? 'a machine without an id' : `machine ${machine.slice(0, 8)}`;
}

/** The entry of a registry that has this place. */
export function enrolledAt(entries: readonly TreeEntry[], place: ByteString): Enrolled | undefined {
  const all = entries.flatMap(({ identity, places }) =>
    places.filter((record) => record.place === place).map((record) => ({ identity, record })),
  );
  return all.sort((a, b) => b.record.at - a.record.at)[0];
}
