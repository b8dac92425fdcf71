/**
 * What may be on the medium after a crash: a draw from all the states that the mode allows, given
 * what was durable and what was still between. docs/design/003-disk-and-store.md.
 */
import type { ByteString } from '../src/base/bytes.ts';
import type {
  ContentChange,
  CrashMode,
  Layers,
  Meta,
  Pending,
  StoredInode,
  Tree,
} from './layers.ts';
import { applyEntry, contentOf, ROOT, withChanges } from './layers.ts';
import type { Seeded } from './seeded.ts';

/** How much of what was not synced reached the medium. */
type Luck = 'none' | 'all' | 'some';

export interface Draw {
  readonly mode: CrashMode;
  readonly seeded: Seeded;
  readonly names: Luck;
  readonly data: Luck;
}

/** Without names no content is seen: rather more of them than fewer. */
const LUCK_OF_NAMES: readonly [Luck, ...Luck[]] = ['some', 'some', 'all', 'all'];
const LUCK_OF_DATA: readonly [Luck, ...Luck[]] = ['some', 'some', 'some', 'all'];

/** The first draws are the extremes, which chance alone would seldom find. */
export function drawOf(mode: CrashMode, seeded: Seeded, nth: number): Draw {
  const base = { mode, seeded };
  if (nth === 0) return { ...base, names: 'none', data: 'none' };
  if (nth === 1) return { ...base, names: 'all', data: 'none' };
  if (nth === 2) return { ...base, names: 'all', data: 'all' };
  if (nth === 3) return { ...base, names: 'none', data: 'all' };
  return { ...base, names: seeded.pick(LUCK_OF_NAMES), data: seeded.pick(LUCK_OF_DATA) };
}

export function drawTree(layers: Layers, draw: Draw): Tree {
  const survives = draw.mode === 'ext4' ? journalCut(layers, draw) : namesOf(draw);
  const tree = new Map<number, StoredInode>();
  const waiting = [ROOT];
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    if (tree.has(number)) continue;
    const stored = layers.storedInode(number);
    const pending = layers.pending.get(number) ?? [];
    const entries = new Map(stored.entries);
    for (const each of survives.entries(pending)) applyEntry(entries, each);
    const data = drawData(stored.data, pending, draw);
    tree.set(number, { ...stored, entries, data, meta: survives.meta(pending, stored.meta) });
    waiting.push(...entries.values());
  }
  return tree;
}

interface Survival {
  /** Those that may change names, in order. */
  entries(pending: readonly Pending[]): readonly Pending[];
  meta(pending: readonly Pending[], before: Meta): Meta;
}

/** posix: each name by itself, as after any of its changes. */
function namesOf({ seeded, names }: Draw): Survival {
  const cut = (count: number) => {
    if (names === 'some') return seeded.below(count + 1);
    return names === 'all' ? count : 0;
  };
  return {
    entries(pending) {
      const byName = new Map<ByteString, Pending[]>();
      for (const each of pending) {
        if (each.change.kind !== 'entry') continue;
        const list = byName.get(each.change.name);
        if (list === undefined) byName.set(each.change.name, [each]);
        else list.push(each);
      }
      return [...byName.values()].flatMap((list) => list.slice(0, cut(list.length)));
    },
    meta(pending, before) {
      const metas = pending.flatMap(({ change }) => (change.kind === 'meta' ? [change.meta] : []));
      return Object.assign({}, before, ...metas.slice(0, cut(metas.length)));
    },
  };
}

/** ext4: everything up to some call, nothing after it. */
function journalCut(layers: Layers, { seeded, names }: Draw): Survival {
  const calls = new Set<number>();
  for (const list of layers.pending.values()) {
    for (const each of list) if (contentOf(each).length === 0) calls.add(each.call);
  }
  const sorted = [...calls].sort((a, b) => a - b);
  const kept = names === 'some' ? seeded.below(sorted.length + 1) : sorted.length;
  const last = names === 'none' ? -1 : (sorted[kept - 1] ?? -1);
  const before = (pending: readonly Pending[]) => pending.filter((each) => each.call <= last);
  return {
    entries: before,
    meta: (pending, meta) =>
      Object.assign(
        {},
        meta,
        ...before(pending).map(({ change }) => (change.kind === 'meta' ? change.meta : {})),
      ),
  };
}

function drawData(stored: Uint8Array, pending: readonly Pending[], draw: Draw): Uint8Array {
  const changes = pending.flatMap(contentOf);
  if (changes.length === 0 || draw.data === 'none') return stored;
  const sizes = sizesAfter(stored.length, changes);
  if (draw.data === 'all') return withChanges(stored, changes, sizes.at(-1) ?? stored.length);
  if (draw.mode === 'ext4') return fromTheFront(stored, changes, draw.seeded);
  // Each file by itself may have been written back or not.
  const fate = draw.seeded.below(6);
  if (fate === 0) return stored;
  const last = sizes.at(-1) ?? stored.length;
  if (fate === 1) return withChanges(stored, changes, last);
  if (fate === 2) return withChanges(stored, [], last); // Size without data: zeros.
  const size = sizes[draw.seeded.below(sizes.length)] ?? last;
  return bySectors({ stored, changes, size }, draw.seeded);
}

function sizesAfter(before: number, changes: readonly ContentChange[]): readonly number[] {
  let size = before;
  const sizes = [size];
  for (const change of changes) {
    if (change.kind === 'resize') size = change.size;
    else size = Math.max(size, change.offset + change.bytes.length);
    sizes.push(size);
  }
  return sizes;
}

/** Delayed allocation: written back in order, and the size follows what was written. */
function fromTheFront(
  stored: Uint8Array,
  changes: readonly ContentChange[],
  seeded: Seeded,
): Uint8Array {
  const whole = seeded.below(changes.length + 1);
  const kept: ContentChange[] = changes.slice(0, whole);
  const next = changes[whole];
  if (next?.kind === 'write') {
    const pages = seeded.below(Math.ceil(next.bytes.length / 4096) + 1);
    kept.push({ ...next, bytes: next.bytes.subarray(0, pages * 4096) });
  }
  return withChanges(stored, kept, sizesAfter(stored.length, kept).at(-1) ?? stored.length);
}

interface Torn {
  readonly stored: Uint8Array;
  readonly changes: readonly ContentChange[];
  readonly size: number;
}

/** Each sector as after any of the changes: reordered, torn, and holes where nothing came. */
function bySectors({ stored, changes, size }: Torn, seeded: Seeded): Uint8Array {
  const sector = seeded.isTrue(0.5) ? 512 : 4096;
  const torn = withChanges(stored, [], size).slice();
  const versions = new Map<number, number>();
  const isReached = (at: number, nth: number) => {
    const known = versions.get(at) ?? seeded.below(changes.length + 1);
    versions.set(at, known);
    return nth < known;
  };
  for (const [nth, change] of changes.entries()) {
    const end = change.kind === 'write' ? change.offset + change.bytes.length : size;
    const start = change.kind === 'write' ? change.offset : change.size;
    for (let at = Math.floor(start / sector) * sector; at < Math.min(end, size); at += sector) {
      if (!isReached(at, nth)) continue;
      const from = Math.max(at, start);
      const to = Math.min(at + sector, end, size);
      if (from >= to) continue; // It begins in this sector, behind where the file ends now.
      if (change.kind === 'resize') torn.fill(0, from, to);
      else torn.set(change.bytes.subarray(from - start, to - start), from);
    }
  }
  return torn;
}
