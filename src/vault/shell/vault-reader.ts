import type { Digest } from '../../base/bytes.ts';
import { hexOf } from '../../base/bytes.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { DataKeys } from '../core/data-keys.ts';
import { type OpenedGroup, openGroup } from '../core/group.ts';
import { CONTENT, type IdOf, makeIdOf, type ObjectKind } from '../core/object-id.ts';
import {
  type LocatedGroup,
  type ObjectPlaces,
  placesOf,
  type VaultAccess,
} from './vault-access.ts';
import { isAbsence, type VaultProblem } from './vault-problem.ts';

/** Ranges of packs, for whoever needs them at once. */
export interface ReadRange {
  /**
   * Reads `length` bytes of a pack; fewer at its end. They are good until the next call. Throws
   * what a store throws.
   * @param pack 64 hex digits; in the vault it is `packs/` and these
   */
  (pack: string, offset: number, length: number): Uint8Array;
  /**
   * What will be read next, in this order, after what was announced before: who has to wait for a
   * network asks for it at once. Not there where nothing is gained by it.
   */
  readonly expect?: (ranges: readonly ExpectedRange[]) => void;
}

export interface ExpectedRange {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

/** Plain bytes of opened groups that are kept for the next object. */
const CACHE_SIZE = 8 * MIB;
const PROBLEMS_MAX = 1000;
const IDS_MAX = 4096;

/** An object that is wanted. */
export interface WantedObject {
  readonly kind: ObjectKind;
  readonly digest: Digest;
}

/**
 * Finds and checks objects, wherever the bytes come from: `search` asks for groups and is given
 * them, so that one search serves threads that read files and those who wait for a network.
 */
export class VaultReader {
  readonly #tools: Tools;
  readonly #places: ObjectPlaces;
  readonly #dataKeys: DataKeys;
  readonly #opened = new Map<number, OpenedGroup>();
  #openedSize = 0;
  readonly idOf: IdOf;
  /** What was damaged and could be had elsewhere. */
  readonly problems: VaultProblem[] = [];

  constructor(of: VaultAccess | ObjectPlaces, tools: Tools) {
    this.#tools = tools;
    this.#places = 'all' in of ? of : placesOf(of);
    const { keys, sealedKeys } = this.#places;
    this.#dataKeys = new DataKeys(tools, keys, sealedKeys);
    this.idOf = remembered(makeIdOf(tools, keys.idKey));
  }

  /** Whether the vault should have it; in a pack that is missing or cut short counts as not. */
  has(wanted: WantedObject): boolean {
    return this.#places.has(this.idOf(wanted.kind, wanted.digest));
  }

  /** The group to read first for this object, undefined where no index knows it. */
  locate(wanted: WantedObject): LocatedGroup | undefined {
    return this.places(wanted)[0];
  }

