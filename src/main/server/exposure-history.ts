/**
 * Looks at the exposure now and then, and keeps what it said for timelines: docs/format/history.md.
 * What says something new is written at once, the rest when its hour is over.
 */
import { type UnixMs, unixMs } from '../../base/units.ts';
import {
  HISTORY_LOOK_MS,
  type HistoryStep,
  stepBegin,
  type StoredSpan,
} from '../../watch/core/history/history-line.ts';
import { looksAt } from '../../watch/core/history/history-looks.ts';
import { withinShares } from '../../watch/core/history/history-share.ts';
import {
  type HistorySpan,
  type HistorySubject,
  kindOfLook,
  together,
} from '../../watch/core/history/history-span.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import type { HistoryChange, HistoryStore } from '../../watch/shell/server/history-store.ts';
import type { MadeExposure } from './exposing.ts';

export interface HistoryParts {
  /** @throws Fault HF_SERVER_STATE */
  readonly exposure: () => Promise<Pick<MadeExposure, 'seen' | 'exposed'>>;
  /** @throws Fault HF_SERVER_STATE, HF_API_BUSY */
  readonly commit: (changes: readonly HistoryChange[]) => Promise<void>;
  readonly store: HistoryStore;
  readonly now: () => ServerNow;
}

/** Agents show again what they showed before, and only then is it known how it is. */
const FIRST_AFTER_MS = 60_000;
/** In one commit: agents are answered in between. */
const TOGETHER = 500;
/** While nothing can be written; what is older goes. */
const WAITING_MAX = 100_000;

export class ExposureHistory {
  readonly #parts: HistoryParts;
  readonly #waiting = new Map<string, HistoryChange>();
  /** What the last look that was written said of each. */
  readonly #said = new Map<string, string>();
  #nextAtMs: number;
  #isWriting = false;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
    this.#nextAtMs = parts.now().atMs + FIRST_AFTER_MS;
  }

  /** @throws Fault HF_SERVER_STATE, HF_API_BUSY: what was not written is written later */
  async beat(): Promise<void> {
    const { atMs } = this.#parts.now();
    if (atMs < this.#nextAtMs) return;
    this.#nextAtMs = atMs + HISTORY_LOOK_MS;
    const { seen, exposed } = await this.#parts.exposure();
    const hour = stepBegin(exposed.at, 'hour');
    const due = new Set<string>();
    const subjects = new Set<string>();
    const looks = looksAt(exposed.view, seen.estate, exposed.at);
    for (const { of, span } of withinShares(looks, (each) => this.#said.has(textOf(each)))) {
      const subject = textOf(of);
      subjects.add(subject);
      const key = `${hour} ${subject}`;
      this.#add(key, { do: 'history', of, hour, span });
      const said = kindOfLook(span);
      if (this.#said.get(subject) === said) continue;
      this.#said.set(subject, said);
      due.add(key);
    }
    // Hosts give the names: of those that are gone nothing is held.
    for (const subject of this.#said.keys()) if (!subjects.has(subject)) this.#said.delete(subject);
    for (const [key, change] of this.#waiting) if (change.hour !== hour) due.add(key);
    await this.#write([...due]);
  }

  /** All that waits: nothing follows. @throws as `beat` */
  async close(): Promise<void> {
    await this.#write([...this.#waiting.keys()]);
  }

  /** What is kept, and what waits. @throws Fault HF_SERVER_STATE */
  async read(of: {
    readonly of: HistorySubject;
    readonly step: HistoryStep;
    readonly countMax: number;
  }): Promise<readonly StoredSpan[]> {
    const { store, now } = this.#parts;
    // What is being written would be counted twice.
    const waiting = this.#isWriting ? [] : [...this.#waiting.values()];
    const kept = await store.history({ ...of, now: unixMs(now().wallMs) });
    const spans = new Map<UnixMs, HistorySpan>(kept.map(({ at, span }) => [at, span]));
    for (const { of: subject, hour, span } of waiting) {
      if (subject.kind !== of.of.kind || subject.name !== of.of.name) continue;
      const at = stepBegin(hour, of.step);
      const before = spans.get(at);
      spans.set(at, before === undefined ? span : together(before, span));
    }
    return [...spans].map(([at, span]) => ({ at, span })).sort((a, b) => a.at - b.at);
  }

  #add(key: string, change: HistoryChange): void {
    const before = this.#waiting.get(key);
    const span = before === undefined ? change.span : together(before.span, change.span);
    this.#waiting.set(key, { ...change, span });
    if (this.#waiting.size <= WAITING_MAX) return;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  async #write(keys: readonly string[]): Promise<void> {
    this.#isWriting = true;
    try {
      for (let at = 0; at < keys.length; at += TOGETHER) {
        const some = keys.slice(at, at + TOGETHER);
        const changes = some.flatMap((key) => this.#waiting.get(key) ?? []);
        if (changes.length > 0) await this.#parts.commit(changes);
        for (const key of some) this.#waiting.delete(key);
      }
    } finally {
      this.#isWriting = false;
    }
  }
}

function textOf({ kind, name }: HistorySubject): string {
  return `${kind} ${name}`;
}
