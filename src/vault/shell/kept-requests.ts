/**
 * What this machine has asked for, with the private halves: `requests/` in its state of the vault. Used
 * once: a half is removed when what it was for was restored, or nobody grants it any more.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { Keyring } from '../core/keyring.ts';
import { parseRestoreGrant, type RestoreGrant } from '../core/restore-grant.ts';
import {
  encodeKeptRequest,
  encodeRestoreRequest,
  isCurrent,
  isOver,
  type KeptRequest,
  parseKeptRequest,
  parseRestoreRequest,
  type ReadRestoreRequest,
  type RestoreRequestRecord,
} from '../core/restore-request.ts';
import type { Vault } from './open-vault.ts';
import type { ListedSnapshot } from './snapshot-store.ts';
import { publishFile } from './whole-file.ts';

export class KeptRequests {
  readonly #ports: { readonly disk: Disk; readonly tools: Tools };
  readonly #directory: ByteString;

  /** @param state the directory of this vault in the state directory */
  constructor(ports: { readonly disk: Disk; readonly tools: Tools }, state: ByteString) {
    this.#ports = ports;
    this.#directory = byteString(`${state}/requests`);
  }

  /** A new request; its private half is kept, durable, mode 0600. Old ones are removed. */
  make(of: Omit<RestoreRequestRecord, 'publicKey'>): {
    readonly bytes: Uint8Array;
    readonly request: ReadRestoreRequest;
  } {
    const { tools } = this.#ports;
    this.sweep(of.created);
    const { publicKey, privateKey } = tools.cipher.agreementPair();
    const bytes = encodeRestoreRequest(tools, { ...of, publicKey });
    const request = parseRestoreRequest(tools, bytes);
    const kept = encodeKeptRequest(tools, { request: bytes, privateKey });
    publishFile(this.#ports, this.#path(request.fingerprint), kept);
    return { bytes, request };
  }

  /** Undefined where nothing of it is kept, or it is damaged. */
  find(fingerprint: string): KeptRequest | undefined {
    const { disk, tools } = this.#ports;
    const path = this.#path(fingerprint);
    if (disk.size(path) === undefined) return undefined;
    try {
      const kept = parseKeptRequest(tools, disk.read(path));
      return kept.request.fingerprint === fingerprint ? kept : undefined;
    } catch (error) {
      if (error instanceof Fault && error.kind === 'corrupt') return undefined;
      throw error;
    }
  }

  /** Durable when it returns. */
  remove(fingerprint: string): void {
    this.#ports.disk.unlink(this.#path(fingerprint));
    this.#ports.disk.syncDir(this.#directory);
  }

  /** Private halves of requests that are over are removed. */
  sweep(now: UnixMs): void {
    for (const name of this.#ports.disk.list(this.#directory) ?? []) {
      const kept = /^[0-9a-f]{64}$/.test(name) ? this.find(name) : undefined;
      if (kept !== undefined && isOver(kept.request, now)) this.remove(name);
    }
  }

  #path(fingerprint: string): ByteString {
    return byteString(`${this.#directory}/${fingerprint}`);
  }
}

/** A grant with the private half that it is sealed to. */
export interface OpenedGrant extends RestoreGrant {
  readonly privateKey: Uint8Array;
}

/**
 * Halves of requests that are over are removed besides.
 * @param bytes of a file that somebody brought
 * @throws Fault HF_GRANT_CORRUPT, HF_GRANT_UNSIGNED, HF_GRANT_EXPIRED, HF_GRANT_OTHER
 */
export function openGrant(
  { tools, requests }: { readonly tools: Tools; readonly requests: KeptRequests },
  keyring: Pick<Keyring, 'vault' | 'vouchPublic'>,
  { bytes, now }: { readonly bytes: Uint8Array; readonly now: UnixMs },
): OpenedGrant {
  const grant = orCorrupt('grant', () => parseRestoreGrant(tools, bytes, keyring));
  const kept = grant && requests.find(grant.request);
  requests.sweep(now);
  if (grant === undefined) {
    const message = 'nobody with a key for all of this vault has signed this grant';
    throw new Fault('HF_GRANT_UNSIGNED', message);
  }
  const { request } = kept ?? {};
  if (grant.expires <= now || (request !== undefined && !isCurrent(request, now))) {
    throw new Fault('HF_GRANT_EXPIRED', 'this grant or its request is over, or a clock is wrong');
  }
  const isAnswer = request?.snapshot === grant.snapshot && request.path === grant.path;
  if (kept === undefined || !isAnswer) {
    const message = 'this grant answers no request that is kept here';
    throw new Fault('HF_GRANT_OTHER', message);
  }
  return { ...grant, privateKey: kept.privateKey };
}

/** The vault as somebody sees it who has the half of the request and no other key that reads. */
export function vaultByGrant(vault: Vault, { privateKey }: OpenedGrant): Vault {
  const keyring = { ...vault.keyring, namesKey: privateKey, contentKey: privateKey };
  return { ...vault, keyring };
}

/** The same for the snapshot, whose own data key is in the grant. @throws Fault HF_GRANT_CORRUPT */
export function snapshotByGrant(listed: ListedSnapshot, { keys }: OpenedGrant): ListedSnapshot {
  const { record } = listed;
  const sealedKey = keys.find(({ id }) => id === record.sealedKey.id);
  if (sealedKey !== undefined) return { ...listed, record: { ...record, sealedKey } };
  throw new Fault('HF_GRANT_CORRUPT', 'the grant has no data key of its snapshot');
}

/** Files that people carry are no part of the vault: what is wrong with them is said otherwise. */
export function orCorrupt<T>(what: 'grant' | 'request', parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.kind !== 'corrupt') throw cause;
    throw new Fault(
      'HF_GRANT_CORRUPT',
      `this is no whole ${what}: ${cause.message}`,
      {},
      { cause },
    );
  }
}
