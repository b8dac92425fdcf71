/** What can be said of an object of a vault from its name and bytes alone, by whoever has no key. */
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { demand } from './corruption.ts';
import { parseVaultHeader } from './header.ts';
import { parseSnapshot } from './snapshot-record.ts';
import { vouchIn } from './vouch-record.ts';
import { parseWrappedKey } from './wrapped-key.ts';
import { parseWriterRecord } from './writer-record.ts';

/** Objects that docs/format/vault.md 1 has; what else lies in a store is none of a vault's. */
export type VaultPart =
  | 'header'
  | 'key'
  | 'writer'
  | 'vouch'
  | 'pack'
  | 'index'
  | 'snapshot'
  | 'document';

/**
 * whole: it is what was written, by its digest; of a key, a writer and a vouch: it may be, and only its twin
 * can tell. damaged: it is not. foreign: it is whole, and of another vault.
 */
export interface ObjectProof {
  readonly state: 'whole' | 'damaged' | 'foreign';
  /** Empty where it is whole. */
  readonly why: string;
}

const COPY = 'copy/';
const FOLDERS: readonly (readonly [string, VaultPart])[] = [
  ['keys/', 'key'],
  ['writers/', 'writer'],
  ['vouches/', 'vouch'],
  ['packs/', 'pack'],
  ['index/', 'index'],
  ['snapshots/', 'snapshot'],
];
const DOCUMENTS = new Set(['README.txt', 'FORMAT.md', 'MANIFEST.md', 'rescue.mjs', 'rescue.py']);
/** Hex digits of the digest in the name of a snapshot. */
const SNAPSHOT_DIGEST_LENGTH = 32;
const WHOLE: ObjectProof = { state: 'whole', why: '' };
const OTHER_NAME = 'it is not what was written under this name';

/** Undefined for a name that this version of the format has not. */
export function partOf(name: string): VaultPart | undefined {
  if (DOCUMENTS.has(name)) return 'document';
  const plain = plainName(name);
  if (plain === 'header') return 'header';
  const part = FOLDERS.find(([folder]) => plain.startsWith(folder))?.[1];
  return plain === name || isTwin(part) ? part : undefined;
}

/** Parts that lie twice. */
export function isTwin(part: VaultPart | undefined): boolean {
  return part === 'header' || part === 'key' || part === 'writer' || part === 'vouch';
}

/** The name without `copy/`. */
export function plainName(name: string): string {
  return name.startsWith(COPY) ? name.slice(COPY.length) : name;
}

/** The two names of what lies twice. */
export function twinNames(name: string): readonly [string, string] {
  const plain = plainName(name);
  return [COPY + plain, plain];
}

/**
 * @param of.vault id of the vault that it is to be of
 * @throws Fault HF_VAULT_FEATURE_UNKNOWN of a header that this reader must not read by
 */
export function proofOf(
  tools: Tools,
  of: { readonly name: string; readonly bytes: Uint8Array; readonly vault: string },
): ObjectProof {
  try {
    const vault = vaultIn(tools, of);
    if (vault === undefined || vault === of.vault) return WHOLE;
    return { state: 'foreign', why: 'it is of another vault' };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'HF_VAULT_FEATURE_UNKNOWN') return newer(of.name, error);
    return { state: 'damaged', why: error.message };
  }
}

/**
 * Which vault an object says it is of; undefined for what says nothing of it.
 * @throws Fault HF_VAULT_CORRUPT where it is not what was written, HF_VAULT_FEATURE_UNKNOWN
 */
export function vaultIn(
  tools: Tools,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
): string | undefined {
  const part = partOf(name);
  const last = name.slice(name.lastIndexOf('/') + 1);
  switch (part) {
    case 'header':
      return parseVaultHeader(tools, bytes).vault;
    case 'key': {
      const { id, vault } = parseWrappedKey(tools, bytes);
      demand(id === last, name, OTHER_NAME);
      return vault;
    }
    case 'writer': {
      const { fingerprint, vault } = parseWriterRecord(tools, bytes);
      demand(fingerprint === last, name, OTHER_NAME);
      return vault;
    }
    case 'vouch': {
      const { vouch, vault } = vouchIn(tools, bytes);
      demand(vouch === `vouches/${last}`, name, OTHER_NAME);
      return vault;
    }
    case 'pack':
    case 'index':
      demand(digestOf(tools, bytes) === last, name, OTHER_NAME);
      return undefined;
    case 'snapshot': {
      const isDigest = digestOf(tools, bytes).startsWith(last.slice(-SNAPSHOT_DIGEST_LENGTH));
      demand(isDigest, name, OTHER_NAME);
      const record = parseSnapshot(tools, bytes);
      demand(record.name === name, name, OTHER_NAME);
      return record.vault;
    }
    default:
      return undefined;
  }
}

function digestOf(tools: Tools, bytes: Uint8Array): string {
  return hexOf(tools.hash.sha256(bytes));
}

/** Written by a newer Holdfast: a snapshot has its digest, and of the others the twin tells. */
function newer(name: string, error: Fault): ObjectProof {
  if (partOf(name) === 'header') throw error;
  return WHOLE;
}
