/** What this machine has opened of a team's backups: it counts for the hosts that it is of. */
import os from 'node:os';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import type { HostOf } from '../../watch/core/look/host-names.ts';
import type { ConnectedOfLooks } from '../../watch/core/look/look-connected.ts';
import { openingOf, type PlacedOpening } from '../../watch/core/opening.ts';
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

/** What opens them again, under the name by which the looks know this machine. */
export function openingsHere(
  connected: ConnectedOfLooks | undefined,
  hostOf: HostOf,
): readonly PlacedOpening[] {
  if (connected === undefined) return [];
  const { openedOn: named, repositories } = connected;
  const openedOn = hostOf(named) ?? named;
  return repositories.map((of) => ({ ...openingOf(of), openedOn }));
}
