/**
 * A small model of collection: writers, collectors, an undo and a person's hand over one store,
 * every step of theirs in every order. Whoever is stopped, for however long or for good, is a case
 * of that: nobody has to go on. The order of steps is that of docs/design/044-collection.md.
 *
 * There are two chunks. y is what a forgotten snapshot referred to, and what writers want; x is what a
 * snapshot refers to that stays, and is there only where somebody moves. `P` holds them from the start;
 * what is stored later are other packs. A pack says what it holds, a snapshot what it refers to, so a
 * snapshot is whole as long as there is a pack for each. A capital is a lie: the header says that it
 * holds the chunk, and what opens there is none. Who moves may hope for it; the last look proves.
 */

/** What is left out or turned round; the protocol itself is the empty set. */
export type Flaw =
  | 'no marks: what no snapshot reaches is deleted'
  | 'C3 snapshots are not listed again when the marks are there'
  | 'C3 and C5 snapshots are not listed again at all'
  | 'C5 snapshots are not listed once more before the fate'
  | 'C5 copies are looked for before it is known what goes'
  | 'C5 a copy in what goes counts'
  | 'C5 what was moved goes without another look'
  | 'C5 what a header says is believed'
  | 'C6 a second fate replaces the first'
  | 'C6 packs are deleted before the fate is there'
  | 'C7 what is deleted is what was meant, and not what the fate says'
  | 'C9 marks and trash are taken away before the packs'
  | 'C9 the fate of a run that is over is taken away'
  | 'B1 nothing is looked at before a backup begins'
  | 'B1 fates are listed after the marks'
  | 'B2 fates are listed before the marks'
  | 'B2 marks are read before the snapshot is there'
  | 'B3 packs are not listed anew'
  | 'B4 what is covered is taken for stored'
  | 'U1 marks are read before the snapshot is back'
  | 'U2 runs without a fate are not made void'
  | 'U3 packs of a sweep are taken for stored';

export type Actor = 'writer' | 'marker' | 'mover' | 'sweeper' | 'undo' | 'hand' | 'tidier' | 'liar';

export interface Setting {
  readonly actors: readonly Actor[];
  readonly flaw?: Flaw;
}

export interface Exploration {
  readonly states: number;
  /** Steps to a state in which an acknowledged snapshot is not whole. */
  readonly counterexample: readonly string[] | undefined;
  /** Counts of what was reached: without these the rest says nothing. */
  readonly reached: ReadonlySet<string>;
}

export type Run = 'marks' | 'trash' | 'fate';
export type Memory = Readonly<Record<string, string>>;

export interface Process {
  readonly actor: Actor;
  /** The next step; `end`: none. */
  readonly at: string;
  readonly memory: Memory;
}

/** Names of objects and what they say. */
export interface State {
  readonly store: Readonly<Record<string, string>>;
  readonly processes: readonly Process[];
  /** Snapshots that somebody relies on. */
  readonly acknowledged: readonly string[];
}

/** One way on: what is done, by whom, and what comes of it. */
export interface Way {
  readonly step: string;
  readonly state: State;
}

/** What one process does in one instant. */
export interface Move {
  readonly did: string;
  readonly next: string;
  readonly memory?: Memory;
  readonly put?: Readonly<Record<string, string>>;
  readonly remove?: string;
  readonly acknowledge?: string;
}

export interface Asked {
  readonly state: State;
  readonly number: number;
  readonly flaw: Flaw | undefined;
}

export function namesIn({ store }: State, prefix: string): string[] {
  return Object.keys(store).filter((name) => name.startsWith(prefix));
}

export const packsOf = (text: string | undefined): string[] =>
  (text ?? '').split(',').filter((pack) => pack !== '' && pack !== 'void');

/** Numbers of runs of which there is an object of this kind. */
export function runsWith(state: State, kind: Run): string[] {
  return namesIn(state, `${kind}/`).map((name) => name.slice(kind.length + 1));
}

/** What runs cover, of those that `active` names; a fate says more than trash, that than marks. */
export function coveredBy({ store }: State, active: readonly string[]): Set<string> {
  const covered = new Set<string>();
  for (const run of active) {
    const says = store[`fate/${run}`] ?? store[`trash/${run}`] ?? store[`marks/${run}`];
    for (const pack of packsOf(says)) covered.add(pack);
  }
  return covered;
}

/** Chunks that snapshots refer to. */
export function reachedIn(state: State): string {
  return namesIn(state, 'snapshots/')
    .map((name) => state.store[name] ?? '')
    .join('');
}

/** Names of packs that hold the chunk. */
export function packsWith(state: State, chunk: string): string[] {
  return namesIn(state, 'packs/')
    .filter((name) => state.store[name]?.includes(chunk) === true)
    .map((name) => name.slice('packs/'.length));
}

/** What of the pack is reached and lies in none of those that stay. */
export function onlyIn(
  state: State,
  pack: string,
  of: {
    readonly reached: string;
    readonly going: ReadonlySet<string>;
    /** Headers are taken at their word. */
    readonly isBelieving?: boolean;
  },
): string {
  const holds = state.store[`packs/${pack}`] ?? '';
  const isElsewhere = (chunk: string): boolean =>
    [...packsWith(state, chunk), ...(of.isBelieving ? packsWith(state, lieOf(chunk)) : [])].some(
      (each) => each !== pack && !of.going.has(each),
    );
  return [...holds].filter((chunk) => of.reached.includes(chunk) && !isElsewhere(chunk)).join('');
}

/** What the header of a pack says that does not hold it. */
export const lieOf = (chunk: string): string => chunk.toUpperCase();

export const joined = (...lists: readonly (readonly string[])[]): string =>
  [...new Set(lists.flat())].sort().join(',');

/** A list is read bit by bit: marks first, or trash first, and others act in between. */
export function listMoves(
  { state, number }: Asked,
  of: { readonly from: string; readonly next: string; readonly did: string },
): readonly Move[] {
  const { at, memory } = procOf(state, number);
  const half = `${of.from}, half`;
  const runs = (kind: Run): string => runsWith(state, kind).join(',');
  if (at === of.from) {
    return (['marks', 'trash'] as const).map((kind) => ({
      did: `${of.did}, ${kind} first`,
      next: half,
      memory: { first: kind, active: runs(kind) },
    }));
  }
  const other = memory.first === 'marks' ? 'trash' : 'marks';
  const active = joined(packsOf(memory.active), runsWith(state, other));
  return [{ did: `${of.did}, then ${other}`, next: of.next, memory: { first: '', active } }];
}

export function procOf(state: State, number: number): Process {
  const process = state.processes[number];
  if (process === undefined) throw new Error('there is no such process');
  return process;
}
