/** Puts one copy of the page into a place, and lets go of the oldest there once it is durable. */
import type { Hash } from '../../host/hash.ts';
import type { Store } from '../../vault/shell/store.ts';
import { copiesToForget, COPY_PREFIX } from '../../watch/core/pages-copy/copy-name.ts';

export interface CopyPlace {
  readonly store: Pick<Store, 'putIfAbsent' | 'list'>;
  /** Undefined: the place only adds. */
  readonly forget: ((name: string) => Promise<void>) | undefined;
}

export interface CopyToKeep {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly keep: number;
}

/** @returns how many copies are there then. @throws Fault HF_DISK_*, HF_STORE_*, HF_SSH_*, HF_SFTP_* */
export async function keepCopy(
  { store, forget }: CopyPlace,
  { name, bytes, keep }: CopyToKeep,
  hash: Hash,
): Promise<number> {
  await store.putIfAbsent(name, bytes, hash.sha256(bytes));
  const there = (await store.list(COPY_PREFIX)).map((each) => each.name);
  const old = forget === undefined ? [] : copiesToForget(there, { written: name, keep });
  for (const each of old) await forget?.(each);
  return there.length - old.length;
}
