import type { Asked, Memory, Move, State } from './collect-model-state.ts';
import {
  coveredBy,
  joined,
  lieOf,
  namesIn,
  onlyIn,
  packsOf,
  procOf,
  reachedIn,
  runsWith,
} from './collect-model-state.ts';

export function markerMoves(asked: Asked): readonly Move[] {
  const { state, number, flaw } = asked;
  const { at, memory } = procOf(state, number);
  switch (at) {
    case 'begin': {
      const left = abandoned(state);
      if (left.length > 0) return left;
      const meant = stillDead(state, packNames(state));
      if (meant === '') return [{ did: 'finds nothing', next: 'end' }];
      if (flaw === 'no marks: what no snapshot reaches is deleted')
        return [{ did: 'looks', next: 'delete', memory: { meant } }];
      return [{ did: 'C1 chooses', next: 'mark', memory: { meant } }];
    }
    case 'mark': {
      return [marking(asked, flaw?.startsWith('C3') === true ? 'trash' : 'list')];
    }
    case 'list': {
      const trash = stillDead(state, packsOf(memory.meant));
      return [{ did: 'C3 lists again', next: 'trash', memory: { trash } }];
    }
    case 'trash':
      return [puttingTrash(memory)];
    case 'delete':
      return deleted(state, memory, 'end');
    default:
      return [];
  }
}

/** Puts what is needed of a pack into another, and lets the old one go as if nothing reached it. */
export function moverMoves(asked: Asked): readonly Move[] {
  const { state, number } = asked;
  const { at, memory } = procOf(state, number);
  switch (at) {
    case 'begin': {
      const left = abandoned(state);
      if (left.length > 0) return left;
      const active = joined(runsWith(state, 'marks'), runsWith(state, 'trash'));
      return [{ did: 'C1 lists runs', next: 'choose', memory: { active } }];
    }
    case 'choose': {
      const going = coveredBy(state, packsOf(memory.active));
      const reached = reachedIn(state);
      const staying = packNames(state).filter((pack) => !going.has(pack));
      return staying.flatMap((meant) => {
        const holds = onlyIn(state, meant, { reached, going });
        const hoped = onlyIn(state, meant, { reached, going, isBelieving: true });
        return [...new Set([holds, hoped])].map((moved) => ({
          did: moved === holds ? 'C1 chooses' : 'C1 hopes for what a header says',
          next: moved === '' ? 'mark' : 'move',
          memory: { meant, holds: moved },
        }));
      });
    }
    case 'move': {
      if (!(`packs/${memory.meant}` in state.store)) return [{ did: 'came too late', next: 'end' }];
      const put = { [`packs/M${number}`]: memory.holds ?? '' };
      return [{ did: 'M1 moves', next: 'mark', put }];
    }
    case 'mark':
      return [marking(asked, 'trash')];
    case 'trash':
      return [puttingTrash(memory)];
    default:
      return [];
  }
}

function packNames(state: State): string[] {
  return namesIn(state, 'packs/').map((name) => name.slice('packs/'.length));
}

/** What others left at their marks is made void, one after the other. */
function abandoned(state: State): readonly Move[] {
  const [left] = runsWith(state, 'marks').filter(
    (run) => !(`trash/${run}` in state.store) && !(`fate/${run}` in state.store),
  );
  if (left === undefined) return [];
  return [{ did: 'makes void', next: 'begin', put: { [`fate/${left}`]: 'void' } }];
}

/** Those of which nothing is reached. */
function stillDead(state: State, packs: readonly string[]): string {
  const reached = reachedIn(state);
  const isDead = (pack: string): boolean =>
    [...(state.store[`packs/${pack}`] ?? '')].every((chunk) => !reached.includes(chunk));
  return packs.filter(isDead).join(',');
}

function marking({ state, number }: Asked, next: string): Move {
  const { memory } = procOf(state, number);
  const runs = [
    ...runsWith(state, 'marks'),
    ...runsWith(state, 'trash'),
    ...runsWith(state, 'fate'),
  ];
  const run = String(1 + Math.max(0, ...runs.map(Number)));
  const put = { [`marks/${run}`]: memory.meant ?? '' };
  return { did: 'C2 marks', next, put, memory: { run, trash: memory.meant ?? '' } };
}

function puttingTrash(memory: Memory): Move {
  const put = { [`trash/${memory.run}`]: memory.trash ?? '' };
  return { did: 'C4 puts trash', next: 'end', put };
}

/** Packs go one by one. */
function deleted(state: State, memory: Memory, next: string): readonly Move[] {
  const [pack] = packsOf(memory.meant).filter((each) => `packs/${each}` in state.store);
  if (pack === undefined) return [{ did: 'C7 has deleted all', next }];
  return [{ did: 'C7 deletes', next: 'delete', remove: `packs/${pack}` }];
}

export function sweeperMoves(asked: Asked): readonly Move[] {
  const { state, number, flaw } = asked;
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
    case 'look':
    case 'look at packs':
      return lastLook(asked);
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

/** C5: snapshots and what goes, then where copies lie; others act in between. */
function lastLook({ state, number, flaw }: Asked): readonly Move[] {
  const { at, memory } = procOf(state, number);
  const isTurned = flaw === 'C5 copies are looked for before it is known what goes';
  const packsNow = (): string =>
    packNames(state)
      .map((pack) => `${pack}=${state.store[`packs/${pack}`]}`)
      .join(',');
  const goingNow = (): string => {
    const active = [...runsWith(state, 'marks'), ...runsWith(state, 'trash')];
    return [...coveredBy(state, active)].join(',');
  };
  if (at === 'look') {
    const seen = isTurned ? { there: packsNow() } : { going: goingNow() };
    const looked = { ...seen, reached: reachedIn(state) };
    return [{ did: 'C5 lists once more', next: 'look at packs', memory: looked }];
  }
  const isBlind =
    flaw === 'C5 snapshots are not listed once more before the fate' ||
    flaw === 'C3 and C5 snapshots are not listed again at all' ||
    flaw === 'C5 what was moved goes without another look';
  const there = packsOf(isTurned ? memory.there : packsNow()).map((each) => {
    const [pack = '', holds = ''] = each.split('=');
    return [`packs/${pack}`, holds] as const;
  });
  const isLax = flaw === 'C5 a copy in what goes counts';
  const going = new Set(isLax ? [] : packsOf(isTurned ? goingNow() : memory.going));
  const isBelieving = flaw === 'C5 what a header says is believed';
  const of = { reached: memory.reached ?? '', going, isBelieving };
  const then = { ...state, store: Object.fromEntries(there) };
  const mine = packsOf(state.store[`trash/${memory.run}`])
    .filter((pack) => isBlind || onlyIn(then, pack, of) === '')
    .join(',');
  const isRash = flaw === 'C6 packs are deleted before the fate is there';
  const next = isRash ? 'delete' : 'fate';
  return [{ did: 'C5 looks at packs', next, memory: { mine, meant: mine } }];
}

/** Who may write puts a pack of which the header says what it does not hold. */
export function liarMoves({ state, number }: Asked): readonly Move[] {
  if (procOf(state, number).at !== 'begin') return [];
  return [{ did: 'lies', next: 'end', put: { 'packs/L': `${lieOf('x')}${lieOf('y')}` } }];
}

/** Clears what runs left whose fate is `void`: as any collector does before its own run. */
export function tidierMoves({ state, number, flaw }: Asked): readonly Move[] {
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
