/**
 * Who may change a target now: a file with a number that only grows. Whoever holds a lower number
 * has been passed over, and stops. docs/format/guard-journal.md.
 */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { numberAt, objectOf, textAt } from '../core/plan-fields.ts';
import type { ApplyPorts, LeaseHolder } from './apply-request.ts';
import { publishFile, replaceFile } from '../../vault/shell/whole-file.ts';

type LeasePorts = Pick<ApplyPorts, 'disk' | 'clock' | 'tools'>;

export interface LeaseRequest {
  /** `STATE/guard`. */
  readonly stateDir: ByteString;
  /** Absolute. */
  readonly target: ByteString;
  readonly plan: string;
  readonly holder: LeaseHolder;
}

const KEY_DIGITS = 16;
/** Others that take it at the same moment. */
const TRIES_MAX = 10;

export class Lease {
  readonly token: number;
  readonly #ports: LeasePorts;
  readonly #request: LeaseRequest;
  readonly #dir: ByteString;
  readonly #key: string;

  /** @throws Fault HF_PLAN_LEASED while somebody else holds it whose process lives */
  static take(ports: LeasePorts, request: LeaseRequest): Lease {
    const dir = byteString(`${request.stateDir}/leases`);
    const key = hexOf(ports.tools.hash.sha256Text(request.target)).slice(0, KEY_DIGITS);
    ports.disk.makeDir(dir);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const highest = Math.max(0, ...tokensIn(ports, { dir, key }));
      if (highest > 0) demandFree(ports, request, nameOf({ dir, key }, highest));
      const token = highest + 1;
      const file = nameOf({ dir, key }, token);
      if (publishFile(ports, file, textOf(ports, request, false)) === 'exists') continue;
      return new Lease(ports, request, { dir, key, token });
    }
    throw leased(request, 'somebody who takes it at this moment');
  }

  private constructor(
    ports: LeasePorts,
    request: LeaseRequest,
    at: { readonly dir: ByteString; readonly key: string; readonly token: number },
  ) {
    this.#ports = ports;
    this.#request = request;
    this.#dir = at.dir;
    this.#key = at.key;
    this.token = at.token;
    for (const token of tokensIn(ports, at)) {
      if (token < at.token) ports.disk.unlink(nameOf(at, token));
    }
  }

  /** Whether somebody has taken it over: then nothing may be changed any more. */
  isFenced(): boolean {
    const { disk } = this.#ports;
    const at = { dir: this.#dir, key: this.#key };
    if (disk.size(nameOf(at, this.token + 1)) !== undefined) return true;
    return disk.size(nameOf(at, this.token)) === undefined;
  }

  free(): void {
    if (this.isFenced()) return;
    const file = nameOf({ dir: this.#dir, key: this.#key }, this.token);
    replaceFile(this.#ports, file, textOf(this.#ports, this.#request, true));
  }
}

function nameOf(at: { readonly dir: ByteString; readonly key: string }, token: number): ByteString {
  return byteString(`${at.dir}/${at.key}-${token}.json`);
}

function tokensIn(
  { disk }: LeasePorts,
  { dir, key }: { readonly dir: ByteString; readonly key: string },
): number[] {
  return (disk.list(dir) ?? []).flatMap((name) => {
    const match = /^([0-9a-f]{16})-([1-9][0-9]*)\.json$/.exec(name);
    return match?.[1] === key ? [Number(match[2])] : [];
  });
}

/** A file that says nothing is of nobody: it was damaged, and the next number fences it. */
function demandFree(ports: LeasePorts, request: LeaseRequest, file: ByteString): void {
  const said = readLease(ports, file);
  if (said === undefined || said.isFreed) return;
  if (said.holder === request.holder.id || request.holder.isAlive(said.holder)) {
    throw leased(request, `${said.plan}, process ${said.holder.split('/')[1] ?? said.holder}`);
  }
}

function readLease(ports: LeasePorts, file: ByteString) {
  try {
    const raw = objectOf(utf8Of(ports.tools.codec.textOf(ports.disk.read(file))), 'a lease');
    numberAt(raw, 'at');
    const [holder, plan] = [textAt(raw, 'holder'), textAt(raw, 'plan')];
    return { holder, plan, isFreed: raw.freed === true };
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function textOf({ clock, tools }: LeasePorts, of: LeaseRequest, isFreed: boolean): Uint8Array {
  const freed = isFreed ? { freed: true } : {};
  const members = { at: clock.now(), ...freed, holder: of.holder.id, plan: of.plan };
  return tools.codec.bytesOf(bytesOfUtf8(`${JSON.stringify(members)}\n`));
}

function leased({ target }: LeaseRequest, by: string): Fault {
  const path = utf8Of(target);
  return new Fault('HF_PLAN_LEASED', `${path} is being changed by ${by}`, { path, by });
}
