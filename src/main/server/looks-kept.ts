/** Looks over ssh that this machine kept: hosts without an agent join the estate with them. */
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import type { Evidence } from '../../base/evidence.ts';
import { Fault } from '../../base/fault.ts';
import { MOVES_PREFIX } from '../../watch/core/exposure/moves-by-itself.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { type DatedChange, LookTimeline } from '../../watch/core/look/look-timeline.ts';
import type { ConnectedOfLooks } from '../../watch/core/look/look-connected.ts';
import { bytesOfText } from '../cli/places.ts';
import { withEvidence } from '../estate/see-estate.ts';
import { connectedHere } from '../look/connected-here.ts';
import { keptLooks, type LookStore, newestLook, readLook } from '../look/saved-looks.ts';

/** Of thirty that are kept; each is read whole. */
const COMPARED_MAX = 10;
const CHANGES_MAX = 2000;

function storeIn(state: string): LookStore {
  return { disk: nodeDisk(), tools: nodeTools(), state: bytesOfText(state) };
}

export class LooksKept {
  readonly #state: string | undefined;
  #told: { readonly names: string; readonly changes: readonly DatedChange[] } | undefined;
  readonly #ledger: {
    readonly moves: OfLedger<readonly Evidence[]>;
    readonly opened: OfLedger<Opened>;
  };
  #read: { readonly names: string; readonly looks: readonly HostLook[] } | undefined;

  /** @param state directory of the Holdfast of this machine; undefined: there is none */
  constructor(state: string | undefined) {
    this.#state = state;
    this.#ledger = { moves: new OfLedger(state), opened: new OfLedger(state) };
  }

  /** The newest of each host; read again where there is another file. */
  looks(): readonly HostLook[] {
    if (this.#state === undefined) return [];
    const store = storeIn(this.#state);
    try {
      const names = keptLooks(store)
        .map(({ path }) => path)
        .join('\n');
      if (this.#read?.names === names) return this.#read.looks;
      const { look } = newestLook(store);
      this.#read = { names, looks: look?.looks ?? [] };
      return this.#read.looks;
    } catch (error) {
      // What cannot be read is not seen: those hosts are unknown.
      if (error instanceof Fault) return [];
      throw error;
    }
  }

  /** From look to look of the newest that are kept, newest first; pauses between them. */
  async changes(): Promise<readonly DatedChange[]> {
    if (this.#state === undefined) return [];
    const store = storeIn(this.#state);
    try {
      const kept = keptLooks(store).slice(-COMPARED_MAX);
      const names = kept.map(({ path }) => path).join('\n');
      if (this.#told?.names === names) return this.#told.changes;
      const timeline = new LookTimeline();
      for (const { path } of kept) {
        await setImmediate();
        const look = readLook(store, path);
        // One that cannot be read tells nothing: what it would have shown, the next one does.
        if ('looks' in look) timeline.add(look);
      }
      const changes = timeline.changes().slice(0, CHANGES_MAX);
      this.#told = { names, changes };
      return changes;
    } catch (error) {
      if (error instanceof Fault) return [];
      throw error;
    }
  }

  /** What exercises on this machine have shown; read again where its ledger was written to. */
  async moves(): Promise<readonly Evidence[]> {
    const shown = await this.#ledger.moves.read(() =>
      withEvidence(bytesOfText(this.#state ?? ''), (ledger) => ledger.current(MOVES_PREFIX)),
    );
    return shown ?? [];
  }

  /**
   * What this machine has opened of the team's own backups, and a text that is another where that is: the
   * same is read again only where its ledger was written to.
   */
  async opened(): Promise<Opened> {
    const opened = await this.#ledger.opened.read(async (): Promise<Opened> => {
      const state = { value: bytesOfText(this.#state ?? ''), by: 'the server' };
      const connected = await connectedHere({ state }, []);
      if (connected.repositories.length === 0) return NOTHING_OPENED;
      const { repositories, evidence, drills } = connected;
      return { connected, of: stampText([repositories, [...evidence], drills]) };
    });
    return opened ?? NOTHING_OPENED;
  }
}

interface Opened {
  /** `openedOn` is its name as it calls itself. */
  readonly connected: ConnectedOfLooks | undefined;
  readonly of: string;
}

const NOTHING_OPENED: Opened = { connected: undefined, of: '' };

function stampText(of: unknown): string {
  return JSON.stringify(of, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}

/** What is read of a ledger, until that is written to. */
class OfLedger<T> {
  readonly #state: string | undefined;
  #last: { readonly of: string; readonly read: T } | undefined;

  constructor(state: string | undefined) {
    this.#state = state;
  }

  /** Undefined where there is none, or where it cannot be read: then it has said nothing. */
  async read(read: () => Promise<T>): Promise<T | undefined> {
    if (this.#state === undefined) return undefined;
    const of = [`${this.#state}/state.db`, `${this.#state}/state.db-wal`].map(writtenAt).join(' ');
    if (this.#last?.of === of) return this.#last.read;
    try {
      this.#last = { of, read: await read() };
      return this.#last.read;
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }
}

function writtenAt(file: string): string {
  const seen = fs.statSync(file, { throwIfNoEntry: false });
  return seen === undefined ? 'none' : `${seen.ino} ${seen.size} ${seen.mtimeMs}`;
}
