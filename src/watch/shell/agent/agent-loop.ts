/**
 * An agent, from its first look to its end: looks, says, hears, does what its host allows. All that
 * touches the world comes in by ports (agent-ports.ts). docs/design/026-agents.md.
 */
import { durationMs, minutes, seconds } from '../../../base/units.ts';
import { fitDetail, fitLine, fitWhy } from '../../core/agent/fit-record.ts';
import { ItemBoard, type Sight } from '../../core/agent/item-board.ts';
import type { LineRecord } from '../../core/agent/messages.ts';
import type { AgentFacts, AgentParts, SeenItem } from './agent-ports.ts';
import { Discovery } from './discovery.ts';
import { JobDesk } from './job-desk.ts';
import { FilesDesk } from './files-desk.ts';
import { Listener } from './listener.ts';
import { Shower } from './shower.ts';
import { Speaker } from './speaker.ts';
import { Voice } from './voice.ts';
import { Watcher } from './watcher.ts';
import { WordDesk } from './word-desk.ts';

/** How the agent itself is, is said so often. */
const SELF_EVERY = seconds(20);
const SELF_LIMIT_MS = 2 * SELF_EVERY + seconds(40);
/** A saying that takes longer hangs; it never waits so long by itself. */
const STUCK_MS = minutes(10);
/** Items without a probe of their own hold until something else is said of them. */
const EVENT_EVERY_MS = 3_600_000;
const EVENT_LIMIT_MS = 86_400_000;
/** Lines are kept together: one wait for the disk for all of a second. */
const LINES_EVERY = seconds(1);
/** Of one gathering; a kernel that says more says the same. */
const LINES_MAX = 500;

type Line = Omit<LineRecord, 't' | 'n'>;

export class AgentLoop {
  readonly #parts: AgentParts;
  readonly #board = new ItemBoard();
  readonly #voice: Voice;
  readonly #speaker: Speaker;
  readonly #listener: Listener;
  readonly #watcher: Watcher;
  readonly #jobs: JobDesk;
  readonly #words: WordDesk;
  readonly #discovery: Discovery;
  readonly #shower: Shower | undefined;
  readonly #files: FilesDesk | undefined;
  readonly #end = new AbortController();
  #lines: Line[] = [];
  #linesLost = 0;
  /** Words and looks around that came to trouble, and what came of it since. */
  readonly #events = new Map<string, SeenItem>();

