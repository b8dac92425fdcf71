/** What this installation knows of one tree: docs/format/tree-marker.md. */
import type { ByteString } from '../../base/bytes.ts';
import type { TreeRole } from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import { bytesIn, bytesMember, parseRecord } from './tree-json.ts';
import {
  type Incarnation,
  isGeneration,
  isHardware,
  isRole,
  isTreeIdentity,
  type TreeMarker,
} from './tree-marker.ts';

export const REGISTRY_FORMAT = 'holdfast-trees/0';
export const REGISTRY_SIZE_MAX = 262_144;
const HISTORY_MAX = 100;

/** One place of the tree, as it was enrolled or synced last. */
export interface TreeRecord extends Incarnation {
  /** An absolute path of this host, or `host:/path`. */
  readonly place: ByteString;
  readonly role: TreeRole;
  readonly generation: number;
  /** `ext4 at /srv`; empty: not known, and not compared. */
  readonly mount: string;
  readonly mustExist: readonly string[];
  readonly at: UnixMs;
}

export interface TreeEvent {
  readonly at: UnixMs;
  /** `ann@hv1`. */
  readonly by: string;
  readonly place: ByteString;
  readonly role: TreeRole;
  readonly generation: number;
  readonly reason: string;
}

export interface TreeEntry {
  readonly identity: string;
  readonly places: readonly TreeRecord[];
  /** Newest last. */
  readonly history: readonly TreeEvent[];
}

/** With its newline. */
export function registryText({ identity, places, history }: TreeEntry): string {
  return `${canonicalJson({
    format: REGISTRY_FORMAT,
    identity,
    places: places.map(({ place, ...rest }) => ({ ...bytesMember('place', place), ...rest })),
    history: history.map(({ place, ...rest }) => ({ ...bytesMember('place', place), ...rest })),
  })}\n`;
}

/** Strict: undefined for everything that Holdfast did not write just so. */
export function parseRegistry(text: string): TreeEntry | undefined {
  const given = text.length > REGISTRY_SIZE_MAX ? undefined : parseRecord(text);
  if (given === undefined) return undefined;
  const { identity, places, history } = given;
  if (typeof identity !== 'string' || !isTreeIdentity(identity)) return undefined;
  if (!Array.isArray(places) || !Array.isArray(history)) return undefined;
  const entry = {
    identity,
    places: places.flatMap((each) => recordIn(each) ?? []),
    history: history.flatMap((each) => eventIn(each) ?? []),
  };
  return text === registryText(entry) ? entry : undefined;
}

/** Places that are newer than what is known replace it; others stay. */
export function withRecord(entry: TreeEntry, record: TreeRecord, event?: TreeEvent): TreeEntry {
  const others = entry.places.filter(({ place }) => place !== record.place);
  const places = [...others, record].sort((a, b) => (a.place < b.place ? -1 : 1));
  const history = event === undefined ? entry.history : [...entry.history, event];
  return { ...entry, places, history: history.slice(-HISTORY_MAX) };
}

/** Of all that is known; 0 where nothing is. */
export function newestGeneration({ places, history }: TreeEntry): number {
  return [...places, ...history].reduce((most, { generation }) => Math.max(most, generation), 0);
}

export function presentSource({ places }: TreeEntry): TreeRecord | undefined {
  const sources = places.filter(({ role }) => role === 'source');
  return sources.sort((a, b) => b.generation - a.generation)[0];
}

/** The marker that says the same as the record. */
export function markerOf(identity: string, record: TreeRecord): TreeMarker {
  const { role, generation, install, machine } = record;
  return { identity, role, generation, host: { install, machine } };
}

function recordIn(given: unknown): TreeRecord | undefined {
  const of = recordOf(given);
  const place = of === undefined ? undefined : bytesIn(of, 'place');
  if (of === undefined || place === undefined) return undefined;
  const { role, generation, install, machine, hardware, mount, mustExist, at } = of;
  if (!isRole(role) || !isGeneration(generation)) return undefined;
  if (typeof install !== 'string' || typeof machine !== 'string') return undefined;
  if (typeof mount !== 'string' || typeof at !== 'number') return undefined;
  if (!isTexts(mustExist) || !isHardware(hardware)) return undefined;
  const known = hardware === undefined ? {} : { hardware };
  return { place, role, generation, install, machine, ...known, mount, mustExist, at: unixMs(at) };
}

function eventIn(given: unknown): TreeEvent | undefined {
  const of = recordOf(given);
  const place = of === undefined ? undefined : bytesIn(of, 'place');
  if (of === undefined || place === undefined) return undefined;
  const { at, by, role, generation, reason } = of;
  if (!isRole(role) || !isGeneration(generation) || typeof at !== 'number') return undefined;
  if (typeof by !== 'string' || typeof reason !== 'string') return undefined;
  return { at: unixMs(at), by, place, role, generation, reason };
}

function recordOf(given: unknown): Readonly<Record<string, unknown>> | undefined {
  const isRecord = typeof given === 'object' && given !== null;
  return isRecord ? (given as Readonly<Record<string, unknown>>) : undefined;
}

function isTexts(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((each) => typeof each === 'string');
}
