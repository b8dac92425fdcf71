import { hexOf } from '../../base/bytes.ts';
import { addAll } from '../../base/long-list.ts';
import { corrupt, demand } from '../core/corruption.ts';
import { IdSegment, NO_VALUE } from '../core/id-segment.ts';
import { IndexBuilder } from '../core/index-builder.ts';
import { INDEX_SIZE_MAX, type IndexTable, parseIndexTable } from '../core/index-table.ts';
import type { SealedKey } from '../core/sealed-key.ts';
import { Fault } from '../../base/fault.ts';
import { coveredPacks, sweptAmong } from './collection-state.ts';
import { inParallel } from './in-parallel.ts';
import { scanPack } from './pack-scan.ts';
import type { StoredObject } from './store.ts';
import { GROUP_WORDS, type VaultAccess } from './vault-access.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { isAbsence, NAMED_ONLY, problemOf, type VaultProblem } from './vault-problem.ts';
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
  /** leaving: a collector takes it away, or has done so; nobody needs it. damaged: a check said so. */
  readonly state: 'present' | 'short' | 'missing' | 'damaged' | 'leaving';
}

/**
 * Reads all indexes, and the packs that none of them names.
 * A damaged or missing index costs time, never content: its packs are scanned.
 */
export async function loadIndex(vault: Vault, options: LoadIndex = {}): Promise<VaultIndex> {
  const { store } = vault;
  const problems: VaultProblem[] = [];
  // Both at once: a store that is far away answers in one turn.
  const [packs, covered] = await Promise.all([store.list('packs/'), coveredOrNone(vault)]);
  const stored = new Map(packs.map((pack) => [pack.name, pack]));
  const indexes = await store.list('index/');
  const tables = await inParallel(indexes, (object) => readIndex(vault, object, problems));
  const gone = new Set(
    tables
      .flatMap((table) => table?.packs.map(({ name }) => hexOf(name)) ?? [])
      .filter((pack) => !stored.has(`packs/${pack}`) && !covered.has(pack)),
  );
  // Two that collect at once may write an index of what the other deletes: nobody misses that.
  const swept = await sweptAmong(vault, gone);
  const leaving = new Leaving(new Set([...covered, ...swept]), options.covered ?? NONE);
  const gathering = new Gathering({ stored, leaving, damaged: options.damaged ?? NONE }, problems);
  for (const table of tables) if (table !== undefined) gathering.add(table);
  const rebuilt = await scanUnnamed(vault, gathering.unnamed(), problems);
  for (const bytes of rebuilt) gathering.add(parseIndexTable(bytes, vault.tools.codec.textOf));
  return gathering.finish(vault, rebuilt);
}

/**
 * Undefined where it is damaged, which `problems` then say, or gone: a collector has put another in
 * its place, and until that is listed its packs are scanned.
 */
export async function readIndex(
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
    if (!isAbsence(error)) problems.push(problemOf(name, error));
    return undefined;
  }
}

export interface LoadIndex {
  /**
   * Packs, 64 hex digits, that may be taken away: to whoever writes they are not there, and to
   * whoever reads they are.
   */
  readonly covered?: ReadonlySet<string>;
  /** Packs that a check has found damaged: what lies in them is in doubt. */
  readonly damaged?: ReadonlySet<string>;
}

interface Known {
  readonly stored: ReadonlyMap<string, StoredObject>;
  readonly damaged: ReadonlySet<string>;
  readonly leaving: Leaving;
}

/** What a collector has of a vault: packs that are going. */
class Leaving {
  readonly #known: ReadonlySet<string>;
  readonly #avoided: ReadonlySet<string>;

  constructor(known: ReadonlySet<string>, avoided: ReadonlySet<string>) {
    this.#known = known;
    this.#avoided = avoided;
  }

  /** Nobody misses it. */
  has(pack: string): boolean {
    return this.#known.has(pack) || this.#avoided.has(pack);
  }

  isAvoided(pack: string): boolean {
    return this.#avoided.has(pack);
  }
}

/** To a reader a list that cannot be read makes no difference: it reads what is there. */
async function coveredOrNone(vault: Vault): Promise<ReadonlySet<string>> {
  try {
    return await coveredPacks(vault);
  } catch (error) {
    if (error instanceof Fault && error.code === 'HF_COLLECT_UNREADABLE') return new Set();
    throw error;
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
  readonly #leaving: Leaving;
  readonly #packs: KnownPack[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #tables: { readonly table: IndexTable; readonly numbers: readonly number[] }[] = [];
  readonly #sealedKeys: SealedKey[] = [];

  constructor({ stored, damaged, leaving }: Known, problems: VaultProblem[]) {
    this.#stored = stored;
    this.#damaged = damaged;
    this.#problems = problems;
    this.#leaving = leaving;
  }

  /** The first index that names a pack is the one that is used for it. */
  add(table: IndexTable): void {
    const numbers = table.packs.map(({ name, sizeBytes }) => {
      const hex = hexOf(name);
      if (this.#numbers.has(hex)) return -1;
      const number = this.#packs.length;
      this.#numbers.set(hex, number);
      const stored = this.#stored.get(`packs/${hex}`);
      this.#packs.push({ name: hex, sizeBytes, state: this.#stateOf(hex, { stored, sizeBytes }) });
      return number;
    });
    this.#tables.push({ table, numbers });
    addAll(this.#sealedKeys, table.sealedKeys);
  }

  #stateOf(
    pack: string,
    of: { readonly stored: StoredObject | undefined; readonly sizeBytes: number },
  ): KnownPack['state'] {
    const { stored, sizeBytes } = of;
    if (stored === undefined) return this.#leaving.has(pack) ? 'leaving' : 'missing';
    if (stored.sizeBytes < sizeBytes) return 'short';
    if (this.#leaving.isAvoided(pack)) return 'leaving';
    return this.#damaged.has(pack) ? 'damaged' : 'present';
  }

  /** An index of what is going would outlive it. */
  unnamed(): StoredObject[] {
    return [...this.#stored.values()].filter(({ name }) => {
      const pack = name.slice('packs/'.length);
      return !this.#numbers.has(pack) && !this.#leaving.has(pack);
    });
  }

  finish(vault: Vault, rebuilt: readonly Uint8Array[]): VaultIndex {
    const damaged = this.#packs.filter(({ state }) => state !== 'present' && state !== 'leaving');
    for (const { name, state } of damaged) {
      const why = WHY[state];
      const kind = state === 'missing' ? 'missing' : 'damaged';
      this.#problems.push({ kind, object: `packs/${name}`, why });
    }
    const groupCount = this.#tables.reduce((sum, { table }) => sum + table.groups.length, 0);
    const groups = new Uint32Array(new SharedArrayBuffer(4 * groupCount));
    const counts = this.#countIds();
    const present = IdSegment.make(counts.present, 'shared');
    const doubtful = counts.doubtful > 0 ? IdSegment.make(counts.doubtful, 'shared') : undefined;
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
  leaving: '',
  missing: NAMED_ONLY,
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
