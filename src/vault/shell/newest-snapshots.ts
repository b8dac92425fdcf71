/**
 * The snapshot that a person means, without reading all: names tell writer, number and the first digits of the id,
 * and what was chosen is read and checked as in any list. docs/design/047-scrub-and-listing.md
 */
import { isSnapshotName } from '../core/snapshot-record.ts';
import { inParallel } from './in-parallel.ts';
import type { Vault } from './open-vault.ts';
import {
  type FindSnapshot,
  findLatest,
  findSnapshot,
  type ListedSnapshot,
  readSnapshot,
} from './snapshot-store.ts';
import type { StoredObject } from './store.ts';

const WRITER_AT = 'snapshots/'.length;
const SEQ_AT = WRITER_AT + 16 + 1;
const ID_AT = SEQ_AT + 10 + 1;
const ID_DIGITS = 32;

/**
 * As `findSnapshot` over all of `listSnapshots`.
 *
 * @throws Fault HF_SNAPSHOT_ABSENT, HF_SNAPSHOT_AMBIGUOUS, and what the store throws
 */
export async function seekSnapshot(vault: Vault, of: FindSnapshot): Promise<ListedSnapshot> {
  const named = (await vault.store.list('snapshots/')).filter(({ name }) => isSnapshotName(name));
  const read = async (object: StoredObject): Promise<ListedSnapshot | undefined> =>
    readSnapshot(vault, object, []);
  if (of.wanted === 'latest') return findLatest(vault, newestFirst(named, read), of);
  const digits = of.wanted.toLowerCase().slice(0, ID_DIGITS);
  const meant = named.filter(({ name }) => name.startsWith(digits, ID_AT));
  const found = await inParallel(meant, read);
  return findSnapshot(
    vault,
    found.filter((each) => each !== undefined),
    of,
  );
}

/**
 * What `inOrder` puts last comes first. Of each writer no more is read than what is asked for, and the next one.
 *
 * @param objects of snapshots, by name, so that of each writer the highest number is last
 * @param read undefined for what is none
 */
export async function* newestFirst(
  objects: readonly StoredObject[],
  read: (object: StoredObject) => Promise<ListedSnapshot | undefined>,
): AsyncGenerator<ListedSnapshot, void> {
  const byWriter = Map.groupBy(objects, ({ name }) => name.slice(WRITER_AT, SEQ_AT));
  const chains = [...byWriter.values()].map((own) => new Chain(own, read));
  await inParallel(chains, async (chain) => chain.fill());
  for (;;) {
    let newest: Chain | undefined;
    for (const each of chains) if (isNewer(each.head, newest?.head)) newest = each;
    const head = newest?.take();
    if (newest === undefined || head === undefined) return;
    yield head.snapshot;
    await newest.fill();
  }
}

interface Placed {
  readonly snapshot: ListedSnapshot;
  /** No later than that of any with a higher number: as `inOrder` has it. */
  readonly time: number;
}

/** What one writer wrote, from its highest number down. */
class Chain {
  readonly #objects: StoredObject[];
  readonly #read: (object: StoredObject) => Promise<ListedSnapshot | undefined>;
  readonly #ready: Placed[] = [];
  #timeMax = Number.POSITIVE_INFINITY;

  constructor(
    objects: readonly StoredObject[],
    read: (object: StoredObject) => Promise<ListedSnapshot | undefined>,
  ) {
    this.#objects = [...objects];
    this.#read = read;
  }

  /** Undefined after `fill`: there is none left. */
  get head(): Placed | undefined {
    return this.#ready[0];
  }

  take(): Placed | undefined {
    return this.#ready.shift();
  }

  /** Reads until there is a head. All of one number are read at once: their times order them. */
  async fill(): Promise<void> {
    while (this.#ready.length === 0 && this.#objects.length > 0) {
      const seq = this.#objects.at(-1)?.name.slice(SEQ_AT, ID_AT);
      const first = this.#objects.findLastIndex(({ name }) => name.slice(SEQ_AT, ID_AT) !== seq);
      const found = await inParallel(this.#objects.splice(first + 1), this.#read);
      const branches = found.filter((each) => each !== undefined).sort(laterFirst);
      for (const snapshot of branches) {
        this.#timeMax = Math.min(this.#timeMax, snapshot.record.time);
        this.#ready.push({ snapshot, time: this.#timeMax });
      }
      this.#ready.sort((one, other) => (isNewer(one, other) ? -1 : 1));
    }
  }
}

function laterFirst({ record: a }: ListedSnapshot, { record: b }: ListedSnapshot): number {
  return b.time - a.time;
}

function isNewer(one: Placed | undefined, other: Placed | undefined): boolean {
  if (one === undefined || other === undefined) return other === undefined && one !== undefined;
  const [a, b] = [one.snapshot.record, other.snapshot.record];
  const order = one.time - other.time || compareText(a.writer, b.writer) || a.seq - b.seq;
  return (order || compareText(a.id, b.id)) > 0;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
