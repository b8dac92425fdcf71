import { hexOf } from '../../base/bytes.ts';
import { corrupt, demand } from '../core/corruption.ts';
import { IdSegment, NO_VALUE } from '../core/id-segment.ts';
import { IndexBuilder } from '../core/index-builder.ts';
import { INDEX_SIZE_MAX, type IndexTable, parseIndexTable } from '../core/index-table.ts';
import type { SealedKey } from '../core/sealed-key.ts';
import { inParallel } from './in-parallel.ts';
import { scanPack } from './pack-scan.ts';
import type { StoredObject } from './store.ts';
import { GROUP_WORDS, type VaultAccess } from './vault-access.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';
import type { Vault } from './open-vault.ts';

/** What lies in a vault and where, from its indexes, checked against the packs that are there. */
export interface VaultIndex {
  readonly access: VaultAccess;
  /** Every pack that an index names or the store has. */
  readonly packs: readonly KnownPack[];
  /** Names, 64 hex digits, of packs that indexes name and the store has not, or not whole. */
  readonly missingPacks: readonly string[];
  /** Indexes of the packs that no index names, for the next backup to publish. */
  readonly rebuilt: readonly Uint8Array[];
  readonly problems: readonly VaultProblem[];
}

export interface KnownPack {
  /** 64 hex digits. */
  readonly name: string;
  /** As it was written, where an index says so. */
  readonly sizeBytes: number;
  readonly state: 'present' | 'short' | 'missing' | 'damaged';
}

/**
 * Reads all indexes, and the packs that none of them names.
 * A damaged or missing index costs time, never content: its packs are scanned.
 *
 * @param damaged names of packs that a check has found damaged: what lies in them is in doubt
 */
export async function loadIndex(
  vault: Vault,
  damaged: ReadonlySet<string> = NONE,
): Promise<VaultIndex> {
  const { store } = vault;
  const problems: VaultProblem[] = [];
  const stored = new Map((await store.list('packs/')).map((pack) => [pack.name, pack]));
  const gathering = new Gathering({ stored, damaged }, problems);
  const indexes = await store.list('index/');
  for (const table of await inParallel(indexes, (object) => readIndex(vault, object, problems))) {
    if (table !== undefined) gathering.add(table);
  }
  const rebuilt = await scanUnnamed(vault, gathering.unnamed(), problems);
  for (const bytes of rebuilt) gathering.add(parseIndexTable(bytes, vault.tools.codec.textOf));
  return gathering.finish(vault, rebuilt);
}

async function readIndex(
  { store, tools }: ReadingPorts,
  object: StoredObject,
  problems: VaultProblem[],
): Promise<IndexTable | undefined> {
  const { name, sizeBytes } = object;
  try {
    demand(sizeBytes <= INDEX_SIZE_MAX, name, 'it is too large');
    const bytes = await store.get(name);
    const isWhole = `index/${hexOf(tools.hash.sha256(bytes))}` === name;
    demand(isWhole, name, 'its digest is not its name');
    return parseIndexTable(bytes, tools.codec.textOf);
  } catch (error) {
    problems.push(problemOf(name, error));
    return undefined;
  }
}

/** Index tables of packs that no index names, made without a key. */
export async function scanUnnamed(
  ports: ReadingPorts,
  unnamed: readonly StoredObject[],
  problems: VaultProblem[],
): Promise<Uint8Array[]> {
  const rebuilt: Uint8Array[] = [];
  let builder = new IndexBuilder();
  const flush = (): void => {
    if (builder.packCount > 0) rebuilt.push(builder.encode(ports.tools.codec));
    builder = new IndexBuilder();
  };
  // Several at once: each takes some answers of a store that may be far away.
  const scanned = await inParallel(unnamed, async (object) => ({
    object,
    ...(await scanPack(ports, object)),
  }));
  for (const { object, pack, problems: found } of scanned) {
    problems.push(...found);
    if (pack === undefined) continue;
    if (!builder.takes(pack)) flush();
    if (builder.takes(pack)) builder.addPack(pack);
    else problems.push(problemOf(object.name, corrupt(object.name, 'it holds too many objects')));
  }
  flush();
  return rebuilt;
}

/** Makes one table of many indexes. */
class Gathering {
  readonly #stored: ReadonlyMap<string, StoredObject>;
  readonly #damaged: ReadonlySet<string>;
  readonly #problems: VaultProblem[];
  readonly #packs: KnownPack[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #tables: { readonly table: IndexTable; readonly numbers: readonly number[] }[] = [];
  readonly #sealedKeys: SealedKey[] = [];

  constructor(
    {
      stored,
      damaged,
    }: Readonly<{ stored: Map<string, StoredObject>; damaged: ReadonlySet<string> }>,
    problems: VaultProblem[],
  ) {
    this.#stored = stored;
    this.#damaged = damaged;
    this.#problems = problems;
  }

