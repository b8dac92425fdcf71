/**
 * Claims of this host: `guard/claims/ID.json` of the state directory; and what its server claimed by an
 * agent without rights, which lies in `agent/guard/claims` and counts as well.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Moment } from '../../base/moment.ts';
import type { Claim } from '../core/claims.ts';
import { standingClaims } from '../core/claims.ts';
import { claimText, parseClaim } from '../core/held-things.ts';
import { drawnHex, publishFile } from '../../vault/shell/whole-file.ts';
import { agentsGuard, readOfAgent } from './of-agent.ts';
import type { BookPorts } from './pipeline-book.ts';

const NAME = /^(c-[0-9a-f]{8})\.json$/;
/** More by one agent are not read: nothing is applied until a person has looked. */
const OF_AGENT_MAX = 256;

export class ClaimStore {
  readonly #ports: BookPorts;
  readonly #dir: ByteString;
  readonly #ofAgent: ByteString;

  constructor(ports: BookPorts) {
    this.#ports = ports;
    this.#dir = byteString(`${ports.stateDir}/guard/claims`);
    this.#ofAgent = byteString(`${agentsGuard(ports.stateDir)}/claims`);
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
    publishFile(this.#ports, pathOf(this.#dir, made.id), codec.bytesOf(claimText(codec, made)));
    return made;
  }

  /** @returns the claim that stood; undefined where there is none of that name */
  end(id: string): Claim | undefined {
    for (const dir of [this.#dir, this.#ofAgent]) {
      const claim = this.#in(dir).find((each) => each.id === id);
      if (claim === undefined) continue;
      this.#remove(dir, id);
      return claim;
    }
    return undefined;
  }

  #all(): readonly Claim[] {
    return [...this.#in(this.#dir), ...this.#in(this.#ofAgent)];
  }

  #in(dir: ByteString): readonly Claim[] {
    const ids = (this.#ports.disk.list(dir) ?? []).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    if (dir === this.#ofAgent && ids.length > OF_AGENT_MAX) {
      throw new Fault('HF_CLAIM_UNREADABLE', `${ids.length} claims lie there, too many to read`, {
        path: dir,
      });
    }
    return ids.flatMap((id) => this.#read(dir, id));
  }

  #read(dir: ByteString, id: string): readonly Claim[] {
    const path = pathOf(dir, id);
    const text = readOfAgent(this.#ports, path);
    if (text === undefined) return []; // Ended by another process since it was listed.
    const claim = parseClaim(this.#ports.tools.codec, text);
    if (claim !== undefined && claim.id === id) return [claim];
    throw new Fault('HF_CLAIM_UNREADABLE', `the claim ${id} cannot be read`, { path });
  }

  /** Of its own: what an agent claimed, it lets go of itself. */
  #letGo(now: Moment): void {
    const all = this.#in(this.#dir);
    const standing = new Set(standingClaims(all, now).map(({ id }) => id));
    for (const { id } of all) if (!standing.has(id)) this.#remove(this.#dir, id);
  }

  #remove(dir: ByteString, id: string): void {
    this.#ports.disk.unlink(pathOf(dir, id));
    this.#ports.disk.syncDir(dir);
  }
}

function pathOf(dir: ByteString, id: string): ByteString {
  return byteString(`${dir}/${id}.json`);
}
