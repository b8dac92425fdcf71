/** What this machine has opened of a team's backups: it counts for the hosts that it is of. */
import os from 'node:os';
import type { ConnectedOfLooks } from '../../watch/core/look/look-connected.ts';
import type { Settings } from '../cli/settings.ts';
import { withEvidence } from '../estate/see-estate.ts';

/** @throws Fault HF_LEDGER_UNAVAILABLE */
export function connectedHere({ state }: Pick<Settings, 'state'>): Promise<ConnectedOfLooks> {
  return withEvidence(state.value, async (ledger) => {
    const repositories = await ledger.connected();
    const evidence = await ledger.current('exists/');
    return {
      repositories,
      evidence: new Map(evidence.map((each) => [each.subject, each])),
      drills: repositories.length === 0 ? [] : await ledger.drills(),
      openedOn: os.hostname(),
    };
  });
}
