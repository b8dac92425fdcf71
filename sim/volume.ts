/**
 * A file system that can crash. Ports of the product are thin layers over it (sim/disk.ts); each of
 * their writing calls is one `change`, counted, recorded and open to planned trouble.
 */
import { createHash } from 'node:crypto';
import { diskFault } from '../src/adapters/node/errno.ts';
import { assert } from '../src/base/assert.ts';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { drawOf, drawTree } from './crash-states.ts';
import type { Change, CrashMode, InodeKind, SeenInode, StoredInode, Tree } from './layers.ts';
import { Layers, NO_TARGET, ROOT } from './layers.ts';
import { Seeded } from './seeded.ts';

/** The machine stopped. No Fault, so that no code of the product can take it for one. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface VolumeOptions {
  readonly mode?: CrashMode;
  /** A medium or kernel that says "synced" and does nothing: must be caught wherever it matters. */
  readonly isLying?: boolean;
  readonly capacityBytes?: number;
}

/** One moment of a finished run. */
export interface CrashPoint {
  /** Writing calls made until then. */
  readonly calls: number;
  /** What had been noted with `mark` until then, in order. */
  readonly marks: readonly string[];
  /** Distinct states that may be on the medium if the crash comes now; ask before going on. */
  states(seed: number, count: number): Generator<SimVolume>;
}

type Happening =
  | { readonly kind: 'call'; readonly call: number; readonly changes: readonly Change[] }
  | { readonly kind: 'mark'; readonly text: string };

const CAPACITY_BYTES = 2 ** 40;
/** A draw may repeat a state; so many in a row, and there are hardly more. */
const REPEATS_MAX = 50;
const EMPTY: StoredInode = {
  kind: 'dir',
  data: new Uint8Array(0),
  entries: new Map(),
  target: NO_TARGET,
  meta: {},
};

export class SimVolume {
  readonly options: VolumeOptions;
  readonly #start: Tree;
  readonly #layers: Layers;
  readonly #happenings: Happening[] = [];
  readonly #failures = new Map<number, string>();
  #crashCall: number | undefined;
  #hasCrashed = false;
  #calls = 0;
  #lastInode: number;

  constructor(options: VolumeOptions = {}, tree: Tree = new Map([[ROOT, EMPTY]])) {
    this.options = options;
    this.#start = tree;
    this.#layers = new Layers(tree, this.mode);
    this.#lastInode = Math.max(...tree.keys());
  }

  get mode(): CrashMode {
    return this.options.mode ?? 'posix';
  }

  /** Writing calls so far. */
  get calls(): number {
    return this.#calls;
  }

  get freeBytes(): number {
    return this.capacityBytes - this.#layers.usedBytes;
  }

  get capacityBytes(): number {
    return this.options.capacityBytes ?? CAPACITY_BYTES;
  }

  /** The n-th writing call from the beginning, counted from 1, is begun and never ends. */
  crashAt(call: number): void {
    this.#crashCall = call;
  }

  /** The n-th writing call fails; a write after half its bytes, a sync with its data lost. */
  failAt(call: number, errno: 'EIO' | 'ENOSPC' | 'EACCES'): void {
    this.#failures.set(call, errno);
  }

  /** The process was killed and starts again; the kernel lived on, and so does what it holds. */
  restart(): void {
    this.#hasCrashed = false;
    this.#crashCall = undefined;
  }

  /** Notes a promise made to somebody, for `crashPoints`. */
  mark(text: string): void {
    this.#happenings.push({ kind: 'mark', text });
  }

  /** Every writing call. @param changes decides what to do, and throws where it cannot be done */
  change(path: ByteString, changes: () => readonly Change[]): void {
    this.checkAlive();
    this.#calls += 1;
    if (this.#calls === this.#crashCall) this.#crashIn(changes);
    const errno = this.#failures.get(this.#calls);
    const wanted = changes();
    this.#perform(errno === undefined ? wanted : wanted.flatMap(halfDone));
    if (errno !== undefined) throw diskFault(path, errno, undefined);
  }

  /** What the last call began may reach the medium; that a sync came to its end is not known. */
  #crashIn(changes: () => readonly Change[]): void {
    try {
      this.#perform(changes().filter((each) => each.kind !== 'sync'));
    } finally {
      this.#hasCrashed = true;
      this.checkAlive(); // Instead of a Fault that the call itself would have ended with.
    }
  }

  checkAlive(): void {
    if (this.#hasCrashed) throw new Crash(`crashed at call ${this.#crashCall}`);
  }

  #perform(changes: readonly Change[]): void {
    this.#happenings.push({ kind: 'call', call: this.#calls, changes });
    for (const change of changes) this.#applyTo(this.#layers, change, this.#calls);
  }

