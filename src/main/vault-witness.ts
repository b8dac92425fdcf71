/**
 * What this machine knows to have been in a vault: the head of the chain that it wrote, what it
 * drilled, what it read. A vault that was emptied or set back says nothing of it itself.
 */
import type { ByteString } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { SeenBefore } from '../vault/shell/check-request.ts';
import { shortId } from '../vault/shell/snapshot-store.ts';
import type { EvidenceLedger } from '../watch/shell/evidence-ledger.ts';
import { withEvidence } from './estate/see-estate.ts';
import { sayName } from '../base/say-name.ts';
import { readCopyRecords } from './vault-copies.ts';
import { wasScrubbed } from './scrub-here.ts';
import type { VaultSession } from './vault-session.ts';

export interface Witness {
  readonly seen: SeenBefore;
  /** Why some of it cannot be said. */
  readonly trouble: string | undefined;
}

/** @param state the state directory */
export async function witnessOf(session: VaultSession, state: ByteString): Promise<Witness> {
  const snapshots = new Map<string, string>();
  const had: string[] = [];
  const troubles: string[] = [];
  const look = async (read: () => void | Promise<void>): Promise<void> => {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      troubles.push(error.message);
    }
  };
  // What a state directory has lost is no reason not to look at the vault.
  await look(() => {
    const head = session.state.readWriter();
    if (head === undefined || head.seq === 0 || head.previous === '') return;
    const text = `this host wrote ${shortId(head.previous)}, its number ${head.seq}`;
    snapshots.set(head.previous, text);
  });
  await look(() => {
    const { directory } = session.state;
    for (const { place, snapshots: held } of readCopyRecords(
      session,
      directory,
      session.vault.id,
    )) {
      const how = `the copy in ${sayName(place)} held a snapshot`;
      for (const id of held) if (!snapshots.has(id)) snapshots.set(id, how);
    }
  });
  await look(() => {
    if (wasScrubbed(session, state)) had.push('packs of it were read here');
  });
  await look(() =>
    withEvidence(state, (ledger) => fromLedger(session, ledger, { snapshots, had })),
  );
  return {
    seen: { snapshots: [...snapshots].map(([id, how]) => ({ id, how })), had: had[0] },
    trouble: troubles[0],
  };
}

async function fromLedger(
  { vault }: VaultSession,
  ledger: Pick<EvidenceLedger, 'current' | 'drills'>,
  into: { readonly snapshots: Map<string, string>; readonly had: string[] },
): Promise<void> {
  for (const { vault: of, point } of await ledger.drills()) {
    if (of !== vault.id || into.snapshots.has(point)) continue;
    into.snapshots.set(point, `${shortId(point)} was drilled from here`);
  }
  const read = await ledger.current('exists/');
  // Of another vault that lay at the same place nothing follows.
  if (read.some(({ detail }) => detail.vault === vault.id)) {
    into.had.push('snapshots in it were read and found whole');
  }
}
