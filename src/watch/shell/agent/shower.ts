/**
 * Shows the server what this host is and what proves that it can be brought back: when that has
 * changed, every six hours, and to each start of the server. docs/format/agent.md, `show`.
 */
import { Fault } from '../../../base/fault.ts';
import { durationMs, hours, seconds } from '../../../base/units.ts';
import type { ShowKind } from '../../core/agent/messages.ts';
import type { AgentParts, SeenItem } from './agent-ports.ts';
import type { Showing, ShowParts } from './show-ports.ts';
import { problemOf, type Voice } from './voice.ts';

const TICK = seconds(5);
/** A look takes seconds of a processor: between two of them it rests long. */
const LOOK_EVERY = hours(1);
const LOOK_REST_MIN = seconds(5);
const LOOK_REST_SHARE = 10;
const SHOW_EVERY = hours(6);
/** Somebody waits for what becomes of a plan; reading many of them takes a processor all the same. */
const PLANS_REST_MIN = seconds(5);
/** An older server may be a newer one later. */
const UNKNOWN_REST = hours(1);
/** First looks are spread over so long. */
const FIRST_MAX_MS = 3000;
const ITEM = 'agent:show';

interface ShownLast {
  readonly showing: Showing;
  /** The start of the server that has it. */
  readonly server: string;
}

interface Looked {
  /** When the host itself was looked at. */
  readonly wholeUpMs: number;
  readonly endUpMs: number;
  /** What the last reading of the ledger alone took; 0: there was none yet. */
  readonly ledgerMs: number;
  readonly hint: string;
}

export class Shower {
  readonly #parts: AgentParts;
  readonly #of: ShowParts;
  readonly #voice: Voice;
  readonly #onMark: (isOther: boolean) => void;
  readonly #onSeen: (seen: SeenItem) => void;
  readonly #agent: string;
  readonly #shown = new Map<ShowKind, ShownLast>();
  #newest: readonly Showing[] = [];
  #looked: Looked | undefined;
  #plansLooked:
    | { readonly hint: string; readonly endUpMs: number; readonly tookMs: number }
    | undefined;
  #plansTrouble = '';
  #trouble = '';
  #failures = 0;
  #restUntilMs = 0;
  /** A server from before plans refuses them: all else is shown to it. */
  #plansUnknownUntilMs = 0;
  /** The start of a server that could not read all: it is an older one, and may be a newer one later. */
  #plainFor: string | undefined;

