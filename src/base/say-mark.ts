import { paint, type Style, type Tone } from './say.ts';

/** What is: filled. It is a row's first mark, and the row sorts by it. */
export type StateMark = 'failed' | 'degraded' | 'unknown' | 'held' | 'ok';

/** What would be, beyond what was promised: outlined. It stands before the loss. */
export type WouldBeMark = 'lost' | 'out' | 'unknown';

interface Shape {
  readonly utf8: string;
  readonly ascii: string;
  readonly tone: Tone;
}

const STATE: Readonly<Record<StateMark, Shape>> = {
  failed: { utf8: '■', ascii: '[X]', tone: 'failed' },
  degraded: { utf8: '▲', ascii: '[!]', tone: 'degraded' },
  unknown: { utf8: '◌', ascii: '[?]', tone: 'unknown' },
  held: { utf8: '‖', ascii: '[=]', tone: 'degraded' },
  ok: { utf8: '●', ascii: '[ok]', tone: 'ok' },
};

const WOULD_BE: Readonly<Record<WouldBeMark, Shape>> = {
  lost: { utf8: '□', ascii: '(X)', tone: 'failed' },
  out: { utf8: '△', ascii: '(!)', tone: 'degraded' },
  unknown: { utf8: '◌', ascii: '(?)', tone: 'unknown' },
};

/** Worst first, as rows are sorted: an unknown stands above what works. */
const ORDER: readonly StateMark[] = ['failed', 'degraded', 'unknown', 'held', 'ok'];

export function stateRank(state: StateMark): number {
  return ORDER.indexOf(state);
}

/** The bare mark, for tables that paint a whole cell. */
export function stateShape(style: Style, state: StateMark): string {
  return style.utf8 ? STATE[state].utf8 : STATE[state].ascii;
}

export function stateTone(state: StateMark): Tone {
  return STATE[state].tone;
}

/** The mark of what is, painted. */
export function stateMark(style: Style, state: StateMark): string {
  return paint(style, stateTone(state), stateShape(style, state));
}

export function wouldBeShape(style: Style, mark: WouldBeMark): string {
  return style.utf8 ? WOULD_BE[mark].utf8 : WOULD_BE[mark].ascii;
}

export function wouldBeTone(mark: WouldBeMark): Tone {
  return WOULD_BE[mark].tone;
}

/** The mark of what would be, painted. */
export function wouldBeMark(style: Style, mark: WouldBeMark): string {
  return paint(style, wouldBeTone(mark), wouldBeShape(style, mark));
}
