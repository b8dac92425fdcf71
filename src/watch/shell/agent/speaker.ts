/** Says what was seen, in order, until the server has it. docs/format/agent.md, `say`. */
import { Fault } from '../../../base/fault.ts';
import { durationMs, seconds } from '../../../base/units.ts';
import { utf8Length } from '../../core/agent/fit-record.ts';
import type { ItemBoard, Sight } from '../../core/agent/item-board.ts';
import {
  type AgentRecord,
  BODY_BYTES_MAX,
  RECORDS_MAX,
  type Said,
  type SeenRecord,
} from '../../core/agent/messages.ts';
import type { AgentFacts, AgentParts, Freezer } from './agent-ports.ts';
import { problemOf, type Voice } from './voice.ts';
import { Wake } from './wake.ts';

/** At least so often, whatever there is to say: silence is lost contact. */
const SAY_EVERY = seconds(20);
/** Changes that come together are said together. */
const GATHER = durationMs(250);
/** Records have room beside the head of a message. */
const RECORD_BYTES_MAX = BODY_BYTES_MAX - 8192;
/** A server that wants a mark again and again gets no faster. */
const AGAIN_MAX = 3;

type Turn = 'said' | 'more' | 'again';

export class Speaker {
  readonly #parts: AgentParts;
  readonly #facts: AgentFacts;
  readonly #voice: Voice;
  readonly #board: ItemBoard;
  readonly #wake = new Wake();
  #failures = 0;
  #turnedUpMs = 0;
  #again = 0;
  /** Fewer after a message was refused as a whole, until one record is found that does it. */
  #most = RECORDS_MAX;

  constructor(parts: AgentParts, facts: AgentFacts, of: { voice: Voice; board: ItemBoard }) {
    this.#parts = parts;
    this.#facts = facts;
    this.#voice = of.voice;
    this.#board = of.board;
  }

  /** When it last had said, or failed to: it waits five minutes at most. */
  get turnedUpMs(): number {
    return this.#turnedUpMs;
  }

