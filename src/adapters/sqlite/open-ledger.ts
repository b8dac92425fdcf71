import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';

/** Opens the evidence ledger. Loaded when it is opened: other commands do not pay for a database. */
export async function openLedger(path: string): Promise<EvidenceLedger> {
  const { openSqliteLedger } = await import('./ledger.ts');
  return openSqliteLedger(path);
}
