/** Plans that one person has approved and that a cool-off still holds: others should know. */
import { leftMs, type Moment } from '../../base/moment.ts';
import { sayText } from '../../base/say-name.ts';
import { formatInstant } from '../../base/say-time.ts';
import { readApprovals } from '../../guard/shell/approvals.ts';
import { approvalPorts } from './approvals-here.ts';
import type { GuardSession } from './guard-session.ts';

/** One sentence each. */
export async function coolingOff(
  session: Pick<GuardSession, 'ports' | 'stateDir' | 'store'>,
  now: Moment,
): Promise<readonly string[]> {
  const ports = approvalPorts(session);
  const said: string[] = [];
  for (const plan of session.store.list()) {
    if (plan.flaw !== undefined || session.store.standing(plan.id) !== 'waits') continue;
    if (now.at >= plan.header.expires) continue;
    const coolOffMs = session.store.verdict(plan.id)?.verdict.needs.coolOffMs;
    if (coolOffMs === undefined) continue;
    const { place, identity } = plan.header.target;
    const held = { id: plan.id, digest: plan.digest, target: identity };
    const [first] = (await readApprovals(ports, held, now.at)).good;
    if (first === undefined) continue;
    const left = leftMs(first.added, coolOffMs, now);
    const when = left === 0 ? 'now' : `from ${formatInstant(now.at + left, now.at)}`;
    said.push(
      `${sayText(first.person)} has approved ${plan.id} on ${sayText(place)}; it can be applied ${when}`,
    );
  }
  return said;
}