  /** There is something that should not wait. */
  hurry(): void {
    if (this.#failures === 0) this.#wake.ring();
  }

  /** Something changed: while nobody hears it, it is kept at once. */
  changed(): void {
    if (this.#failures > 0) this.#notTaken('later');
    else this.#wake.ring();
  }

  /** Somebody else has reached the server. */
  lineIsBack(): void {
    if (this.#failures > 0) this.#wake.ring();
  }

  /** Rings `onMark` when there is a mark. */
  async run(signal: AbortSignal, onMark: () => void): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const pause = await this.#turn(signal, onMark);
      this.#turnedUpMs = clock.upMs();
      if (pause === 0) continue;
      await this.#wake.wait(clock, durationMs(pause), signal);
      if (this.#failures === 0) await clock.wait(GATHER, signal);
    }
  }

  /** @returns how long there is nothing to do */
  async #turn(signal: AbortSignal, onMark: () => void): Promise<number> {
    try {
      const turn = await this.#sayOnce(signal);
      this.#failures = 0;
      onMark();
      if (turn === 'said') this.#again = 0;
      if (turn === 'again') this.#again += 1;
      if (this.#again > AGAIN_MAX) return this.#voice.pause(undefined, this.#again);
      return turn === 'said' ? SAY_EVERY : 0;
    } catch (error) {
      if (signal.aborted) return 0;
      return this.#afterFault(error);
    }
  }

  async #sayOnce(signal: AbortSignal): Promise<Turn> {
    const { clock, link, freezer } = this.#parts;
    const records = this.#voice.hasMark ? this.#compose() : [];
    const message = {
      format: 'holdfast-say-0' as const,
      ...this.#voice.head(),
      ...{ wallMs: clock.now(), level: this.#facts.level, version: this.#facts.version },
      ...{ isFrozen: isFrozenFor(freezer), records },
    };
    const hadMark = this.#voice.hasMark;
    const said = await this.#send(() => link.say(message, signal), records);
    const isOther = this.#voice.take(said.mark);
    if (isOther || said.wants === 'all') this.#board.unsayAll();
    if (said.wants === 'mark') {
      this.#notTaken('soon');
      return 'again';
    }
    this.#taken(records, said);
    if (!hadMark || said.wants === 'all') return 'again';
    return this.#isMore(records, said) ? 'more' : 'said';
  }

  async #send(ask: () => Promise<Said>, records: readonly AgentRecord[]): Promise<Said> {
    try {
      return await ask();
    } catch (error) {
      const problem = problemOf(error);
      if (problem === 'malformed' || problem === 'too-large') this.#halve(records);
      throw error;
    }
  }

  /** Kept ones first, in their order; what is now when those are all in. */
  #compose(): readonly AgentRecord[] {
    const most = { count: this.#most, bytes: RECORD_BYTES_MAX };
    const kept = this.#parts.spool.oldest(most);
    const isWhole = kept.length === this.#parts.spool.state().count;
    if (!isWhole || kept.length >= this.#most) return kept;
    const seen: SeenRecord[] = [];
    const sights: Sight[] = [];
    let bytes = kept.reduce((sum, record) => sum + sizeOf(record), 0);
    for (const sight of this.#board.unsaid()) {
      const { wallMs: _, ...rest } = sight;
      bytes += sizeOf(rest) + 24;
      if (bytes > RECORD_BYTES_MAX || kept.length + seen.length >= this.#most) break;
      seen.push({ t: 'seen', n: this.#parts.numbers.next(), ...rest });
      sights.push(sight);
    }
    this.#board.flying(sights);
    return [...kept, ...seen];
  }

  #taken(records: readonly AgentRecord[], said: Said): void {
    const last = records.at(-1)?.n ?? 0;
    // More than was said is nonsense of the server: nothing is forgotten that it was not told.
    const acked = Math.min(said.acked, last);
    if (records.length === 0) return;
    this.#parts.spool.forget(acked);
    const seen = records.filter((each) => each.t === 'seen' && each.n <= acked);
    this.#board.said(seen as readonly SeenRecord[]);
    this.#most = Math.min(RECORDS_MAX, this.#most * 2);
  }

  /** Whether there is more than fitted; a server that takes nothing is not asked in a circle. */
  #isMore(records: readonly AgentRecord[], said: Said): boolean {
    const [first] = records;
    if (first === undefined || said.acked < first.n) return false;
    return this.#parts.spool.state().count > 0 || this.#board.unsaid().length > 0;
  }

  /** @param again soon: it is said in a moment; else what changed is kept as history. */
  #notTaken(again: 'soon' | 'later'): void {
    const changes = this.#board.unheard(again);
    if (changes.length === 0) return;
    const { boot } = this.#parts.clock;
    this.#parts.spool.keep(changes.map((was) => ({ ...was, boot })));
  }

  /** Half of it is tried next; what is refused alone is let go of, and counted. */
  #halve(records: readonly AgentRecord[]): void {
    const [only] = records;
    if (records.length > 1) {
      this.#most = Math.max(1, Math.floor(records.length / 2));
      return;
    }
    if (only === undefined) return;
    if (only.t === 'seen') this.#board.remove(only.item);
    else this.#parts.spool.forget(only.n);
    const what = `a record (${only.t}) that the server refused to read`;
    this.#parts.spool.keep([{ t: 'lost', count: 1, what }]);
  }

  #afterFault(error: unknown): number {
    const problem = problemOf(error);
    if (problem === 'impossible-time') this.#voice.forgetMark();
    this.#failures += 1;
    this.#wake.clear();
    // Two lines overtook each other, or a proxy doubled it: a new number, at once.
    const isOvertaken = problem === 'replayed' && this.#failures === 1;
    this.#notTaken(isOvertaken ? 'soon' : 'later');
    return isOvertaken ? 1 : this.#voice.pause(error, this.#failures);
  }
}

/** What cannot be read holds, as it does for the guard. */
function isFrozenFor(freezer: Freezer): boolean {
  try {
    return freezer.isFrozen();
  } catch (error) {
    if (error instanceof Fault) return true;
    throw error;
  }
}

function sizeOf(record: object): number {
  return utf8Length(JSON.stringify(record)) + 1;
}
