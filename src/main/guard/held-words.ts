/** Claims and a freeze in words. */
import { endOf, type Moment } from '../../base/moment.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatInstant } from '../../base/say-time.ts';
import { type Claim, placeOfClaim } from '../../guard/core/claims.ts';
import type { Freeze } from '../../guard/core/held-things.ts';
import { UNREADABLE } from '../../guard/shell/freeze-switch.ts';

interface View {
  readonly now: Moment;
  readonly hostsHere: readonly string[];
}

export function claimTable(
  style: Style,
  claims: readonly Claim[],
  { now, hostsHere }: View,
): readonly string[] {
  const columns = [
    { header: 'CLAIM' },
    { header: 'ON', shrink: 'ends' as const },
    { header: 'BY' },
    { header: 'UNTIL' },
    { header: 'REASON', shrink: 'start' as const },
  ];
  const rows = claims.map((claim) => [
    { text: claim.id },
    { text: placeOfClaim(claim, hostsHere) },
    { text: sayText(claim.by) },
    { text: untilOf(claim, now) },
    { text: sayText(claim.reason) },
  ]);
  return layoutTable(style, columns, rows);
}

/** `ann@hv1 has claimed tin until 12:41 UTC: re-imaging`. */
export function claimSentence(claim: Claim, { now, hostsHere }: View): string {
  const place = placeOfClaim(claim, hostsHere);
  return `${sayText(claim.by)} has claimed ${place} until ${untilOf(claim, now)}: ${sayText(claim.reason)}`;
}

export function freezeSentence(freeze: Freeze | typeof UNREADABLE, now: Moment): string {
  if (freeze === UNREADABLE) return 'Changes are frozen: freeze.json cannot be read.';
  const { by, reason } = freeze;
  return `Changes are frozen until ${untilOf(freeze, now)}, by ${sayText(by)}: ${sayText(reason)}`;
}

/** What is shown at login; nothing where there is nothing to say. */
export function* loginNotice(
  style: Style,
  held: View & {
    readonly claims: readonly Claim[];
    readonly freeze: Freeze | typeof UNREADABLE | undefined;
    readonly waiting: readonly string[];
  },
): Iterable<string> {
  const mark = { is: 'held' } as const;
  if (held.freeze !== undefined) {
    yield* layoutSentence(style, { mark, text: freezeSentence(held.freeze, held.now) });
  }
  for (const claim of held.claims) {
    yield* layoutSentence(style, { mark, text: claimSentence(claim, held) });
  }
  for (const text of held.waiting) yield* layoutSentence(style, { mark, text });
}

export function untilOf({ made, spanMs }: Pick<Claim, 'made' | 'spanMs'>, now: Moment): string {
  return formatInstant(endOf(made, spanMs, now), now.at);
}
