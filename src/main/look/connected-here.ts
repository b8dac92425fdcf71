/** What this machine has opened of a team's backups: it counts for the hosts that it is of. */
import os from 'node:os';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import type { ConnectedOfLooks } from '../../watch/core/look/look-connected.ts';
import type { Settings } from '../cli/settings.ts';
import { withEvidence } from '../estate/see-estate.ts';
import { lookHere } from './host-here.ts';

/** @throws Fault HF_LEDGER_UNAVAILABLE */
export function connectedHere(
  { state }: Pick<Settings, 'state'>,
  looks: readonly HostLook[],
): Promise<ConnectedOfLooks> {
  return withEvidence(state.value, async (ledger) => {
    const repositories = await ledger.connected();
    const evidence = await ledger.current('exists/');
    return {
      repositories,
      evidence: new Map(evidence.map((each) => [each.subject, each])),
      drills: await ledger.drills(),
      openedOn: lookHere(looks)?.host ?? os.hostname(),
    };
  });
}