  /** The groups to read for these objects, each once; those that are open are not read again. */
  groupsFor(wanted: readonly WantedObject[]): readonly ExpectedRange[] {
    const groups = new Map<number, ExpectedRange>();
    for (const each of wanted) {
      const place = this.locate(each);
      if (place === undefined || this.#opened.has(place.group)) continue;
      const { pack, offset, headerLength, bodyLength } = place;
      groups.set(place.group, { pack, offset, length: headerLength + bodyLength });
    }
    return [...groups.values()];
  }

  /** Every group that is said to hold it: what is there before what is in doubt. */
  places({ kind, digest }: WantedObject): readonly LocatedGroup[] {
    return this.#places.all(this.idOf(kind, digest));
  }

  /**
   * Asks for the bytes of groups (or the Fault that reading them gave) until one has the object.
   * @returns the object, checked: its group opened, its full id stood there, its digest fits
   * @throws Fault HF_OBJECT_MISSING, HF_OBJECT_CORRUPT, HF_DATA_KEY_ABSENT, and what was given
   */
  *search(wanted: WantedObject): Generator<LocatedGroup, Uint8Array, Uint8Array | Fault> {
    const id = this.idOf(wanted.kind, wanted.digest);
    const failures: Failure[] = [];
    for (const place of this.#places.all(id)) {
      const opened = this.#cached(place.group);
      try {
        const group = opened ?? this.#open(place, yield place);
        const found = this.#check(group, { id, ...wanted });
        for (const { place: other, error } of failures) this.#note(other, error);
        return found;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        failures.push({ place, error });
      }
    }
    throw failureOf(id, failures);
  }

  /** @throws as `search`, for the group itself */
  #open(place: LocatedGroup, bytes: Uint8Array | Fault): OpenedGroup {
    if (bytes instanceof Fault) throw bytes;
    const group = openGroup(this.#tools, this.#dataKeys, bytes);
    this.#opened.set(place.group, group);
    this.#openedSize += group.plain.length;
    for (const [oldest, { plain }] of this.#opened) {
      if (this.#openedSize <= CACHE_SIZE || oldest === place.group) break;
      this.#opened.delete(oldest);
      this.#openedSize -= plain.length;
    }
    return group;
  }

  #cached(group: number): OpenedGroup | undefined {
    const opened = this.#opened.get(group);
    if (opened === undefined) return undefined;
    this.#opened.delete(group);
    this.#opened.set(group, opened);
    return opened;
  }

  #check(group: OpenedGroup, wanted: WantedObject & { readonly id: Digest }): Uint8Array {
    const bytes = group.header.kind === wanted.kind ? group.find(wanted.id) : undefined;
    if (bytes === undefined) {
      throw new Fault('HF_VAULT_CORRUPT', 'the object is not in the group where an index says so');
    }
    if (this.#tools.hash.sha256(bytes) !== wanted.digest) {
      throw new Fault('HF_VAULT_CORRUPT', 'the object has not its digest');
    }
    return bytes;
  }

  #note(place: LocatedGroup, error: Fault): void {
    if (this.problems.length >= PROBLEMS_MAX) return;
    const object = `packs/${place.pack}`;
    // Sealed to others, or passing: nothing is wrong with it.
    const isWell = codeFor(error) === undefined || error.code === 'HF_DATA_KEY_ABSENT';
    if (!isWell) this.problems.push({ kind: kindOf(error), object, why: error.message });
  }
}

/** Who puts what it reads in order asks for the id of each chunk first, and then reads it. */
function remembered(idOf: IdOf): IdOf {
  const known = new Map<Digest, Digest>();
  return (kind, digest) => {
    if (kind !== CONTENT) return idOf(kind, digest);
    let id = known.get(digest);
    if (id === undefined) {
      if (known.size >= IDS_MAX) known.clear();
      id = idOf(kind, digest);
      known.set(digest, id);
    }
    return id;
  };
}

interface Failure {
  readonly place: LocatedGroup;
  readonly error: Fault;
}

/** Damage and absence are said of the object; what may pass (a store out of reach) as it is. */
function failureOf(id: Digest, failures: readonly Failure[]): Fault {
  const hex = hexOf(id);
  const [first] = failures;
  if (first === undefined) {
    const message = `no index and no pack of the vault knows object ${hex}`;
    return new Fault('HF_OBJECT_MISSING', message, { id: hex });
  }
  const passing = failures.find(({ error }) => codeFor(error) === undefined);
  if (passing !== undefined) return passing.error;
  const worst = failures.find(({ error }) => !isAbsence(error)) ?? first;
  const pack = `packs/${worst.place.pack}`;
  const facts = { id: hex, pack, offset: worst.place.offset };
  const code = codeFor(worst.error) ?? worst.error.code;
  const message = `object ${hex} in ${pack}: ${worst.error.message}`;
  return new Fault(code, message, facts, { cause: worst.error });
}

function kindOf(error: Fault): VaultProblem['kind'] {
  return isAbsence(error) ? 'missing' : 'damaged';
}

/** Undefined for what says nothing about the object. */
function codeFor(error: Fault): FaultCode | undefined {
  if (isAbsence(error)) return 'HF_OBJECT_MISSING';
  if (error.kind === 'corrupt') return 'HF_OBJECT_CORRUPT';
  return error.code === 'HF_DATA_KEY_ABSENT' ? error.code : undefined;
}