  constructor(
    parts: AgentParts,
    of: ShowParts,
    has: {
      readonly agent: string;
      readonly voice: Voice;
      /** An answer brought a mark; whether it is of another start of the server. */
      readonly onMark: (isOther: boolean) => void;
      readonly onSeen: (seen: SeenItem) => void;
    },
  ) {
    this.#parts = parts;
    this.#of = of;
    this.#agent = has.agent;
    this.#voice = has.voice;
    this.#onMark = has.onMark;
    this.#onSeen = has.onSeen;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    await clock.wait(durationMs(Math.round((FIRST_MAX_MS * this.#voice.roll()) / 255)), signal);
    while (!signal.aborted) {
      await this.#lookWhenDue(signal);
      await this.#lookAtPlansWhenDue(signal);
      if (this.#voice.hasMark && clock.upMs() >= this.#restUntilMs) await this.#turn(signal);
      await clock.wait(TICK, signal);
    }
  }

  async #lookWhenDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { source } = this.#of;
    const upMs = clock.upMs();
    const hint = source.hint();
    if (this.#plainFor !== undefined && this.#plainFor !== (this.#voice.server ?? '')) {
      this.#plainFor = undefined;
      this.#looked = undefined;
    }
    const isDue = this.#looked === undefined || upMs - this.#looked.wholeUpMs >= LOOK_EVERY;
    if (!isDue && !this.#isHinted(hint, upMs)) return;
    const known = isDue ? undefined : this.#newest.find(({ kind }) => kind === 'sight');
    const { showings, trouble } = await source.look(signal, {
      known: known?.frame,
      isPlain: this.#plainFor !== undefined,
    });
    if (signal.aborted) return;
    const wholeUpMs = known === undefined ? upMs : (this.#looked?.wholeUpMs ?? upMs);
    const ledgerMs = known === undefined ? (this.#looked?.ledgerMs ?? 0) : clock.upMs() - upMs;
    this.#looked = { wholeUpMs, endUpMs: clock.upMs(), ledgerMs, hint };
    this.#see(showings);
    this.#trouble = trouble;
    this.#sayHow();
  }

  /** What could not be seen this time is as it was, and grows old. */
  #see(showings: readonly Showing[]): void {
    const kinds = new Set(showings.map(({ kind }) => kind));
    this.#newest = [...showings, ...this.#newest.filter(({ kind }) => !kinds.has(kind))];
  }

  async #lookAtPlansWhenDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { plans } = this.#of;
    if (plans === undefined) return;
    const upMs = clock.upMs();
    const hint = plans.hint();
    const last = this.#plansLooked;
    if (last !== undefined) {
      const restMs = Math.max(PLANS_REST_MIN, LOOK_REST_SHARE * last.tookMs);
      const isDue = hint !== last.hint || upMs - last.endUpMs >= LOOK_EVERY;
      if (!isDue || upMs - last.endUpMs < restMs) return;
    }
    const { showings, trouble } = await plans.look(signal);
    if (signal.aborted) return;
    const endUpMs = clock.upMs();
    this.#plansLooked = { hint, endUpMs, tookMs: endUpMs - upMs };
    this.#see(showings);
    this.#plansTrouble = trouble;
    this.#sayHow();
  }

  #isHinted(hint: string, upMs: number): boolean {
    if (this.#looked === undefined || hint === this.#looked.hint) return false;
    const restMs = Math.max(LOOK_REST_MIN, LOOK_REST_SHARE * this.#looked.ledgerMs);
    return upMs - this.#looked.endUpMs >= restMs;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    for (const newest of this.#newest) {
      const wanted = this.#wanted(newest);
      if (wanted === undefined) continue;
      try {
        if (!(await this.#show(wanted, signal))) return;
        this.#failures = 0;
        this.#sayHow();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Fault)) throw error;
        if (newest.kind === 'plans' && problemOf(error) === 'malformed') {
          this.#plansUnknownUntilMs = this.#parts.clock.upMs() + UNKNOWN_REST;
          continue;
        }
        this.#failures += 1;
        const restMs = this.#voice.pause(error, this.#failures);
        this.#restUntilMs = this.#parts.clock.upMs() + restMs;
        if (problemOf(error) === 'malformed' && this.#plainFor === undefined) {
          // Made without what an older server does not know it may be read.
          this.#plainFor = this.#voice.server ?? '';
          this.#looked = undefined;
          return;
        }
        // Sent again it would be refused again: it rests until there is another.
        if (problemOf(error) === 'malformed' || problemOf(error) === 'too-large') {
          this.#note(wanted.showing);
          this.#sayHow(error.message);
        }
        return;
      }
    }
  }

  /** What is to be shown; `isOffer`: the server had it in an earlier start. */
  #wanted(newest: Showing): { readonly showing: Showing; readonly isOffer: boolean } | undefined {
    const isUnknown = this.#parts.clock.upMs() < this.#plansUnknownUntilMs;
    if (newest.kind === 'plans' && isUnknown) return undefined;
    const last = this.#shown.get(newest.kind);
    if (last === undefined) return { showing: newest, isOffer: false };
    const { showing } = last;
    const isOld = newest.upMs - showing.upMs >= SHOW_EVERY;
    if (newest.same !== showing.same || isOld) return { showing: newest, isOffer: false };
    return last.server === this.#voice.server ? undefined : { showing, isOffer: true };
  }

  /** @returns false where the server is to be asked again later */
  async #show(
    { showing, isOffer }: { readonly showing: Showing; readonly isOffer: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock } = this.#parts;
    const { kind, frame, sha256, upMs: seenUpMs } = showing;
    const head = { ...this.#voice.head(), agent: this.#agent };
    const message = {
      ...{ format: 'holdfast-show-0' as const, ...head, wallMs: clock.now() },
      ...{ kind, seenUpMs, sha256, bytes: frame.length },
    };
    const answer = await this.#of.link.show(message, isOffer ? undefined : frame, signal);
    if (answer === undefined) {
      this.#restUntilMs = clock.upMs() + UNKNOWN_REST;
      return false;
    }
    this.#onMark(this.#voice.take(answer.mark));
    if (answer.wants === 'mark') return false;
    if (answer.has) this.#note(showing);
    // With its frame, the next time round.
    else this.#shown.delete(kind);
    return answer.has;
  }

  #note(showing: Showing): void {
    this.#shown.set(showing.kind, { showing, server: this.#voice.server ?? '' });
  }

  #sayHow(refused = ''): void {
    const [why = ''] = [refused, this.#trouble, this.#plansTrouble].filter((each) => each !== '');
    const saw = why === '' ? 'healthy' : 'impaired';
    const text = why === '' ? 'the server is shown what this host is' : why;
    this.#onSeen({ item: ITEM, kind: 'agent', saw, why: text, detail: {} });
  }
}
