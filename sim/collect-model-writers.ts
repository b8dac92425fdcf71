import type { Asked, Move } from './collect-model-state.ts';
import {
  coveredBy,
  listMoves,
  packsOf,
  packsWith,
  procOf,
  runsWith,
} from './collect-model-state.ts';

export function writerMoves(asked: Asked): readonly Move[] {
  const { state, number, flaw } = asked;
  const { at, memory } = procOf(state, number);
  const snapshot = `snapshots/W${number}`;
  const isEarly = flaw === 'B2 marks are read before the snapshot is there';
  const publish = { did: 'publishes', put: { [snapshot]: 'y' } };
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
      const isThere = packsWith(state, 'y').some((name) => !covered.has(name));
      const next = isThere ? 'publish' : 'store';
      const before = memory.before ?? fates();
      return [{ did: 'looks what is there', next, memory: { before, was: memory.active ?? '' } }];
    }
    case 'store':
      return [{ did: 'stores', next: 'publish', put: { [`packs/N${number}`]: 'y' } }];
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
          put: { [`packs/C${number}`]: 'y' },
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
  const there = packsWith(state, 'y');
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

export function undoMoves(asked: Asked): readonly Move[] {
  const { state, number, flaw } = asked;
  const { at, memory } = procOf(state, number);
  const snapshot = 'snapshots/T';
  const isLate = flaw === 'U1 marks are read before the snapshot is back';
  const put = { [snapshot]: 'y' };
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
      const there = packsWith(state, 'y');
      if (there.some((pack) => !doomed.includes(pack)))
        return [{ did: 'U3 is told', next: 'end', acknowledge: snapshot }];
      if (there.length > 0) return [{ did: 'U3 reads what goes', next: 'copy' }];
      return [{ did: 'U3 came too late', next: 'end', remove: snapshot }];
    }
    case 'copy':
      return [
        { did: 'U3 stores again', next: 'end', put: { 'packs/U': 'y' }, acknowledge: snapshot },
      ];
    default:
      return [];
  }
}

/** A person copies the file back. Who did so before the last look is under way may rely on it. */
export function handMoves({ state }: Asked): readonly Move[] {
  const isLooking = state.processes.some(
    ({ actor, at }) => actor === 'sweeper' && at !== 'begin' && at !== 'look' && at !== 'end',
  );
  const isDecided = runsWith(state, 'fate').length > 0;
  const name = 'snapshots/H';
  const isGone = packsWith(state, 'y').length === 0;
  if (isLooking || isDecided || isGone) return [];
  return [{ did: 'is put back', next: 'end', put: { [name]: 'y' }, acknowledge: name }];
}
