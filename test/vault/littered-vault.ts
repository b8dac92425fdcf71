import { hexOf } from '../../src/base/bytes.ts';
import type { IndexedPack } from '../../src/vault/core/index-builder.ts';
import { CONTENT, NAMES } from '../../src/vault/core/object-id.ts';
import type { CollectorPorts } from '../../src/vault/shell/collect.ts';
import { NamesBook } from '../../src/vault/shell/names-book.ts';
import type { Vault } from '../../src/vault/shell/open-vault.ts';
import type { OpenStore } from './open-store.ts';
import {
  clock,
  contentOf,
  type SmallVault,
  smallVault,
  tools,
  writeIndex,
  writePack,
  writeSnapshot,
} from './small-vault.ts';

export interface LitteredVault extends SmallVault {
  /** What the snapshot reaches: a page, and two objects of content. */
  readonly page: Uint8Array;
  readonly content: readonly [Uint8Array, Uint8Array];
  readonly livePacks: readonly IndexedPack[];
  /** A page and content that nothing reaches. */
  readonly deadPacks: readonly IndexedPack[];
  readonly index: string;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.repeat(20)));

/** One snapshot that reaches two packs, beside two packs that nothing reaches. */
export async function litteredVault(): Promise<LitteredVault> {
  const small = await smallVault();
  const { vault } = small;
  const content = [bytes('one'), bytes('two')] as const;
  const page = bytes('page');
  const ids = content.map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
  const livePacks = [
    await writePack(vault, CONTENT, content),
    await writePack(vault, NAMES, [page], ids),
  ];
  const deadPacks = [
    await writePack(vault, CONTENT, [bytes('old')]),
    await writePack(vault, NAMES, [bytes('old page')]),
  ];
  const index = await writeIndex(vault, [...livePacks, ...deadPacks]);
  await writeSnapshot(small, contentOf('data', tools.hash.sha256(page)));
  return { ...small, page, content, livePacks, deadPacks, index };
}

export function namesOf(packs: readonly IndexedPack[]): string[] {
  return packs.map(({ name }) => hexOf(name)).sort();
}

export function portsOf(store: OpenStore, vault: Vault): CollectorPorts {
  return { store, tools, clock, vault: vault.id, book: new NamesBook(tools.random) };
}
