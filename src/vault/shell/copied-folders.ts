/** What a copy and a repair have in common: which objects go along, and which packs are missed. */
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { parseIndexTable } from '../core/index-table.ts';
import { partOf, plainName } from '../core/object-proof.ts';
import type { Store } from './store.ts';
import { listOrNothing } from './vault-identity.ts';

/** Folders of what lies twice, in the order in which they are put: then the target is this vault. */
export const TWIN_FOLDERS = ['keys/', 'writers/', 'vouches/'];
export const DOCUMENTS = ['README.txt', 'FORMAT.md', 'MANIFEST.md', 'rescue.mjs', 'rescue.py'];
/** Each is held whole. */
export const PACKS_AT_ONCE = 3;

/** The part of a name behind its folders. */
export function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** Of what lies twice: names without `copy/`, of which at least one is there. */
export async function twinsBelow(
  store: Pick<Store, 'list'>,
  folder: string,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const each of [folder, `copy/${folder}`]) {
    for (const { name } of await listOrNothing(store, each)) names.add(plainName(name));
  }
  return names;
}

/** Packs that indexes name: what an index names and nobody has is missing. */
export class NamedPacks {
  readonly #codec: Tools['codec'];
  readonly #names = new Set<string>();

  constructor({ codec }: Pick<Tools, 'codec'>) {
    this.#codec = codec;
  }

  /** Of what is no index, and of one of a newer form, nothing. */
  add(object: string, bytes: Uint8Array): void {
    if (partOf(object) !== 'index') return;
    try {
      const { packs } = parseIndexTable(bytes, this.#codec.textOf);
      for (const { name } of packs) this.#names.add(`packs/${hexOf(name)}`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  clear(): void {
    this.#names.clear();
  }

  /** @param isThere of `packs/NAME` */
  missing(isThere: (object: string) => boolean): readonly string[] {
    return [...this.#names].filter((object) => !isThere(object));
  }
}
