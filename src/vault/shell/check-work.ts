/**
 * What a check worker does: whole packs, and leaf pages of manifests. An ordinary class over ports;
 * a thread adds nothing but messages.
 */
import { type ByteString, type Digest, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { DiskReader } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { ListRef } from '../../manifest/core/entry-fields.ts';
import { loadLeaf, type PlacedRef } from '../../manifest/core/page-load.ts';
import { referencesOfList } from '../../manifest/core/references.ts';
import { corrupt, demand } from '../core/corruption.ts';
import { DataKeys } from '../core/data-keys.ts';
import { checkMembers, OPEN_ROOM_SIZE, openGroupWith } from '../core/group.ts';
import { type GroupHeader, membersOf, parseGroupHeader } from '../core/group-header.ts';
import { IdTable } from '../core/id-table.ts';
import { CONTENT, type IdOf, makeIdOf, NAMES, type ObjectKind } from '../core/object-id.ts';
import { type GroupPlace, packTrailerSize, parsePackTrailer, scanGroups } from '../core/pack.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import type { CheckFinding } from './check-finding.ts';
import { type NeededPacks, PackNeeds } from './pack-needs.ts';
import { referencesOfLine } from './check-line.ts';
import { GROUP_WORDS, type VaultAccess } from './vault-access.ts';
import { type ObjectsOfVault, vaultReaderFrom } from './vault-objects.ts';
import { problemOf } from './vault-problem.ts';
import type { ReadRange } from './vault-reader.ts';

export interface CheckWorkPorts {
  readonly tools: Tools;
  readonly readRange: ReadRange;
  /** @param pack 64 hex digits */
  readonly openPack: (pack: string) => DiskReader;
  /** Past the page cache where that can be had; undefined where a pack is not to be read at once. */
  readonly readWholePack?: (pack: string) => WholePack | undefined;
}

export interface WholePack {
  /** Good until the next one is read. */
  readonly bytes: Uint8Array;
  readonly isFromMedium: boolean;
}

export interface PackToCheck {
  /** 64 hex digits. */
  readonly name: string;
  /** Every byte, tag and member; else trailer and headers. */
  readonly readData: boolean;
}

export interface CheckedPack {
  readonly findings: readonly CheckFinding[];
  /** Numbers of the groups that are damaged, as the index counts them. */
  readonly damagedGroups: readonly number[];
  readonly readBytes: number;
  readonly groups: number;
  readonly members: number;
  /** All of it was read, and no memory can have served it. */
  readonly isFromMedium: boolean;
}

export interface LeavesToCheck {
  readonly leaves: readonly PlacedRef[];
  /** Groups that were found damaged: what lies in them is read, for it may lie elsewhere too. */
  readonly damagedGroups: readonly number[];
  /** Whether the packs that they need are asked for. */
  readonly wantsPacks?: boolean | undefined;
}

export interface CheckedLeaf {
  /** Of the page. */
  readonly digest: Digest;
  readonly entries: number;
  /** What in it cannot be read back. */
  readonly affected: readonly { readonly path: ByteString; readonly why: string }[];
  /** Of all that it refers to, the page itself too; undefined where nobody asked. */
  readonly needed?: NeededPacks | undefined;
}

const END_SIZE = 8;
const MISSING = 'a part of its content is in no pack';
const DAMAGED = 'a part of its content is damaged';

export class CheckWork {
  readonly #ports: CheckWorkPorts;
  readonly #access: VaultAccess;
  readonly #ids: IdTable;
  readonly #idOf: IdOf;
  readonly #dataKeys: DataKeys;
  readonly #objects: ObjectsOfVault;
  #groupsOfPacks: Map<string, Map<number, number>> | undefined;
  #buffer = new Uint8Array(0);
  readonly #plain = new Uint8Array(OPEN_ROOM_SIZE);
  /** Of the page that is being looked at. */
  #needs: PackNeeds | undefined;

  constructor(ports: CheckWorkPorts, access: VaultAccess) {
    const { tools } = ports;
    this.#ports = ports;
    this.#access = access;
    this.#ids = new IdTable(access.present);
    this.#idOf = makeIdOf(tools, access.keys.idKey);
    this.#dataKeys = new DataKeys(tools, access.keys, parseSealedKeys(access.sealedKeys));
    this.#objects = vaultReaderFrom(access, tools, ports.readRange);
  }

  checkPack(pack: PackToCheck): CheckedPack {
    const object = `packs/${pack.name}`;
    const seen = new PackSeen(object);
    try {
      const whole = pack.readData ? this.#ports.readWholePack?.(pack.name) : undefined;
      if (whole !== undefined) {
        seen.isFromMedium = whole.isFromMedium;
        this.#checkWhole(whole.bytes, pack.name, seen);
        return seen.result();
      }
      const reader = this.#ports.openPack(pack.name);
      try {
        if (pack.readData) this.#readWhole(reader, pack.name, seen);
        else this.#readHeaders(reader, pack.name, seen);
      } finally {
        reader.close();
      }
    } catch (error) {
      seen.note(error);
      // Which part of it cannot be read only who asks for each object sees.
      if (pack.readData) seen.damagedGroups.push(...this.#groupsOf(pack.name).values());
    }
    return seen.result();
  }

  checkLeaves({ leaves, damagedGroups, wantsPacks }: LeavesToCheck): CheckedLeaf[] {
    const damaged = new Set(damagedGroups);
    this.#objects.expect?.(leaves.map(({ digest }) => ({ kind: NAMES, digest })));
    return leaves.map((ref) => {
      this.#needs = wantsPacks === true ? new PackNeeds() : undefined;
      this.#needs?.addObject(this.#idOf(NAMES, ref.digest), this.#access, this.#ids);
      return { ...this.#checkLeaf(ref, damaged), needed: this.#needs?.needed() };
    });
  }

  #readWhole(reader: DiskReader, name: string, seen: PackSeen): void {
    const { sizeBytes } = reader;
    if (this.#buffer.length < sizeBytes) this.#buffer = new Uint8Array(sizeBytes);
    const count = reader.read(this.#buffer.subarray(0, sizeBytes), 0);
    this.#checkWhole(this.#buffer.subarray(0, count), name, seen);
  }

  #checkWhole(bytes: Uint8Array, name: string, seen: PackSeen): void {
    const { tools } = this.#ports;
    seen.readBytes += bytes.length;
    const isWhole = hexOf(tools.hash.sha256(bytes)) === name;
    if (!isWhole) seen.note(corrupt(seen.object, 'its bytes are not those of its name'));
    for (const place of this.#placesIn(bytes, name, seen)) {
      seen.groups += 1;
      const end = place.offset + place.headerLength + place.bodyLength;
      try {
        const sealed = bytes.subarray(place.offset, end);
        const opening = { dataKeys: this.#dataKeys, bytes: sealed, into: this.#plain };
        const group = openGroupWith(tools, opening);
        checkMembers(tools, this.#idOf, group);
        seen.members += group.members.length;
        this.#checkIndexed(name, place.offset, group.header);
      } catch (error) {
        this.#noteGroup(seen, { error, place, name });
      }
    }
  }

  /** By the trailer; where that is damaged, by the index, or by looking for them. */
  #placesIn(bytes: Uint8Array, name: string, seen: PackSeen): readonly GroupPlace[] {
    try {
      const size = packTrailerSize(bytes.subarray(-END_SIZE), bytes.length);
      return parsePackTrailer(bytes.subarray(-size), bytes.length).groups;
    } catch (error) {
      seen.note(error);
    }
    const indexed = this.#indexedPlaces(name);
    if (indexed.length > 0) return indexed.filter((place) => place.offset < bytes.length);
    return scanGroups(bytes).map(({ offset, header }) => ({ offset, ...header }));
  }

  #readHeaders(reader: DiskReader, name: string, seen: PackSeen): void {
    const { sizeBytes } = reader;
    const readAt = (offset: number, length: number): Uint8Array => {
      const into = new Uint8Array(length);
      const count = reader.read(into, offset);
      seen.readBytes += count;
      return into.subarray(0, count);
    };
    const size = packTrailerSize(readAt(Math.max(0, sizeBytes - END_SIZE), END_SIZE), sizeBytes);
    const { groups } = parsePackTrailer(readAt(sizeBytes - size, size), sizeBytes);
    const { expect } = this.#ports.readRange;
    expect?.(groups.map(({ offset, headerLength: length }) => ({ pack: name, offset, length })));
    for (const place of groups) {
      seen.groups += 1;
      const bytes = readAt(place.offset, place.headerLength);
      try {
        const header = parseGroupHeader(bytes);
        const fits = header.bodyLength === place.bodyLength;
        demand(fits, seen.object, 'its trailer and a header do not agree');
        seen.members += header.memberCount;
        this.#checkIndexed(name, place.offset, header);
      } catch (error) {
        this.#noteGroup(seen, { error, place, name });
      }
    }
  }

  /** Every id of the header is known to the index at this place. */
  #checkIndexed(name: string, offset: number, header: GroupHeader): void {
    const group = this.#groupAt(name, offset);
    const { tools } = this.#ports;
    const isKnown = (id: Digest) => this.#ids.all(id).some((value) => value === group);
    const missing = membersOf(tools.codec, header).find(({ id }) => !isKnown(id));
    demand(missing === undefined, `packs/${name}`, 'an object in it is in no index');
  }

  #noteGroup(seen: PackSeen, { error, place, name }: GroupDamage): void {
    seen.note(error, place.offset);
    const group = this.#groupAt(name, place.offset);
    if (group !== undefined) seen.damagedGroups.push(group);
  }

  #checkLeaf(ref: PlacedRef, damaged: ReadonlySet<number>): CheckedLeaf {
    const { codec } = this.#ports.tools;
    const affected: { path: ByteString; why: string }[] = [];
    try {
      const leaf = loadLeaf(ref, (digest) =>
        codec.textOf(this.#objects.readObject({ kind: NAMES, digest })),
      );
      for (const [at, line] of leaf.lines.entries()) {
        const why = this.#reasonAgainst(line, damaged);
        const path = leaf.paths[at];
        if (why !== undefined && path !== undefined) affected.push({ path, why });
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const why = `the page of the manifest that begins here cannot be read: ${error.message}`;
      affected.push({ path: ref.first, why });
    }
    return { digest: ref.digest, entries: ref.entries, affected };
  }

  /** Why the entry of this line cannot be restored; undefined where it can. */
  #reasonAgainst(line: ByteString, damaged: ReadonlySet<number>): string | undefined {
    const { chunks, list, holeLists } = referencesOfLine(line);
    for (const digest of chunks) {
      const why = this.#reasonAgainstOne(CONTENT, digest, damaged);
      if (why !== undefined) return why;
    }
    for (const digest of holeLists) {
      const why = this.#reasonAgainstOne(NAMES, digest, damaged);
      if (why !== undefined) return why;
    }
    return list && this.#reasonAgainstList(list, damaged);
  }

  #reasonAgainstList(list: ListRef, damaged: ReadonlySet<number>): string | undefined {
    const { digest, depth } = list;
    this.#needs?.addObject(this.#idOf(NAMES, digest), this.#access, this.#ids);
    try {
      const bytes = this.#objects.readObject({ kind: NAMES, digest });
      for (const below of referencesOfList(bytes, depth)) {
        const why =
          depth > 1
            ? this.#reasonAgainstList({ digest: below.digest, depth: depth - 1 }, damaged)
            : this.#reasonAgainstOne(CONTENT, below.digest, damaged);
        if (why !== undefined) return why;
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return `its list of chunks cannot be read: ${error.message}`;
    }
  }

  #reasonAgainstOne(
    kind: ObjectKind,
    digest: Digest,
    damaged: ReadonlySet<number>,
  ): string | undefined {
    const id = this.#idOf(kind, digest);
    const groups = this.#ids.all(id);
    if (groups.length === 0) return MISSING;
    this.#needs?.addObject(id, this.#access, this.#ids);
    if (damaged.size === 0 || !groups.some((group) => damaged.has(group))) return undefined;
    try {
      this.#objects.readObject({ kind, digest });
      return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return DAMAGED;
    }
  }

  #groupAt(name: string, offset: number): number | undefined {
    return this.#groupsOf(name).get(offset);
  }

  #indexedPlaces(name: string): GroupPlace[] {
    const { groups } = this.#access;
    return [...this.#groupsOf(name).values()].map((group) => {
      const at = group * GROUP_WORDS;
      const [offset = 0, headerLength = 0, bodyLength = 0] = groups.subarray(at + 1, at + 4);
      return { offset, headerLength, bodyLength };
    });
  }

  /** By offset, the numbers of the groups that indexes know in a pack. */
  #groupsOf(name: string): ReadonlyMap<number, number> {
    if (this.#groupsOfPacks === undefined) {
      const { groups, packs } = this.#access;
      const all = packs.map(() => new Map<number, number>());
      for (let group = 0; group < groups.length / GROUP_WORDS; group++) {
        const at = group * GROUP_WORDS;
        all[groups[at] ?? 0]?.set(groups[at + 1] ?? 0, group);
      }
      this.#groupsOfPacks = new Map(packs.map((pack, at) => [pack, all[at] ?? new Map()]));
    }
    return this.#groupsOfPacks.get(name) ?? new Map();
  }
}

interface GroupDamage {
  readonly error: unknown;
  readonly place: GroupPlace;
  readonly name: string;
}

const FINDINGS_MAX = 100;

/** What was seen of one pack. */
class PackSeen {
  readonly object: string;
  readonly damagedGroups: number[] = [];
  readonly #findings: CheckFinding[] = [];
  readBytes = 0;
  groups = 0;
  members = 0;
  isFromMedium = false;

  constructor(object: string) {
    this.object = object;
  }

  note(error: unknown, offset?: number): void {
    // One bit of a header may name another data key: then nobody opens the group.
    const isKeyless = error instanceof Fault && error.code === 'HF_DATA_KEY_ABSENT';
    const { why } = isKeyless ? { why: error.message } : problemOf(this.object, error);
    const where = offset === undefined ? '' : `group at ${offset}: `;
    if (this.#findings.length >= FINDINGS_MAX) return;
    this.#findings.push({ grade: 'damaged', object: this.object, why: where + why });
  }

  result(): CheckedPack {
    const { readBytes, groups, members, damagedGroups, isFromMedium } = this;
    const counts = { readBytes, groups, members, isFromMedium };
    return { findings: this.#findings, damagedGroups, ...counts };
  }
}
