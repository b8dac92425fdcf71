import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { encodeVaultHeader, VAULT_FORMAT } from '../core/header.ts';
import { type Keyring, makeKeyring } from '../core/keyring.ts';
import type { ScryptCost, Secret } from '../core/wrapped-key.ts';
import { addKey, type KeyInfo } from './keyring-store.ts';
import type { Store } from './store.ts';
import { COPY } from './twin-objects.ts';
import type { VaultPorts } from './vault-ports.ts';
import { isAbsence } from './vault-problem.ts';
import { enrolWriter, makeWriter, type WriterState } from './writer-store.ts';

export interface CreateVault {
  /** At least one. */
  readonly secrets: readonly NewSecret[];
  /**
   * Takes the first writer into the state of this machine, durably, before it is vouched for: a
   * writer that is vouched for and lost helps nobody.
   */
  readonly keepWriter: (vault: string, writer: WriterState) => void;
  /** What lies in the vault for people: name in the vault and content. */
  readonly documents: VaultDocuments;
}

export interface NewSecret {
  readonly secret: Secret;
  readonly label: string;
  /** Of passphrases; tests take less. */
  readonly cost?: ScryptCost;
}

export interface VaultDocuments {
  readonly 'README.txt': Uint8Array;
  readonly 'FORMAT.md': Uint8Array;
  readonly 'MANIFEST.md': Uint8Array;
  readonly 'rescue.mjs': Uint8Array;
  readonly 'rescue.py': Uint8Array;
}

export interface CreatedVault {
  readonly keyring: Keyring;
  readonly keys: readonly KeyInfo[];
  readonly writerFingerprint: string;
}

/**
 * Makes a vault in an empty store. A crash leaves no vault, and it can be run again, or a whole
 * one: the two headers are written last, and either of them makes what lies there a vault.
 *
 * @throws Fault HF_VAULT_EXISTS, and what the store throws
 * Durable when it resolves.
 */
export async function createVault(ports: VaultPorts, options: CreateVault): Promise<CreatedVault> {
  const { store, tools } = ports;
  assert(options.secrets.length > 0, 'a vault without a key is lost');
  for (const name of [COPY + HEADER, HEADER]) {
    if (await isThere(store, name)) throw exists();
  }
  const keyring = makeKeyring(tools);
  const keys: KeyInfo[] = [];
  for (const each of options.secrets) keys.push(await addKey(ports, { keyring, ...each }));
  const writer = makeWriter(tools);
  options.keepWriter(keyring.vault, writer);
  const { fingerprint } = await enrolWriter(ports, keyring, writer);
  for (const [name, bytes] of Object.entries(options.documents)) {
    await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  }
  const header = encodeVaultHeader(tools, {
    format: VAULT_FORMAT,
    vault: keyring.vault,
    domain: keyring.domain,
    created: ports.clock.now(),
    required: [],
    optional: [],
    others: {},
  });
  const sha256 = tools.hash.sha256(header);
  for (const name of [COPY + HEADER, HEADER]) {
    const result = await store.putIfAbsent(name, header, sha256);
    // Two at once: one of them stores the copy, and the other has made nothing that is a vault.
    // A store that tries again after a lost answer may find our own.
    const isOurs = result === 'stored' || tools.hash.sha256(await store.get(name)) === sha256;
    if (!isOurs) throw exists();
  }
  return { keyring, keys, writerFingerprint: fingerprint };
}

const HEADER = 'header';

function exists(): Fault {
  return new Fault('HF_VAULT_EXISTS', 'there is a vault already');
}

async function isThere(store: Store, name: string): Promise<boolean> {
  try {
    await store.get(name);
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