  /** The first index that names a pack is the one that is used for it. */
  add(table: IndexTable): void {
    const numbers = table.packs.map(({ name, sizeBytes }) => {
      const hex = hexOf(name);
      if (this.#numbers.has(hex)) return -1;
      const number = this.#packs.length;
      this.#numbers.set(hex, number);
      const stored = this.#stored.get(`packs/${hex}`);
      this.#packs.push({ name: hex, sizeBytes, state: this.#stateOf(hex, sizeBytes, stored) });
      return number;
    });
    this.#tables.push({ table, numbers });
    this.#sealedKeys.push(...table.sealedKeys);
  }

  #stateOf(name: string, sizeBytes: number, stored?: StoredObject): KnownPack['state'] {
    if (stored === undefined) return 'missing';
    if (stored.sizeBytes < sizeBytes) return 'short';
    return this.#damaged.has(name) ? 'damaged' : 'present';
  }

  unnamed(): StoredObject[] {
    return [...this.#stored.values()].filter(
      ({ name }) => !this.#numbers.has(name.slice('packs/'.length)),
    );
  }

  finish(vault: Vault, rebuilt: readonly Uint8Array[]): VaultIndex {
    const damaged = this.#packs.filter((pack) => pack.state !== 'present');
    for (const { name, state } of damaged) {
      const why = WHY[state];
      const kind = state === 'missing' ? 'missing' : 'damaged';
      this.#problems.push({ kind, object: `packs/${name}`, why });
    }
    const groupCount = this.#tables.reduce((sum, { table }) => sum + table.groups.length, 0);
    const groups = new Uint32Array(new SharedArrayBuffer(4 * groupCount));
    const counts = this.#countIds();
    const present = IdSegment.make(counts.present, 'shared');
    const doubtful = damaged.length > 0 ? IdSegment.make(counts.doubtful, 'shared') : undefined;
    this.#fill(groups, { present, doubtful });
    const { vault: id, idKey, namesKey, contentKey } = vault.keyring;
    const access: VaultAccess = {
      keys: { vault: id, idKey, namesKey, contentKey },
      present: [present.buffer],
      doubtful: doubtful === undefined ? [] : [doubtful.buffer],
      groups,
      packs: this.#packs.map((pack) => pack.name),
      sealedKeys: joined(this.#sealedKeys),
    };
    const missingPacks = damaged.map((pack) => pack.name);
    return { access, packs: this.#packs, missingPacks, rebuilt, problems: this.#problems };
  }

  #countIds(): { present: number; doubtful: number } {
    const ids = this.#tables.reduce((sum, { table }) => sum + table.entries.length / 6, 0);
    const isAllPresent = this.#packs.every((pack) => pack.state === 'present');
    return { present: ids, doubtful: isAllPresent ? 0 : ids };
  }

  #fill(groups: Uint32Array, segments: Segments): void {
    let first = 0;
    for (const { table, numbers } of this.#tables) {
      const count = table.groups.length / GROUP_WORDS;
      const present = new Uint32Array(count).fill(NO_VALUE);
      const doubtful = new Uint32Array(count).fill(NO_VALUE);
      groups.set(table.groups, first * GROUP_WORDS);
      for (let group = 0; group < count; group++) {
        const pack = numbers[table.groups[group * GROUP_WORDS] ?? 0] ?? -1;
        groups[(first + group) * GROUP_WORDS] = pack === -1 ? NO_VALUE : pack;
        if (pack === -1) continue;
        const isPresent = this.#packs[pack]?.state === 'present';
        (isPresent ? present : doubtful)[group] = first + group;
      }
      const isFilled =
        segments.present.fill(table.entries, present) &&
        (segments.doubtful?.fill(table.entries, doubtful) ?? true);
      // Only ids that were made up crowd so; those behind them are stored again.
      if (!isFilled) this.#problems.push(problemOf('index/', corrupt('index', 'ids are crowded')));
      first += count;
    }
  }
}

const NONE: ReadonlySet<string> = new Set();
const WHY: Readonly<Record<KnownPack['state'], string>> = {
  present: '',
  missing: 'an index names it',
  short: 'it has been cut short',
  damaged: 'a check found it damaged',
};

interface Segments {
  readonly present: IdSegment;
  readonly doubtful: IdSegment | undefined;
}

function joined(keys: readonly SealedKey[]): Uint8Array {
  const unique = new Map(keys.map((key) => [key.bytes.join(), key.bytes]));
  const size = [...unique.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  const all = new Uint8Array(new SharedArrayBuffer(size));
  let at = 0;
  for (const bytes of unique.values()) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
