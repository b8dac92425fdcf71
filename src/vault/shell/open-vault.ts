import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { corrupt } from '../core/corruption.ts';
import {
  HEADER_SIZE_MAX,
  newestHeader,
  parseVaultHeader,
  type VaultHeader,
} from '../core/header.ts';
import type { Keyring } from '../core/keyring.ts';
import { type IdOf, makeIdOf } from '../core/object-id.ts';
import type { Secret } from '../core/wrapped-key.ts';
import type { WriterRecord } from '../core/writer-record.ts';
import { type KeyInfo, openKeyring } from './keyring-store.ts';
import type { Store } from './store.ts';
import { readTwins, type TwinRead } from './twin-objects.ts';
import type { VouchRecord, WriterTrust } from '../core/vouch-record.ts';
import { TRUSTED } from '../core/vouch-record.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { isAbsence, type VaultProblem } from './vault-problem.ts';
import { readVouches } from './vouch-store.ts';
import { type FoundWriters, judgeWriters, readWriters } from './writer-store.ts';

/** A vault to which we hold a key. */
export interface Vault {
  /** 32 hex digits, as is `domain`. */
  readonly id: string;
  readonly domain: string;
  /** Undefined where both copies are lost; the keyring says what is needed. Of two, the newer format. */
  readonly header: VaultHeader | undefined;
  readonly keyring: Keyring;
  /** The key that opened it. */
  readonly key: KeyInfo;
  readonly store: Store;
  readonly tools: Tools;
  readonly idOf: IdOf;
  /** By fingerprint: every writer whose public key is here. */
  readonly writers: ReadonlyMap<string, WriterRecord>;
  /** By fingerprint: those vouched for, as far as they are, or named by the person who opened it. */
  readonly trustedWriters: ReadonlyMap<string, WriterTrust>;
  /** The last word on each writer of which something was said. */
  readonly vouches: ReadonlyMap<string, VouchRecord>;
  /** What was damaged or missing, and did not keep it from opening. */
  readonly problems: readonly VaultProblem[];
}

export interface OpenVault {
  readonly secret: Secret;
  /** Fingerprints of writers that the person trusts. */
  readonly trust?: readonly string[];
  /** What this machine has read before that was said of writers, in this vault. */
  readonly knownVouches?: (keyring: Keyring) => readonly VouchRecord[];
}

/**
 * Opens a vault by whatever of its header and keys is left.
 *
 * @throws Fault HF_VAULT_ABSENT, HF_VAULT_FEATURE_UNKNOWN, HF_KEY_REFUSED, HF_KEY_ABSENT,
 *   HF_VAULT_CORRUPT (header and keyring of different vaults), and what the store throws
 */
export async function openVault(ports: ReadingPorts, options: OpenVault): Promise<Vault> {
  const { store, tools } = ports;
  const headers = await readHeaders(ports);
  const [header] = headers.found;
  // Keys alone are what an interrupted `init` leaves; only with snapshots are they a vault.
  if (header === undefined && !(await hasSnapshots(store))) {
    throw new Fault('HF_VAULT_ABSENT', 'there is no vault, or its headers cannot be read');
  }
  const opened = await openKeyringOf(ports, options.secret, headers.found);
  const { keyring } = opened;
  const own = newestHeader(headers.found, keyring.vault);
  if (own !== undefined && own.domain !== keyring.domain) {
    throw corrupt('header', 'it names another dedup domain than the keyring');
  }
  const known = options.knownVouches?.(keyring) ?? [];
  // At once: a store that is far away answers both in one turn.
  const [said, writers] = await Promise.all([
    readVouches(ports, keyring, known),
    readWriters(ports),
  ]);
  const found = judgeWriters(writers, { tools, keyring }, said.vouches);
  return {
    id: keyring.vault,
    domain: keyring.domain,
    header: own,
    keyring,
    key: opened.key,
    store,
    tools,
    idOf: makeIdOf(tools, keyring.idKey),
    writers: found.writers,
    trustedWriters: trustOf(found, said.vouches, options.trust ?? []),
    vouches: said.vouches,
    problems: [...headers.problems, ...opened.problems, ...said.problems, ...found.problems],
  };
}

function trustOf(
  { trusted }: FoundWriters,
  vouches: ReadonlyMap<string, VouchRecord>,
  named: readonly string[],
): ReadonlyMap<string, WriterTrust> {
  const trust = new Map([...trusted].map((fingerprint) => [fingerprint, TRUSTED]));
  for (const [fingerprint, vouch] of vouches) trust.set(fingerprint, vouch.trust);
  for (const fingerprint of named) trust.set(fingerprint, TRUSTED);
  return trust;
}

const HALF_UPGRADED: VaultProblem = {
  kind: 'damaged',
  object: 'header',
  why: 'it and its copy are of two formats: an upgrade was stopped, and `holdfast vault upgrade` ends it',
};

/** @throws Fault HF_VAULT_FEATURE_UNKNOWN where either requires what this reader does not know */
async function readHeaders({ store, tools }: ReadingPorts): Promise<TwinRead<VaultHeader>> {
  const refusals: Fault[] = [];
  const parse = (bytes: Uint8Array): VaultHeader => {
    try {
      return parseVaultHeader(tools, bytes);
    } catch (error) {
      if (error instanceof Fault && error.kind === 'refused') refusals.push(error);
      throw error;
    }
  };
  const headers = await readTwins({ store, name: 'header', sizeMax: HEADER_SIZE_MAX, parse });
  if (refusals[0] !== undefined) throw refusals[0];
  const [one, other] = headers.found;
  const isHalf = other !== undefined && one?.vault === other.vault && one.format !== other.format;
  return isHalf ? { ...headers, problems: [HALF_UPGRADED] } : headers;
}

async function hasSnapshots(store: Store): Promise<boolean> {
  try {
    return (await store.list('snapshots/')).length > 0;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

async function openKeyringOf(
  ports: ReadingPorts,
  secret: Secret,
  headers: readonly VaultHeader[],
): ReturnType<typeof openKeyring> {
  const [header, other] = headers;
  // Two headers that differ: the keys tell which vault this is.
  const vault = other === undefined ? header?.vault : undefined;
  return openKeyring(ports, { vault, secret });
}
