/** What is in a frame that an agent showed: bounded, parsed, and nobody's but its own. */
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import type { Result } from '../../base/result.ts';
import { FRAME_TEXT_BYTES_MAX, type ShowKind } from '../../watch/core/agent/messages.ts';
import type { LedgerReport } from '../../watch/core/ledger-report.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { ownSight } from '../../watch/core/look/own-sight.ts';
import type { PlansReport } from '../../watch/core/plans-report.ts';
import { ledgerReportOf } from '../../wire/ledger-report.ts';
import { plansReportOf } from '../../wire/plans-report.ts';
import { savedLookOf } from '../../wire/saved-look.ts';

/** Under the names that the host itself uses. */
export type ReadFrame =
  | { readonly kind: 'sight'; readonly looks: readonly HostLook[] }
  | { readonly kind: 'ledger'; readonly report: LedgerReport }
  | { readonly kind: 'plans'; readonly report: PlansReport };

/** Why it is none, in words. */
export function readFrame(kind: ShowKind, frame: Uint8Array): Result<ReadFrame, string> {
  const { codec, hash } = nodeTools();
  let text: string;
  try {
    text = codec.textOf(codec.decompress(frame, FRAME_TEXT_BYTES_MAX));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, error: 'it is no zstd frame of at most 16 MiB' };
  }
  if (kind === 'ledger') {
    const read = ledgerReportOf(text, hash);
    return read.ok ? { ok: true, value: { kind, report: read.value } } : read;
  }
  if (kind === 'plans') {
    const read = plansReportOf(text, hash);
    return read.ok ? { ok: true, value: { kind, report: read.value } } : read;
  }
  const read = savedLookOf(text, hash);
  if (!read.ok) return read;
  const { looks } = read.value;
  if (ownSight(looks, { host: '', aheadMs: 0 }) === undefined) {
    return { ok: false, error: 'it is no look of one host at itself' };
  }
  return { ok: true, value: { kind, looks } };
}
