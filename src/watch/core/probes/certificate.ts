import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface CertificateSeen {
  readonly subject: string;
  readonly validFromMs: number;
  readonly validToMs: number;
}

export interface CertificateLimits {
  readonly impairedMs: number;
  readonly brokenMs: number;
}

const DAY = 86_400_000;
/** Whoever renews by machine does so 30 days before; who has not by 14 will not. */
export const CERTIFICATE_LIMITS: CertificateLimits = { impairedMs: 14 * DAY, brokenMs: 3 * DAY };

/**
 * How long certificates hold, and whether clients take them.
 *
 * @param chain that of the server first; those that signed it after it
 * @param refused why a client refuses the chain, in words; undefined where it takes it
 */
export function judgeCertificates(
  chain: readonly CertificateSeen[],
  refused: string | undefined,
  at: { readonly nowMs: number; readonly limits: CertificateLimits },
): Found {
  const { nowMs, limits } = at;
  const [first] = chain;
  if (first === undefined) return found('broken', 'the server shows no certificate');
  const soonest = chain.reduce((one, other) => (other.validToMs < one.validToMs ? other : one));
  if (chain.some((one) => !Number.isFinite(one.validToMs) || !Number.isFinite(one.validFromMs))) {
    return found('unreadable', 'the certificate has no dates that can be read');
  }
  const leftMs = soonest.validToMs - nowMs;
  const whose = soonest === first ? '' : ` of ${quoted(soonest.subject, 80)}, which signed it,`;
  const detail = { leftMs, subject: quoted(first.subject), chain: chain.length };
  const left = formatDuration(Math.abs(leftMs), { detail: 'rough' });
  if (leftMs <= 0) return found('broken', `the certificate${whose} expired ${left} ago`, detail);
  const early = chain.find((one) => one.validFromMs > nowMs);
  if (early !== undefined) {
    const inMs = formatDuration(early.validFromMs - nowMs, { detail: 'rough' });
    return found('broken', `the certificate is not valid yet, but in ${inMs}`, detail);
  }
  if (refused !== undefined) {
    return found('broken', `clients refuse the certificate: ${quoted(refused)}`, detail);
  }
  const ends = `the certificate${whose} ends in ${left}`;
  if (leftMs < limits.brokenMs) return found('broken', ends, detail);
  if (leftMs < limits.impairedMs) return found('impaired', ends, detail);
  return found('healthy', `${ends}, and clients take it`, detail);
}
