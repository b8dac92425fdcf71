/**
 * A small model of collection: writers, collectors, an undo and a person's hand over one store,
 * every step of theirs in every order. Whoever is stopped, for however long or for good, is a case
 * of that: nobody has to go on. The order of steps is that of docs/design/044-collection.md.
 *
 * There is one chunk, x. `P` holds it from the start; what is stored later are other packs with it.
 * Every snapshot refers to x. So a snapshot is whole as long as any pack is there.
 */

/** What is left out or turned round; the protocol itself is the empty set. */
export type Flaw =
  | 'no marks: what no snapshot reaches is deleted'
  | 'C3 snapshots are not listed again when the marks are there'
  | 'C3 and C5 snapshots are not listed again at all'
  | 'C5 snapshots are not listed once more before the fate'
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

export type Actor = 'writer' | 'marker' | 'sweeper' | 'undo' | 'hand' | 'tidier';

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

type Run = 'marks' | 'trash' | 'fate';
type Memory = Readonly<Record<string, string>>;

interface Process {
  readonly actor: Actor;
  /** The next step; `end`: none. */
  readonly at: string;
  readonly memory: Memory;
}

/** Names of objects and what they say; packs say nothing. */
interface State {
  readonly store: Readonly<Record<string, string>>;
  readonly processes: readonly Process[];
  /** Snapshots that somebody relies on. */
  readonly acknowledged: readonly string[];
}

/** One way on: what is done, by whom, and what comes of it. */
interface Way {
  readonly step: string;
  readonly state: State;
}

const STATES_MAX = 3_000_000;

export function explore(setting: Setting): Exploration {
  const first: State = {
    // T reached P and was forgotten: it lies in forgotten/, for whoever wants it back.
    store: { 'packs/P': '' },
    processes: setting.actors.map((actor) => ({ actor, at: 'begin', memory: {} })),
    acknowledged: [],
  };
  const seen = new Map<string, readonly [string, string] | undefined>([[keyOf(first), undefined]]);
  const reached = new Set<string>();
  const open: State[] = [first];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const from = keyOf(state);
    for (const { step, state: next } of waysFrom(state, setting.flaw)) {
      const key = keyOf(next);
      if (seen.has(key)) continue;
      seen.set(key, [from, step]);
      reached.add(step.slice(step.indexOf(' ') + 1));
      if (isLoss(next)) return { states: seen.size, counterexample: stepsTo(seen, key), reached };
      if (seen.size > STATES_MAX) throw new Error('the model is too large');
      open.push(next);
    }
  }
  return { states: seen.size, counterexample: undefined, reached };
}

function isLoss({ store, acknowledged }: State): boolean {
  const isRelied = acknowledged.some((name) => name in store);
  return isRelied && !Object.keys(store).some((name) => name.startsWith('packs/'));
}

function keyOf(state: State): string {
  const { store, processes, acknowledged } = state;
  const parts = Object.entries(store).map(([name, says]) => `${name}=${says}`);
  const hands = processes.map(({ at, memory }) => `${at}${JSON.stringify(memory)}`);
  return [...parts.sort(), '|', ...hands, '|', ...acknowledged].join(' ');
}

function stepsTo(
  seen: ReadonlyMap<string, readonly [string, string] | undefined>,
  end: string,
): string[] {
  const steps: string[] = [];
  for (let at = seen.get(end); at !== undefined; at = seen.get(at[0])) steps.unshift(at[1]);
  return steps;
}

function* waysFrom(state: State, flaw: Flaw | undefined): Generator<Way> {
  for (const [number, { actor, at }] of state.processes.entries()) {
    if (at === 'end') continue;
    for (const move of STEPS[actor]({ state, number, flaw })) {
      yield { step: `${actor}${number} ${move.did}`, state: applied(state, number, move) };
    }
  }
}

/** What one process does in one instant. */
interface Move {
  readonly did: string;
  readonly next: string;
  readonly memory?: Memory;
  readonly put?: Readonly<Record<string, string>>;
  readonly remove?: string;
  readonly acknowledge?: string;
}

function applied(state: State, number: number, move: Move): State {
  const store = { ...state.store, ...move.put };
  if (move.remove !== undefined) delete store[move.remove];
  const processes = state.processes.map((process, each) => {
    if (each !== number) return process;
    // Of who has ended nothing matters any more: fewer states.
    const kept = move.next === 'end' ? {} : { ...process.memory, ...move.memory };
    return { actor: process.actor, at: move.next, memory: kept };
  });
  const { acknowledge } = move;
  const isNew = acknowledge !== undefined && !state.acknowledged.includes(acknowledge);
  const acknowledged = isNew ? [...state.acknowledged, acknowledge].sort() : state.acknowledged;
  return { store, processes, acknowledged };
}

