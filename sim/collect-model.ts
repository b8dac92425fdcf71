/** Every order of the steps of a few actors: `collect-model-state.ts` says what is modelled. */
import {
  liarMoves,
  markerMoves,
  moverMoves,
  sweeperMoves,
  tidierMoves,
} from './collect-model-collectors.ts';
import type {
  Actor,
  Asked,
  Exploration,
  Flaw,
  Move,
  Setting,
  State,
  Way,
} from './collect-model-state.ts';
import { packsWith } from './collect-model-state.ts';
import { handMoves, undoMoves, writerMoves } from './collect-model-writers.ts';

const STATES_MAX = 3_000_000;

export function explore(setting: Setting): Exploration {
  const isMoved = setting.actors.includes('mover');
  const first: State = {
    // T reached y in P and was forgotten: it lies in forgotten/, for whoever wants it back.
    store: isMoved ? { 'packs/P': 'xy', 'snapshots/L': 'x' } : { 'packs/P': 'y' },
    processes: setting.actors.map((actor) => ({ actor, at: 'begin', memory: {} })),
    acknowledged: isMoved ? ['snapshots/L'] : [],
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

function isLoss(state: State): boolean {
  return state.acknowledged.some((name) =>
    [...(state.store[name] ?? '')].some((chunk) => packsWith(state, chunk).length === 0),
  );
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

const STEPS: Readonly<Record<Actor, (asked: Asked) => readonly Move[]>> = {
  writer: writerMoves,
  marker: markerMoves,
  mover: moverMoves,
  sweeper: sweeperMoves,
  undo: undoMoves,
  hand: handMoves,
  tidier: tidierMoves,
  liar: liarMoves,
};
