/** What `guard run` says, and when: on stderr, since stdout is the child's. */
import type { Style } from '../../../base/say.ts';
import { sayMessage } from '../../../base/say-name.ts';
import type { Verdict } from '../../../base/plan.ts';
import { mayGoForGood } from '../../../guard/core/release.ts';
import type { MadePlan } from './make-plan.ts';
import {
  allowedLines,
  type Done,
  doneLines,
  heldLines,
  observedLines,
  readFirstLines,
  refusedLines,
  remoteLines,
  unclearLines,
  verdictLines,
} from './run-words.ts';
import type { Asked, Guarded, Unclear } from './wrapped.ts';

export interface VoicePlace {
  readonly err: (text: string) => void;
  readonly style: Style;
  /** Somebody watches, or asked for it: what went well is said too. Cron mails whatever is printed. */
  readonly saysWell: boolean;
  /** Of the messages of another program. */
  readonly raw: (text: string) => void;
  readonly isObserved: boolean;
  /** Root passed over the rules: that is never silent. */
  readonly isGlassBroken: boolean;
}

export class RunVoice {
  readonly #place: VoicePlace;

  constructor(place: VoicePlace) {
    this.#place = place;
  }

  /** For who speaks in our place. */
  get manner(): Pick<VoicePlace, 'style' | 'saysWell'> {
    const { style, saysWell } = this.#place;
    // Colours of another machine would be taken for something to be escaped.
    return { style: { ...style, color: false }, saysWell };
  }

  /** Of another Holdfast, whose words are made for this terminal. */
  passOn(text: string): void {
    this.#place.err(text.split('\n').map(sayMessage).join('\n'));
  }

  /** What another program said, for what it is worth. */
  note(text: string): void {
    this.#say([sayMessage(text.trim().split('\n').at(-1) ?? '')]);
  }

  unguarded(notes: readonly string[]): void {
    if (notes.length === 0) return;
    this.#say([`Not understood, and run as nothing can be deleted by it: ${notes.join(' ')}`]);
  }

  unclear(wrapped: Unclear): void {
    this.#say(unclearLines(this.#place.style, wrapped));
  }

  /** The dry run ended as the run would have. */
  ended(command: Guarded, asked: Asked): void {
    if (asked.said !== '') this.#place.raw(`${asked.said.trimEnd()}\n`);
    if (command.cause === 'explicit') return;
    this.#say([`Nothing was run: the dry run of ${command.name} ended with ${asked.code}.`]);
  }

  judged(command: Guarded, made: MadePlan, verdict: Verdict): void {
    const { style, isObserved, isGlassBroken, raw } = this.#place;
    const saysWell = this.#place.saysWell || isGlassBroken;
    if (command.cause === 'explicit' && made.asked.said !== '') raw(`${made.asked.said}\n`);
    const isWell = verdict.decision === 'allow';
    const isToBeRead = isGlassBroken || mayGoForGood(verdict);
    if (!isWell || saysWell) this.#say(readFirstLines(style, command, made));
    if (isWell && isToBeRead) this.#say(verdictLines(style, { command, made, verdict }));
    else if (isWell && saysWell && made.made.ops.length > 0) this.#say(allowedLines(style, made));
    if (!isWell && isObserved) {
      this.#say(observedLines(style, { command, made, verdict }));
    }
  }

  done(command: Guarded, made: MadePlan, done: Done): void {
    const isWell = done.report.outcome === 'applied' && command.endedWell(done.code);
    const { saysWell, isGlassBroken } = this.#place;
    if (isWell && !saysWell && !isGlassBroken && done.report.forGoodEntries === 0) return;
    this.#say(doneLines(this.#place.style, { command, made, done }));
  }

  held(command: Guarded, made: MadePlan, held: Done & { readonly verdict: Verdict }): void {
    const { verdict, code } = held;
    this.#say(heldLines(this.#place.style, { command, made, verdict, code }));
  }

  refused(command: Guarded, made: MadePlan, verdict: Verdict): void {
    this.#say(refusedLines(this.#place.style, { command, made, verdict }));
  }

  remoteHeld(
    command: Guarded,
    what: { readonly deletes: number; readonly changes: number; readonly isRun: boolean },
  ): void {
    this.#say(remoteLines(this.#place.style, command, what));
  }

  #say(lines: readonly string[]): void {
    if (lines.length > 0) this.#place.err(`${lines.join('\n')}\n`);
  }
}
