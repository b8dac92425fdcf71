/** Plans, operations and verdicts for machines: as docs/format/plan.md has them. */
import { type Digest, hexOf } from '../../base/bytes.ts';
import type { Op, PlanHeader, Verdict } from '../../base/plan.ts';
import { headerText } from '../../guard/core/plan-header.ts';
import { opLine } from '../../guard/core/plan-lines.ts';
import { textOfBytes } from '../cli/places.ts';

/** The header with its digest, the verdict where there is one. */
export function planJson(
  { header, digest }: { readonly header: PlanHeader; readonly digest: Digest },
  verdict: Verdict | undefined,
): object {
  const plain: unknown = JSON.parse(textOfBytes(headerText(header)));
  return { plan: plain, digest: hexOf(digest), ...(verdict === undefined ? {} : { verdict }) };
}

export function opJson(op: Op): object {
  const plain: unknown = JSON.parse(textOfBytes(opLine(op)));
  return typeof plain === 'object' && plain !== null ? plain : {};
}