  #applyTo(layers: Layers, change: Change, call: number): void {
    if (this.options.isLying === true && change.kind === 'sync') return;
    layers.apply(change, call);
  }

  newInode(): number {
    this.#lastInode += 1;
    return this.#lastInode;
  }

  inode(number: number): SeenInode {
    return this.#layers.inode(number);
  }

  /** @throws Fault HF_DISK_ABSENT (ENOENT, ENOTDIR); links are not followed */
  find(path: ByteString): number {
    let at = ROOT;
    for (const name of segmentsOf(path)) {
      const { kind, entries } = this.inode(at);
      if (kind !== 'dir') throw diskFault(path, 'ENOTDIR', undefined);
      const next = entries.get(name);
      if (next === undefined) throw diskFault(path, 'ENOENT', undefined);
      at = next;
    }
    return at;
  }

  /** Undefined where nothing of that kind is there. */
  findKind(path: ByteString, kind: InodeKind): SeenInode | undefined {
    let at: SeenInode | undefined = this.inode(ROOT);
    for (const name of segmentsOf(path)) {
      const next = at.entries.get(name);
      if (next === undefined) return undefined;
      at = this.inode(next);
    }
    return at.kind === kind ? at : undefined;
  }

  /** The directory that holds the last segment of `path`, and that segment. */
  findParent(path: ByteString): { readonly directory: number; readonly name: ByteString } {
    const segments = segmentsOf(path);
    const name = segments.pop();
    assert(name !== undefined, 'the root has no parent');
    const directory = this.find(byteString(segments.join('/')));
    if (this.inode(directory).kind !== 'dir') throw diskFault(path, 'ENOTDIR', undefined);
    return { directory, name };
  }

  /** Turns one bit of a file, seen and on the medium alike, as a rotting medium does. */
  damage(path: ByteString, bit: number): void {
    const number = this.find(path);
    const bytes = this.inode(number).content.snapshot().slice();
    const byte = bytes[bit >> 3];
    assert(byte !== undefined, `${path} has a bit ${bit}`);
    bytes[bit >> 3] = byte ^ (1 << (bit & 7));
    this.#perform([
      { kind: 'write', inode: number, offset: 0, bytes },
      { kind: 'sync', inode: number },
    ]);
  }

  /** Equal for two volumes in which all names, contents and attributes are equal. */
  fingerprint(): string {
    return fingerprintOf((number) => {
      const { kind, content, entries, target, meta } = this.inode(number);
      return { kind, data: content.snapshot(), entries, target, meta };
    });
  }

  /**
   * Distinct states of the medium if the crash came now, at most `count`: each is a new volume, in
   * which all is durable.
   */
  *statesAfterCrash(seed: number, count: number): Generator<SimVolume> {
    yield* this.#states(this.#layers, seed, count);
  }

  /** All moments of the run so far, from before its first call to after its last. */
  *crashPoints(): Generator<CrashPoint> {
    const layers = new Layers(this.#start, this.mode);
    const marks: string[] = [];
    let calls = 0;
    let passed = 0;
    const pointNow = (): CrashPoint => {
      const own = passed;
      const states = (seed: number, count: number) => {
        assert(own === passed, 'the states of a point are asked for before the next point');
        return this.#states(layers, seed, count);
      };
      return { calls, marks: [...marks], states };
    };
    for (const happening of this.#happenings) {
      if (happening.kind === 'mark') {
        marks.push(happening.text);
        continue;
      }
      yield pointNow();
      passed += 1;
      calls = happening.call;
      for (const change of happening.changes) this.#applyTo(layers, change, calls);
    }
    yield pointNow();
  }

  *#states(layers: Layers, seed: number, count: number): Generator<SimVolume> {
    const seeded = new Seeded(seed);
    const known = new Set<string>();
    const repeatsMax = layers.pending.size > 0 ? REPEATS_MAX : 1;
    for (let nth = 0, repeats = 0; known.size < count && repeats < repeatsMax; nth++) {
      const tree = drawTree(layers, drawOf(this.mode, seeded, nth));
      const fingerprint = fingerprintOf((number) => storedIn(tree, number));
      if (known.has(fingerprint)) {
        repeats += 1;
        continue;
      }
      repeats = 0;
      known.add(fingerprint);
      yield new SimVolume(this.options, tree);
    }
  }
}

/** What a failing call has done before it says so. */
function halfDone(change: Change): readonly Change[] {
  if (change.kind === 'sync') return [{ kind: 'sync-failed', inode: change.inode }];
  if (change.kind !== 'write') return [];
  return [{ ...change, bytes: change.bytes.subarray(0, change.bytes.length >> 1) }];
}

function segmentsOf(path: ByteString): ByteString[] {
  return path.split('/').filter(isSegment).map(byteString);
}

function isSegment(segment: string): boolean {
  return segment !== '' && segment !== '.';
}

function storedIn(tree: Tree, number: number): StoredInode {
  const inode = tree.get(number);
  assert(inode !== undefined, `inode ${number} is reached`);
  return inode;
}

/** Contents are shared among states: each is hashed once. */
const digests = new WeakMap<Uint8Array, string>();

function fingerprintOf(inodeOf: (number: number) => StoredInode): string {
  const hash = createHash('sha256');
  const numbers = new Map<number, number>(); // Hard links count, inode numbers do not.
  const visit = (number: number): void => {
    const known = numbers.get(number);
    if (known !== undefined) {
      hash.update(`=${known};`);
      return;
    }
    numbers.set(number, numbers.size);
    const { kind, data, entries, target, meta } = inodeOf(number);
    const attributes = Object.entries(meta).map(([key, value]) => `${key}:${value}`);
    hash.update(JSON.stringify([kind, digestOf(data), target, attributes.sort()]));
    for (const [name, child] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(JSON.stringify(name));
      visit(child);
    }
    hash.update('.');
  };
  visit(ROOT);
  return hash.digest('hex');
}

function digestOf(data: Uint8Array): string {
  const known = digests.get(data);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(data).digest('hex');
  digests.set(data, digest);
  return digest;
}
