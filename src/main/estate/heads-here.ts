/** Which snapshots the vault has, by number, for the server of this host: docs/format/ledger-report.md. */
import { namedSnapshot } from '../../vault/core/snapshot-record.ts';
import { forgottenIn, readForgetBook } from '../../vault/shell/forget-book.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import type { SnapshotList } from '../../vault/shell/snapshot-store.ts';
import { type HeadLink, type VaultHeads, vaultHeads } from '../../watch/core/heads/vault-heads.ts';

/** What stands for a writer in the name of a snapshot. */
const WRITER_DIGITS = 16;

/**
 * By name: one that is there and damaged was not taken away, and is another finding. A plan that nobody
 * who holds a key of the vault wrote excuses nothing here either.
 */
export async function headsHere(
  vault: Vault,
  copy: string,
  { snapshots, names }: Pick<SnapshotList, 'snapshots' | 'names'>,
): Promise<VaultHeads> {
  const book = await readForgetBook(vault);
  const links: HeadLink[] = names.flatMap((name) => {
    const named = namedSnapshot(name);
    return named === undefined ? [] : [{ ...named, isBelieved: false }];
  });
  for (const { record, trust } of snapshots) {
    if (trust === 'trusted') links.push({ ...linkOf(record), isBelieved: true });
  }
  for (const header of forgottenIn(book)) links.push({ ...linkOf(header), isBelieved: true });
  const unread = book.problems.filter(({ kind }) => kind !== 'foreign').length;
  return vaultHeads({ vault: vault.id, copy, unread }, links);
}

function linkOf(of: { readonly writer: string; readonly seq: number; readonly id: string }) {
  return { writer: of.writer.slice(0, WRITER_DIGITS), seq: of.seq, id: of.id };
}
