/** What a word of the server does on this host. Each does nothing when it is heard again. */
import { durationMs } from '../../../base/units.ts';
import type { ItemBoard } from '../../core/agent/item-board.ts';
import type {
  ClaimWord,
  FreezeWord,
  PeersWord,
  UnfreezeWord,
  Word,
} from '../../core/agent/messages.ts';
import type { AgentParts, SeenItem } from './agent-ports.ts';
import type { JobDesk } from './job-desk.ts';
import type { Watcher } from './watcher.ts';

interface Desks {
  readonly board: ItemBoard;
  readonly watcher: Watcher;
  readonly jobs: JobDesk;
  readonly onSeen: (seen: SeenItem) => void;
  /** The host is frozen now, or no more: the server shows so when it is told. */
  readonly onFrozen: () => void;
}

/** A server may not hold changes longer than this with one word. */
const HELD_MAX_MS = 30 * 86_400_000;
/** Each stops or starts services; a server that has more to say of it is not followed. */
const FREEZING_MAX = 16;
/** A list of peers counts so long at least: no server makes a host knock at door after door. */
const PEERS_EVERY_MS = 30_000;

export class WordDesk {
  readonly #parts: AgentParts;
  readonly #desks: Desks;
  /** By item, with where each is. */
  readonly #peers = new Map<string, string>();
  #peersUpMs = -PEERS_EVERY_MS;
  #nextPeers: PeersWord | undefined;
  /** Freezing and unfreezing, one after the other; hearing goes on meanwhile. */
  #freezing: Promise<void> = Promise.resolve();
  #freezingCount = 0;

  constructor(parts: AgentParts, desks: Desks) {
    this.#parts = parts;
    this.#desks = desks;
  }

  take(word: Word, signal: AbortSignal): void {
    switch (word.word) {
      case 'job':
        this.#desks.jobs.take(word);
        return;
      case 'cancel':
        this.#desks.jobs.cancel(word.job);
        return;
      case 'freeze':
      case 'unfreeze':
        this.#freezeInTurn(word);
        return;
      case 'claim':
        this.#claim(word);
        return;
      case 'peers':
        this.#peersInTime(word, signal);
        return;
    }
  }

  /** An agent that was killed while it froze its host has the switch, and not all that is to stop. */
  resume(): void {
    this.#freezing = this.#freezing.then(async () => {
      const { heard, freezer } = this.#parts;
      try {
        const id = freezer.standing();
        if (id === undefined || heard.has(`freeze-${id}`) || heard.has(`unfreeze-${id}`)) return;
        const seen = await freezer.resume();
        heard.hear(`freeze-${id}`);
        for (const each of seen) this.#desks.onSeen(each);
        this.#desks.onFrozen();
      } catch (error) {
        const why = `a freeze could not be gone on with: ${sentenceOf(error)}`;
        this.#desks.onSeen(ownItem('freeze', 'broken', why));
      }
    });
  }

  async ended(): Promise<void> {
    await this.#freezing;
  }

  #freezeInTurn(word: FreezeWord | UnfreezeWord): void {
    if (this.#freezingCount >= FREEZING_MAX) {
      const why = `${word.word} was not done: ${FREEZING_MAX} such words wait here already`;
      this.#desks.onSeen(ownItem(word.word, 'broken', why));
      return;
    }
    this.#freezingCount += 1;
    this.#freezing = this.#freezing
      .then(() => this.#freezeOrNot(word))
      .finally(() => (this.#freezingCount -= 1));
  }

  /** At once, or when the list before it has counted long enough; of several the last. */
  #peersInTime(word: PeersWord, signal: AbortSignal): void {
    const { clock } = this.#parts;
    const isWaiting = this.#nextPeers !== undefined;
    this.#nextPeers = word;
    if (isWaiting) return;
    const restMs = this.#peersUpMs + PEERS_EVERY_MS - clock.upMs();
    const take = (): void => {
      const next = this.#nextPeers;
      this.#nextPeers = undefined;
      if (next === undefined || signal.aborted) return;
      this.#peersUpMs = clock.upMs();
      this.#reachFor(next, signal);
    };
    if (restMs <= 0) take();
    else void clock.wait(durationMs(restMs), signal).then(take);
  }

  async #freezeOrNot(word: FreezeWord | UnfreezeWord): Promise<void> {
    const { heard, freezer } = this.#parts;
    const id = `${word.word}-${word.id}`;
    // One that was lifted is not begun, in whatever order they are heard.
    if (heard.has(id) || heard.has(`unfreeze-${word.id}`)) return;
    try {
      const seen =
        word.word === 'freeze'
          ? await freezer.freeze({ ...word, forMs: Math.min(word.forMs, HELD_MAX_MS) })
          : await freezer.unfreeze(word);
      // After it is done: killed before, it is done when it is heard again.
      heard.hear(id);
      for (const each of seen) this.#desks.onSeen(each);
      this.#desks.onFrozen();
      this.#desks.onSeen(ownItem(word.word, 'healthy', `${word.word} ${word.id} is done`));
    } catch (error) {
      const why = `${word.word} could not be done: ${sentenceOf(error)}`;
      this.#desks.onSeen(ownItem(word.word, 'broken', why));
    }
  }

  #claim(word: ClaimWord): void {
    const { heard, claims } = this.#parts;
    const id = `claim-${word.id}`;
    if (heard.has(id)) return;
    try {
      claims.claim({ ...word, forMs: Math.min(word.forMs, HELD_MAX_MS) });
      heard.hear(id);
      this.#desks.onSeen(ownItem('claim', 'healthy', `claim ${word.id} is kept`));
    } catch (error) {
      const why = `a claim could not be kept: ${sentenceOf(error)}`;
      this.#desks.onSeen(ownItem('claim', 'broken', why));
    }
  }

  #reachFor({ peers }: PeersWord, signal: AbortSignal): void {
    const { reachFor, spool } = this.#parts;
    if (reachFor === undefined) return;
    const { watcher, board } = this.#desks;
    const wanted = new Map(peers.map((peer) => [reachFor(peer), `${peer.address} ${peer.port}`]));
    const items = new Set([...wanted.keys()].map(({ item }) => item));
    const gone = [...this.#peers.keys()].filter((item) => !items.has(item));
    for (const item of gone) {
      watcher.drop(item);
      this.#peers.delete(item);
      board.remove(item);
    }
    const why = 'it is no peer of this host any more';
    spool.keep(gone.map((item) => ({ t: 'gone', item, why })));
    for (const [probe, place] of wanted) {
      if (this.#peers.get(probe.item) === place) continue;
      // Where its address changed it is another probe under the same name.
      watcher.drop(probe.item);
      watcher.watch(probe, signal);
      this.#peers.set(probe.item, place);
    }
  }
}

function ownItem(name: string, saw: SeenItem['saw'], why: string): SeenItem {
  return { item: `agent:${name}`, kind: 'agent', saw, why, detail: {} };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
