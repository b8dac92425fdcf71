/** What a peer keeps beside the vaults of others: tokens by their digest, and quotas. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { sayText } from '../../base/say-name.ts';
import type { UnixMs } from '../../base/units.ts';
import { JsonFields } from '../../vault/core/json-fields.ts';
import { isVaultName, OBJECTS_DEFAULT, type PeerQuota } from '../../vault/core/peer-message.ts';
import {
  publishFile,
  readFileIfThere,
  replaceFile,
  type WholeFilePorts,
} from '../../vault/shell/whole-file.ts';
import type { Disk } from '../../host/disk.ts';

export interface PeerToken {
  readonly id: string;
  readonly host: string;
  readonly madeAt: UnixMs;
}

interface KeptToken extends PeerToken {
  readonly sha256: string;
}

type Ports = Omit<WholeFilePorts, 'disk'> & { readonly disk: Disk };

const TOKEN = /^([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const TOKEN_ID = /^[0-9a-f]{16}$/;

export class PeerHome {
  readonly #ports: Ports;
  readonly #root: ByteString;

  /** @param root absolute */
  constructor(ports: Ports, root: ByteString) {
    this.#ports = ports;
    this.#root = root;
  }

  /** Of the key, the lock and what is noted; it is made where it is not there. */
  get directory(): ByteString {
    const path = byteString(`${this.#root}/peer`);
    this.#ports.disk.makeDir(path);
    return path;
  }

  vaultRoot(host: string): ByteString {
    return byteString(`${this.#root}/vaults/${host}`);
  }

  /** Its text is nowhere kept. Makes the vault's directory. @throws Fault HF_PEER_HOST, HF_DISK_* */
  makeToken(host: string, now: UnixMs): { readonly id: string; readonly text: string } {
    checkHost(host);
    this.#ports.disk.makeDir(this.vaultRoot(host));
    const id = randomBytes(8).toString('hex');
    const text = `${id}_${randomBytes(32).toString('base64url')}`;
    const json = { v: 0, id, host, sha256: digestOf(text), made: isoTimeOf(now) };
    publishFile(this.#ports, this.#tokenPath(id), lineOf(json));
    return { id, text };
  }

  /** @returns undefined where nobody made it, or it was revoked */
  find(text: string): PeerToken | undefined {
    const id = TOKEN.exec(text)?.[1];
    const kept = id === undefined ? undefined : this.#token(id);
    if (kept === undefined) return undefined;
    const isSame = timingSafeEqual(Buffer.from(digestOf(text)), Buffer.from(kept.sha256));
    return isSame ? kept : undefined;
  }

  /** By host, then by age. */
  tokens(): readonly PeerToken[] {
    const names = this.#ports.disk.list(byteString(`${this.#root}/peer/tokens`)) ?? [];
    return names
      .flatMap((id) => (TOKEN_ID.test(id) ? (this.#token(id) ?? []) : []))
      .sort((a, b) => (a.host === b.host ? a.madeAt - b.madeAt : a.host < b.host ? -1 : 1));
  }

  /** @returns which were there @throws Fault HF_PEER_HOST where none is called so */
  revoke(named: string): readonly PeerToken[] {
    const found = this.tokens().filter(({ id, host }) => id === named || host === named);
    if (found.length === 0) {
      const instead = '`holdfast vault serve tokens` shows those that there are.';
      throw new Fault('HF_PEER_HOST', `no token is called ${sayText(named)}`, { instead });
    }
    for (const { id } of found) this.#ports.disk.unlink(this.#tokenPath(id));
    this.#ports.disk.syncDir(byteString(`${this.#root}/peer/tokens`));
    return found;
  }

  quotaOf(host: string): PeerQuota {
    const bytes = readFileIfThere(this.#ports, this.#hostPath(host));
    if (bytes === undefined) return { bytes: undefined, objects: OBJECTS_DEFAULT };
    const fields = this.#fields(`the quota of ${host}`, bytes);
    const count = (name: string): number =>
      fields.integer(name, { min: 0, max: Number.MAX_SAFE_INTEGER });
    return {
      bytes: fields.has('bytes') ? count('bytes') : undefined,
      objects: count('objects'),
    };
  }

  setQuota(host: string, { bytes, objects }: PeerQuota): void {
    checkHost(host);
    const json = { v: 0, host, objects, ...(bytes === undefined ? {} : { bytes }) };
    replaceFile(this.#ports, this.#hostPath(host), lineOf(json));
  }

  /** By which port it is reached: for lines that are made while it runs, and after. */
  notePort(port: number): void {
    replaceFile(this.#ports, this.#portPath(), Buffer.from(`${port}\n`, 'latin1'));
  }

  /** @returns undefined where it never ran */
  notedPort(): number | undefined {
    const bytes = readFileIfThere(this.#ports, this.#portPath());
    const port = Number(
      Buffer.from(bytes ?? [])
        .toString('latin1')
        .trim(),
    );
    return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : undefined;
  }

  /** One that cannot be read lets nobody in. */
  #token(id: string): KeptToken | undefined {
    const bytes = readFileIfThere(this.#ports, this.#tokenPath(id));
    if (bytes === undefined) return undefined;
    try {
      const fields = this.#fields('a token', bytes);
      const host = fields.text('host');
      if (!isVaultName(host) || !fields.is('id', id)) return undefined;
      return { id, host, madeAt: fields.time('made'), sha256: fields.hex('sha256', 64) };
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #fields(what: string, bytes: Uint8Array): JsonFields {
    return JsonFields.parse(what, this.#ports.tools.codec.textOf(bytes));
  }

  #tokenPath(id: string): ByteString {
    return byteString(`${this.#root}/peer/tokens/${id}`);
  }

  #portPath(): ByteString {
    return byteString(`${this.#root}/peer/port`);
  }

  #hostPath(host: string): ByteString {
    return byteString(`${this.#root}/peer/hosts/${host}`);
  }
}

/** @throws Fault HF_PEER_HOST */
function checkHost(host: string): void {
  if (isVaultName(host)) return;
  const instead = 'Call it by up to 63 of a-z, 0-9, `.` and `-`: web1, or db1.example.org.';
  throw new Fault('HF_PEER_HOST', `no host can be called ${sayText(host)} here`, { instead });
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function lineOf(json: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(json)}\n`, 'utf8');
}