  constructor(parts: AgentParts, facts: AgentFacts) {
    this.#parts = parts;
    this.#voice = new Voice(parts, facts);
    this.#speaker = new Speaker(parts, facts, { voice: this.#voice, board: this.#board });
    this.#watcher = new Watcher(parts, (sight) => this.#see(sight));
    const hurry = (): void => this.#speaker.hurry();
    this.#jobs = new JobDesk(parts, facts, { watcher: this.#watcher, hurry });
    this.#words = new WordDesk(parts, {
      ...{ board: this.#board, watcher: this.#watcher, jobs: this.#jobs },
      onSeen: (seen) => this.#seeEvent(seen),
      onFrozen: () => this.#speaker.hurry(),
    });
    this.#discovery = new Discovery(parts, {
      ...{ board: this.#board, watcher: this.#watcher },
      onSeen: (seen) => this.#seeEvent(seen),
    });
    const onLine = (isOther: boolean): void => {
      if (isOther) this.#board.unsayAll();
      this.#speaker.lineIsBack();
    };
    this.#listener = new Listener(parts, this.#voice, {
      onWord: (word) => this.#words.take(word, this.#end.signal),
      onLine,
    });
    this.#files = parts.files && new FilesDesk(parts.files, parts.clock);
    this.#shower =
      parts.shows &&
      new Shower(parts, parts.shows, {
        ...{ agent: facts.agent, voice: this.#voice, onMark: onLine },
        onSeen: (seen) => this.#seeEvent(seen),
      });
  }

  /** Until `signal` is aborted: then jobs are ended, and what they came to is kept. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#end.abort();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const inner = this.#end.signal;
    this.#jobs.sayLost();
    this.#words.resume();
    for (const probe of this.#parts.probes) this.#watcher.watch(probe, inner);
    for (const lines of this.#parts.lines ?? []) lines.start((line) => this.#hearLine(line));
    try {
      await Promise.all([
        this.#speaker.run(inner, () => this.#listener.hurry()),
        this.#listener.run(inner),
        this.#lookAtSelf(inner),
        this.#discovery.run(inner),
        this.#shower?.run(inner),
        this.#files?.run(inner),
        this.#keepLines(inner),
      ]);
    } finally {
      // Where one of them failed by a bug, the others must not go on without it.
      end();
      signal.removeEventListener('abort', end);
      await this.#jobs.stop();
      await this.#words.ended();
    }
  }

  #see(sight: Sight): void {
    const { isChange, keep } = this.#board.put(sight);
    if (keep !== undefined) this.#parts.spool.keep([{ ...keep, boot: this.#parts.clock.boot }]);
    if (isChange) this.#speaker.changed();
  }

  #seeEvent(seen: SeenItem): void {
    if (seen.kind === 'agent') {
      // That a word was done needs no item, which nobody would look at again.
      if (seen.saw === 'healthy' && !this.#events.has(seen.item)) return;
      this.#events.set(seen.item, seen);
    }
    this.#see(this.#sightOf(seen, { everyMs: EVENT_EVERY_MS, limitMs: EVENT_LIMIT_MS }));
  }

  #sightOf(
    { item, kind, saw, why, detail }: SeenItem,
    times: Pick<Sight, 'everyMs' | 'limitMs'>,
  ): Sight {
    const { clock } = this.#parts;
    const upMs = clock.upMs();
    const fitted = { why: fitWhy(why), detail: fitDetail(detail) };
    return { item, kind, saw, upMs, wallMs: clock.now(), ...times, ...fitted };
  }

  async #lookAtSelf(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { count, bytes, inMemory } = this.#parts.spool.state();
      const jobs = this.#jobs.runningCount;
      const why =
        inMemory === undefined
          ? 'the agent runs'
          : `the agent runs, and cannot write: what it keeps is lost when it ends (${inMemory})`;
      const saw = inMemory === undefined ? 'healthy' : 'impaired';
      const detail = { spoolRecords: count, spoolBytes: bytes, jobs };
      const times = { everyMs: SELF_EVERY, limitMs: SELF_LIMIT_MS };
      if (this.#parts.clock.upMs() - this.#speaker.turnedUpMs < STUCK_MS) this.#parts.alive?.();
      this.#see(this.#sightOf({ item: 'agent:self', kind: 'agent', saw, why, detail }, times));
      // It is so until something else comes of it: what is not said again would be unknown.
      for (const event of this.#events.values()) this.#seeEvent(event);
      await this.#parts.clock.wait(SELF_EVERY, signal);
    }
  }

  #hearLine(line: Line): void {
    if (this.#lines.length >= LINES_MAX) this.#linesLost += 1;
    else this.#lines.push({ ...line, text: fitLine(line.text) });
  }

  async #keepLines(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.wait(durationMs(LINES_EVERY), signal);
      this.#keepLinesNow();
    }
    this.#keepLinesNow();
  }

  #keepLinesNow(): void {
    // It may be said after the next boot, whose up-time says nothing of it.
    const { clock } = this.#parts;
    const when = { boot: clock.boot, wallMs: clock.now() };
    const lines = this.#lines.map((line) => ({ t: 'line' as const, ...line, ...when }));
    const count = this.#linesLost;
    this.#lines = [];
    this.#linesLost = 0;
    if (lines.length === 0) return;
    const what = 'lines of the kernel or the journal that came too fast';
    const lost = count === 0 ? [] : [{ t: 'lost' as const, count, what }];
    this.#parts.spool.keep([...lines, ...lost]);
    this.#speaker.hurry();
  }
}
