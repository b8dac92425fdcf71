/** Freeze and claim words, done by the guard's own books of this host. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { readStateFile } from '../../adapters/agent-spool/state-file.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { ClaimStore } from '../../guard/shell/claim-store.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import type { BookPorts } from '../../guard/shell/pipeline-book.ts';
import type { Clock } from '../../host/clock.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import type { ClaimWord, FreezeWord, UnfreezeWord } from '../../watch/core/agent/messages.ts';
import type { Claims, Freezer, SeenItem } from '../../watch/shell/agent/agent-ports.ts';

/** No server passes for a person of this host by the name that it gives. */
const BY_SERVER = ' (by the server)';
const byServer = (by: string): string => `${by}${BY_SERVER}`;

export class SwitchFreezer implements Freezer {
  readonly #ports: BookPorts;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #switch: FreezeSwitch;
  /** Which freeze of the server stands: one of a person here is not the server's to lift. */
  readonly #standing: ByteString;

  constructor(ports: BookPorts, clock: Pick<Clock, 'now'>, agentDir: ByteString) {
    this.#ports = ports;
    this.#clock = clock;
    this.#switch = new FreezeSwitch(ports);
    this.#standing = byteString(`${agentDir}/frozen.json`);
  }

  isFrozen(): boolean {
    try {
      return this.#switch.check(() => momentHere(this.#clock)) !== undefined;
    } catch (error) {
      if (error instanceof Fault) return true; // What cannot be read holds, as for the guard.
      throw error;
    }
  }

  freeze({ id, by, reason, forMs }: FreezeWord): Promise<readonly SeenItem[]> {
    const made = momentHere(this.#clock);
    const standing = this.#switch.check(() => made);
    // A person's own freeze says more than ours: it stays, and nothing changes meanwhile.
    const isOurs = typeof standing === 'object' && standing.by.endsWith(BY_SERVER);
    if (standing !== undefined && !isOurs) return Promise.resolve([]);
    this.#note(id);
    this.#switch.set({ by: byServer(by), reason, made, spanMs: forMs });
    return Promise.resolve([]);
  }

  unfreeze({ id }: UnfreezeWord): Promise<readonly SeenItem[]> {
    if (this.#standingId() !== id) return Promise.resolve([]);
    const standing = this.#switch.check(() => momentHere(this.#clock));
    const isOurs = typeof standing === 'object' && standing.by.endsWith(BY_SERVER);
    if (isOurs) this.#switch.lift();
    this.#ports.disk.unlink(this.#standing);
    return Promise.resolve([]);
  }

  #standingId(): string | undefined {
    const id = readStateFile(this.#ports, this.#standing)?.id;
    return typeof id === 'string' ? id : undefined;
  }

  #note(id: string): void {
    const text = byteString(`${JSON.stringify({ v: 0, id })}\n`);
    replaceFile(this.#ports, this.#standing, this.#ports.tools.codec.bytesOf(text));
  }
}

export class StoredClaims implements Claims {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #store: ClaimStore;

  constructor(ports: BookPorts, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#store = new ClaimStore(ports);
  }

  claim({ by, reason, forMs }: ClaimWord): void {
    const now = momentHere(this.#clock);
    this.#store.add({ by: byServer(by), reason, made: now, spanMs: forMs, on: {} }, now);
  }
}
