/**
 * Which snapshots need what is not there, seen without a key: from the references of a snapshot
 * over the clear headers of groups to the packs that they lie in. A group is shared by pages of
 * several snapshots, so it says at most these, never fewer.
 */
import { type ByteString, byteString, hexOf, parseDigest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { addAll } from '../../base/long-list.ts';
import { parseGroupHeader, PREFIX_SIZE, referencesOf } from '../core/group-header.ts';
import { type IndexTable, lookUp, parseIndexTable } from '../core/index-table.ts';
import { NAMES } from '../core/object-id.ts';
import { parseSnapshot } from '../core/snapshot-record.ts';
import { proofOf } from '../core/object-proof.ts';
import { inParallel } from './in-parallel.ts';
import { scanUnnamed } from './vault-index.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { isAbsence } from './vault-problem.ts';

const GROUP_WORDS = 4;
/** Where the kind of a group stands in its header. */
const KIND_AT = 5;

/**
 * Names of the snapshots that may need a pack that is not there, not whole, or in no index.
 *
 * @param lost names of packs, 64 hex digits, that are there and damaged
 * @throws what the store throws
 */
export async function snapshotsInNeed(
  ports: ReadingPorts & { readonly vault: string },
  lost: ReadonlySet<string>,
): Promise<readonly string[]> {
  const packs = await ports.store.list('packs/');
  const tables = await tablesOf(ports);
  const named = new Set(tables.flatMap(({ packs: of }) => of.map(({ name }) => hexOf(name))));
  const unnamed = packs.filter(({ name }) => !named.has(name.slice('packs/'.length)));
  for (const bytes of await scanUnnamed(ports, unnamed, [])) {
    tables.push(parseIndexTable(bytes, ports.tools.codec.textOf));
  }
  const here = new Set(packs.map(({ name }) => name.slice('packs/'.length)));
  for (const name of lost) here.delete(name);
  const walk = new Walk(ports, tables, here);
  const inNeed: string[] = [];
  const snapshots = await ports.store.list('snapshots/');
  const refs = await inParallel(snapshots, ({ name }) => refsOf(ports, name));
  for (const ids of refs) for (const id of ids ?? []) await walk.follow(id);
  const bad = walk.bad();
  for (const [at, ids] of refs.entries()) {
    const name = snapshots[at]?.name;
    if (name !== undefined && ids?.some((id) => walk.isBad(id, bad)) === true) inNeed.push(name);
  }
  return inNeed;
}

async function tablesOf(ports: ReadingPorts & { readonly vault: string }): Promise<IndexTable[]> {
  const { store, tools, vault } = ports;
  const tables = await inParallel(await store.list('index/'), async ({ name }) => {
    const bytes = await bytesOf(ports, name);
    if (bytes === undefined || proofOf(tools, { name, bytes, vault }).state !== 'whole') return [];
    try {
      return [parseIndexTable(bytes, tools.codec.textOf)];
    } catch (error) {
      if (error instanceof Fault && error.kind === 'corrupt') return [];
      throw error;
    }
  });
  return tables.flat();
}

/** Undefined for what cannot be read: it is named by whoever looked at it. */
async function refsOf(
  ports: ReadingPorts & { readonly vault: string },
  name: string,
): Promise<readonly ByteString[] | undefined> {
  const bytes = await bytesOf(ports, name);
  if (bytes === undefined) return undefined;
  try {
    const { refs } = parseSnapshot(ports.tools, bytes);
    return refs.map((ref) => byteString((parseDigest(ref) ?? '').slice(0, PREFIX_SIZE)));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

async function bytesOf({ store }: ReadingPorts, name: string): Promise<Uint8Array | undefined> {
  try {
    return await store.get(name);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (isAbsence(error) || error.code === 'HF_DISK_FAILED') return undefined;
    throw error;
  }
}

interface Place {
  /** Unique: the number of its table and its own. */
  readonly key: string;
  readonly pack: string;
  readonly offset: number;
  readonly headerLength: number;
}

interface Node {
  readonly isLost: boolean;
  /** Groups that it refers to; undefined for an id that lies nowhere. */
  readonly next: readonly (Place | undefined)[];
}

/** Each group once, however many snapshots reach it. */
class Walk {
  readonly #ports: ReadingPorts;
  readonly #tables: readonly IndexTable[];
  readonly #here: ReadonlySet<string>;
  readonly #nodes = new Map<string, Node>();
  readonly #kinds = new Map<string, number | undefined>();

  constructor(ports: ReadingPorts, tables: readonly IndexTable[], here: ReadonlySet<string>) {
    this.#ports = ports;
    this.#tables = tables;
    this.#here = here;
  }

  async follow(id: ByteString): Promise<void> {
    const waiting = [this.#placeOf(id)];
    while (waiting.length > 0) {
      const place = waiting.pop();
      if (place === undefined || this.#nodes.has(place.key)) continue;
      const node = await this.#look(place);
      this.#nodes.set(place.key, node);
      addAll(waiting, node.next);
    }
  }

  /** Groups that are lost, or from which something lost is reached. */
  bad(): ReadonlySet<string> {
    const above = new Map<string, string[]>();
    const bad = new Set<string>();
    for (const [key, { isLost, next }] of this.#nodes) {
      if (isLost || next.includes(undefined)) bad.add(key);
      for (const each of next) {
        if (each === undefined) continue;
        const known = above.get(each.key);
        if (known === undefined) above.set(each.key, [key]);
        else known.push(key);
      }
    }
    const waiting = [...bad];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      for (const each of above.get(key) ?? []) {
        if (bad.has(each)) continue;
        bad.add(each);
        waiting.push(each);
      }
    }
    return bad;
  }

  isBad(id: ByteString, bad: ReadonlySet<string>): boolean {
    const place = this.#placeOf(id);
    return place === undefined || bad.has(place.key);
  }

  /** Where it lies in a pack that is here, if it lies in any. */
  #placeOf(id: ByteString): Place | undefined {
    let found: Place | undefined;
    for (const [number, table] of this.#tables.entries()) {
      for (const { group } of lookUp(table, id)) {
        const at = group * GROUP_WORDS;
        const pack = table.packs[table.groups[at] ?? 0];
        if (pack === undefined) continue;
        const place = {
          key: `${number}/${group}`,
          pack: hexOf(pack.name),
          offset: table.groups[at + 1] ?? 0,
          headerLength: table.groups[at + 2] ?? 0,
        };
        if (this.#here.has(place.pack)) return place;
        found ??= place;
      }
    }
    return found;
  }

  async #look(place: Place): Promise<Node> {
    if (!this.#here.has(place.pack)) return { isLost: true, next: [] };
    try {
      if ((await this.#kindOf(place)) !== NAMES) return { isLost: false, next: [] };
      const { store, tools } = this.#ports;
      const name = `packs/${place.pack}`;
      const { offset, headerLength: length } = place;
      const header = parseGroupHeader(await store.get(name, { offset, length }));
      const next = referencesOf(tools.codec, header).map((id) => this.#placeOf(id));
      return { isLost: false, next };
    } catch (error) {
      const isLost = error instanceof Fault && (error.kind === 'corrupt' || isAbsence(error));
      if (isLost) return { isLost, next: [] };
      throw error;
    }
  }

  /** All groups of a pack are of one kind: most packs are content, which refers to nothing. */
  async #kindOf({ pack, offset }: Place): Promise<number | undefined> {
    if (!this.#kinds.has(pack)) {
      const range = { offset: offset + KIND_AT, length: 1 };
      this.#kinds.set(pack, (await this.#ports.store.get(`packs/${pack}`, range))[0]);
    }
    return this.#kinds.get(pack);
  }
}
