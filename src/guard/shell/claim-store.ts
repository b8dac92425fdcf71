/** Claims of this host: `guard/claims/ID.json` of the state directory. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Moment } from '../../base/moment.ts';
import type { Claim } from '../core/claims.ts';
import { standingClaims } from '../core/claims.ts';
import { claimText, parseClaim } from '../core/held-things.ts';
import { drawnHex, publishFile } from '../../vault/shell/whole-file.ts';
import type { BookPorts } from './pipeline-book.ts';

const NAME = /^(c-[0-9a-f]{8})\.json$/;

export class ClaimStore {
  readonly #ports: BookPorts;
  readonly #dir: ByteString;

  constructor(ports: BookPorts) {
    this.#ports = ports;
    this.#dir = byteString(`${ports.stateDir}/guard/claims`);
  }

  /** Those that stand, oldest first. @throws Fault HF_CLAIM_UNREADABLE: what it holds is not known */
  list(now: Moment): readonly Claim[] {
    return standingClaims(this.#all(), now).toSorted((a, b) => a.made.at - b.made.at);
  }

  /** Durable when it returns; those that have ended are let go of. */
  add(claim: Omit<Claim, 'id'>, now: Moment): Claim {
    this.#letGo(now);
    const made: Claim = { id: `c-${drawnHex(this.#ports, 8)}`, ...claim };
    const { codec } = this.#ports.tools;
    publishFile(this.#ports, this.#pathOf(made.id), codec.bytesOf(claimText(codec, made)));
    return made;
  }

  /** @returns the claim that stood; undefined where there is none of that name */
  end(id: string): Claim | undefined {
    const claim = this.#all().find((each) => each.id === id);
    if (claim === undefined) return undefined;
    this.#remove(id);
    return claim;
  }

  #all(): readonly Claim[] {
    const names = this.#ports.disk.list(this.#dir) ?? [];
    return names.flatMap((name) => {
      const id = NAME.exec(name)?.[1];
      return id === undefined ? [] : this.#read(id);
    });
  }

  #read(id: string): readonly Claim[] {
    const { disk, tools } = this.#ports;
    const path = this.#pathOf(id);
    if (disk.size(path) === undefined) return []; // Ended by another process since it was listed.
    const claim = parseClaim(tools.codec, tools.codec.textOf(disk.read(path)));
    if (claim !== undefined) return [claim];
    throw new Fault('HF_CLAIM_UNREADABLE', `the claim ${id} cannot be read`, { path });
  }

  #letGo(now: Moment): void {
    const all = this.#all();
    const standing = new Set(standingClaims(all, now).map(({ id }) => id));
    for (const { id } of all) if (!standing.has(id)) this.#remove(id);
  }

  #remove(id: string): void {
    this.#ports.disk.unlink(this.#pathOf(id));
    this.#ports.disk.syncDir(this.#dir);
  }

  #pathOf(id: string): ByteString {
    return byteString(`${this.#dir}/${id}.json`);
  }
}