interface Asked {
  readonly state: State;
  readonly number: number;
  readonly flaw: Flaw | undefined;
}

const STEPS: Readonly<Record<Actor, (asked: Asked) => readonly Move[]>> = {
  writer: writerMoves,
  marker: markerMoves,
  sweeper: sweeperMoves,
  undo: undoMoves,
  hand: handMoves,
  tidier: tidierMoves,
};

function namesIn({ store }: State, prefix: string): string[] {
  return Object.keys(store).filter((name) => name.startsWith(prefix));
}

const packsOf = (text: string | undefined): string[] =>
  (text ?? '').split(',').filter((pack) => pack !== '' && pack !== 'void');

/** Numbers of runs of which there is an object of this kind. */
function runsWith(state: State, kind: Run): string[] {
  return namesIn(state, `${kind}/`).map((name) => name.slice(kind.length + 1));
}

/** What runs cover, of those that `active` names; a fate says more than trash, that than marks. */
function coveredBy({ store }: State, active: readonly string[]): Set<string> {
  const covered = new Set<string>();
  for (const run of active) {
    const says = store[`fate/${run}`] ?? store[`trash/${run}`] ?? store[`marks/${run}`];
    for (const pack of packsOf(says)) covered.add(pack);
  }
  return covered;
}

function isReached(state: State): boolean {
  return namesIn(state, 'snapshots/').length > 0;
}

const joined = (...lists: readonly (readonly string[])[]): string =>
  [...new Set(lists.flat())].sort().join(',');

