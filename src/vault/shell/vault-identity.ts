/** Which vault lies in a store, by whatever of it can be read without a key. */
import { Fault } from '../../base/fault.ts';
import { partOf, vaultIn } from '../core/object-proof.ts';
import { inParallel } from './in-parallel.ts';
import type { Store, StoredObject } from './store.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { isAbsence } from './vault-problem.ts';

const HEADERS = ['header', 'copy/header'];
const FOLDERS = ['keys/', 'copy/keys/', 'writers/', 'copy/writers/', 'snapshots/'];
/** Of each folder so many are asked. */
const ASKED_MAX = 64;

/**
 * The id of the vault; undefined where nothing says one. Where one header was put in the place of
 * another, or both are lost, keys, writers and snapshots tell.
 *
 * @throws Fault HF_VAULT_FEATURE_UNKNOWN, and what the store throws
 */
export async function identifyVault(ports: ReadingPorts): Promise<string | undefined> {
  const [first, second] = await said(ports, HEADERS);
  if (first !== undefined && first === second) return first;
  const votes = new Map<string, number>();
  const all = [first, second];
  for (const folder of FOLDERS) {
    const listed = await listOrNothing(ports.store, folder);
    all.push(
      ...(await said(
        ports,
        listed.slice(0, ASKED_MAX).map(({ name }) => name),
      )),
    );
  }
  for (const vault of all) {
    if (vault !== undefined) votes.set(vault, (votes.get(vault) ?? 0) + 1);
  }
  const [most] = [...votes].sort((one, other) => other[1] - one[1]);
  return most?.[0];
}

async function said(
  { store, tools }: ReadingPorts,
  names: readonly string[],
): Promise<(string | undefined)[]> {
  return inParallel(names, async (name) => {
    try {
      return vaultIn(tools, { name, bytes: await store.get(name) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === 'HF_VAULT_FEATURE_UNKNOWN' && partOf(name) === 'header') throw error;
      const isDamage = error.kind === 'corrupt' || error.code === 'HF_DISK_FAILED';
      if (isDamage || isAbsence(error) || error.code === 'HF_VAULT_FEATURE_UNKNOWN')
        return undefined;
      throw error;
    }
  });
}

/** Of a place that is not there yet nothing is listed. */
export async function listOrNothing(
  store: Pick<Store, 'list'>,
  prefix: string,
): Promise<readonly StoredObject[]> {
  try {
    return await store.list(prefix);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