/** A list is read bit by bit: marks first, or trash first, and others act in between. */
function listMoves(
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

function procOf(state: State, number: number): Process {
  const process = state.processes[number];
  if (process === undefined) throw new Error('there is no such process');
  return process;
}

function writerMoves(asked: Asked): readonly Move[] {
  const { state, number, flaw } = asked;
  const { at, memory } = procOf(state, number);
  const snapshot = `snapshots/W${number}`;
  const isEarly = flaw === 'B2 marks are read before the snapshot is there';
  const publish = { did: 'publishes', put: { [snapshot]: '' } };
  const fates = (): string => runsWith(state, 'fate').join(',');
  const afterList = isEarly ? 'publish late' : memory.after === undefined ? 'fates' : 'judge';
  const listed = () => listMoves(asked, { from: 'list', next: afterList, did: 'B2 lists' });
  switch (at) {
    case 'begin':
      // Fates first: of a run whose fate was there, marks are there until its packs are gone.
      if (flaw === 'B1 nothing is looked at before a backup begins')
        return [{ did: 'begins', next: 'look', memory: { before: '?' } }];
      if (flaw === 'B1 fates are listed after the marks') return [{ did: 'begins', next: 'first' }];
      return [{ did: 'B1 lists fates', next: 'first', memory: { before: fates() } }];
    case 'first':
    case 'first, half':
      return listMoves(asked, { from: 'first', next: 'look', did: 'B1 lists' });
    case 'look': {
      const covered = coveredBy(state, packsOf(memory.active));
      const isThere = namesIn(state, 'packs/').some((name) => !covered.has(name.slice(6)));
      const next = isThere ? 'publish' : 'store';
      const before = memory.before ?? fates();
      return [{ did: 'looks what is there', next, memory: { before, was: memory.active ?? '' } }];
    }
    case 'store':
      return [{ did: 'stores', next: 'publish', put: { [`packs/N${number}`]: '' } }];
    case 'publish':
      return [isEarly ? { did: 'waits', next: 'list' } : { ...publish, next: 'list' }];
    case 'list':
      if (flaw === 'B2 fates are listed before the marks' && memory.after === undefined)
        return [{ did: 'B2 lists fates', next: 'list', memory: { after: fates() } }];
      return listed();
    case 'list, half':
      return listed();
    case 'fates':
      return [{ did: 'B2 lists fates', next: 'judge', memory: { after: fates() } }];
    case 'publish late':
      return [{ ...publish, next: 'judge', memory: { after: fates() } }];
    case 'judge':
      return [judgement(asked, snapshot)];
    case 'copy':
      return [
        {
          did: 'B4 stores again',
          next: 'end',
          put: { [`packs/C${number}`]: '' },
          acknowledge: snapshot,
        },
      ];
    default:
      return [];
  }
}

function judgement({ state, number, flaw }: Asked, snapshot: string): Move {
  const { memory } = procOf(state, number);
  const active = packsOf(memory.active);
  const covered =
    flaw === 'B4 what is covered is taken for stored'
      ? new Set<string>()
      : coveredBy(state, active);
  const there = namesIn(state, 'packs/').map((name) => name.slice(6));
  const isQuiet =
    active.length === 0 &&
    memory.was === '' &&
    (memory.before === '?' || memory.after === memory.before);
  const isLax = flaw === 'B3 packs are not listed anew' && covered.size === 0;
  if (isQuiet || isLax) return { did: 'is told at once', next: 'end', acknowledge: snapshot };
  if (there.some((pack) => !covered.has(pack)))
    return { did: 'B3 is told', next: 'end', acknowledge: snapshot };
  if (there.length > 0) return { did: 'B4 reads what goes', next: 'copy' };
  return { did: 'is not told: it is gone', next: 'end' };
}

function markerMoves({ state, number, flaw }: Asked): readonly Move[] {
  const { at, memory } = procOf(state, number);
  const unreached = (): string =>
    isReached(state)
      ? ''
      : namesIn(state, 'packs/')
          .map((name) => name.slice(6))
          .join(',');
  switch (at) {
    case 'begin': {
      // What others left at their marks is made void, one after the other.
      const [left] = runsWith(state, 'marks').filter(
        (run) => !(`trash/${run}` in state.store) && !(`fate/${run}` in state.store),
      );
      if (left !== undefined)
        return [{ did: 'makes void', next: 'begin', put: { [`fate/${left}`]: 'void' } }];
      const meant = unreached();
      if (meant === '') return [{ did: 'finds nothing', next: 'end' }];
      if (flaw === 'no marks: what no snapshot reaches is deleted')
        return [{ did: 'looks', next: 'delete', memory: { meant } }];
      return [{ did: 'C1 chooses', next: 'mark', memory: { meant } }];
    }
    case 'mark': {
      const runs = [
        ...runsWith(state, 'marks'),
        ...runsWith(state, 'trash'),
        ...runsWith(state, 'fate'),
      ];
      const run = String(1 + Math.max(0, ...runs.map(Number)));
      const isBlind = flaw?.startsWith('C3') === true;
      const put = { [`marks/${run}`]: memory.meant ?? '' };
      const next = isBlind ? 'trash' : 'list';
      return [{ did: 'C2 marks', next, put, memory: { run, trash: memory.meant ?? '' } }];
    }
    case 'list': {
      const trash = isReached(state) ? '' : (memory.meant ?? '');
      return [{ did: 'C3 lists again', next: 'trash', memory: { trash } }];
    }
    case 'trash': {
      const put = { [`trash/${memory.run}`]: memory.trash ?? '' };
      return [{ did: 'C4 puts trash', next: 'end', put }];
    }
    case 'delete':
      return deleted(state, memory, 'end');
    default:
      return [];
  }
}

/** Packs go one by one. */
function deleted(state: State, memory: Memory, next: string): readonly Move[] {
  const [pack] = packsOf(memory.meant).filter((each) => `packs/${each}` in state.store);
  if (pack === undefined) return [{ did: 'C7 has deleted all', next }];
  return [{ did: 'C7 deletes', next: 'delete', remove: `packs/${pack}` }];
}

function sweeperMoves({ state, number, flaw }: Asked): readonly Move[] {
  const { at, memory } = procOf(state, number);
  const run = memory.run ?? '';
  const mine = memory.mine ?? '';
  switch (at) {
    case 'begin':
      return runsWith(state, 'trash').map((each) => ({
        did: 'takes a run up',
        next: 'look',
        memory: { run: each },
      }));
    case 'look': {
      const isBlind = flaw?.includes('C5') === true;
      const trash = state.store[`trash/${run}`] ?? '';
      const meant = isReached(state) && !isBlind ? '' : trash;
      const isRash = flaw === 'C6 packs are deleted before the fate is there';
      return [
        {
          did: 'C5 lists once more',
          next: isRash ? 'delete' : 'fate',
          memory: { mine: meant, meant },
        },
      ];
    }
    case 'fate': {
      const name = `fate/${run}`;
      const isTaken = name in state.store && flaw !== 'C6 a second fate replaces the first';
      if (isTaken) return [{ did: 'C6 finds a fate', next: 'obey' }];
      return [{ did: 'C6 puts the fate', next: 'obey', put: { [name]: `sweep,${mine}` } }];
    }
    case 'obey': {
      const isOwn = flaw === 'C7 what is deleted is what was meant, and not what the fate says';
      const says = isOwn ? mine : (state.store[`fate/${run}`] ?? 'void');
      const meant = joined(packsOf(says).filter((pack) => pack !== 'sweep'));
      const isHasty = flaw === 'C9 marks and trash are taken away before the packs';
      return [{ did: 'reads the fate', next: isHasty ? 'trash' : 'delete', memory: { meant } }];
    }
    case 'delete': {
      const isHasty = flaw === 'C9 marks and trash are taken away before the packs';
      const isRash = flaw === 'C6 packs are deleted before the fate is there';
      return deleted(state, memory, isHasty ? 'end' : isRash ? 'fate late' : 'trash');
    }
    case 'fate late':
      return [{ did: 'C6 puts the fate late', next: 'trash', put: { [`fate/${run}`]: 'sweep,' } }];
    case 'trash':
      return [{ did: 'C9 takes trash away', next: 'marks', remove: `trash/${run}` }];
    case 'marks': {
      const isHasty = flaw === 'C9 marks and trash are taken away before the packs';
      const isUntidy = flaw === 'C9 the fate of a run that is over is taken away';
      const next = isHasty ? 'delete' : isUntidy ? 'forget fate' : 'end';
      return [{ did: 'C9 takes marks away', next, remove: `marks/${run}` }];
    }
    case 'forget fate':
      return [{ did: 'takes the fate away', next: 'end', remove: `fate/${run}` }];
    default:
      return [];
  }
}

function undoMoves(asked: Asked): readonly Move[] {
  const { state, number, flaw } = asked;
  const { at, memory } = procOf(state, number);
  const snapshot = 'snapshots/T';
  const isLate = flaw === 'U1 marks are read before the snapshot is back';
  const put = { [snapshot]: '' };
  switch (at) {
    case 'begin':
      return [isLate ? { did: 'waits', next: 'list' } : { did: 'U1 puts back', next: 'list', put }];
    case 'list':
    case 'list, half':
      return listMoves(asked, { from: 'list', next: 'void', did: 'U2 lists' });
    case 'void': {
      const [open] = packsOf(memory.active).filter((run) => !(`fate/${run}` in state.store));
      const isMeek = flaw === 'U2 runs without a fate are not made void';
      if (open === undefined || isMeek)
        return [
          isLate
            ? { did: 'U1 puts back late', next: 'judge', put }
            : { did: 'has looked', next: 'judge' },
        ];
      return [{ did: 'U2 makes void', next: 'void', put: { [`fate/${open}`]: 'void' } }];
    }
    case 'judge': {
      const fates = packsOf(memory.active).map((run) => state.store[`fate/${run}`] ?? '');
      const isBlind = flaw === 'U3 packs of a sweep are taken for stored';
      const doomed = isBlind ? [] : fates.flatMap((says) => packsOf(says));
      const there = namesIn(state, 'packs/').map((name) => name.slice(6));
      if (there.some((pack) => !doomed.includes(pack)))
        return [{ did: 'U3 is told', next: 'end', acknowledge: snapshot }];
      if (there.length > 0) return [{ did: 'U3 reads what goes', next: 'copy' }];
      return [{ did: 'U3 came too late', next: 'end', remove: snapshot }];
    }
    case 'copy':
      return [
        { did: 'U3 stores again', next: 'end', put: { 'packs/U': '' }, acknowledge: snapshot },
      ];
    default:
      return [];
  }
}

/** A person copies the file back. Who did so before the last look is under way may rely on it. */
function handMoves({ state }: Asked): readonly Move[] {
  const isLooking = state.processes.some(
    ({ actor, at }) => actor === 'sweeper' && at !== 'begin' && at !== 'look' && at !== 'end',
  );
  const isDecided = runsWith(state, 'fate').length > 0;
  const name = 'snapshots/H';
  const isGone = namesIn(state, 'packs/').length === 0;
  if (isLooking || isDecided || isGone) return [];
  return [{ did: 'is put back', next: 'end', put: { [name]: '' }, acknowledge: name }];
}

/** Clears what runs left whose fate is `void`: as any collector does before its own run. */
function tidierMoves({ state, number, flaw }: Asked): readonly Move[] {
  const { at, memory } = procOf(state, number);
  const run = memory.run ?? '';
  switch (at) {
    case 'begin':
      return runsWith(state, 'fate')
        .filter((each) => state.store[`fate/${each}`] === 'void')
        .map((each) => ({ did: 'finds a void run', next: 'trash', memory: { run: each } }));
    case 'trash':
      return [{ did: 'takes trash away', next: 'marks', remove: `trash/${run}` }];
    case 'marks': {
      const isUntidy = flaw === 'C9 the fate of a run that is over is taken away';
      const next = isUntidy ? 'forget fate' : 'end';
      return [{ did: 'takes marks away', next, remove: `marks/${run}` }];
    }
    case 'forget fate':
      return [{ did: 'takes the fate away', next: 'end', remove: `fate/${run}` }];
    default:
      return [];
  }
}
