/** The estate as it is known without asking anybody: last look, opened repositories, holdfast.yaml. */
import os from 'node:os';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { Estate } from '../../watch/core/estate.ts';
import type { DeclaredEstate } from '../../watch/core/look/declared.ts';
import { withDeclared } from '../../watch/core/look/declared-parts.ts';
import { hostNames } from '../../watch/core/look/host-names.ts';
import type { ConnectedOfLooks } from '../../watch/core/look/look-connected.ts';
import { estateOfLooks } from '../../watch/core/look/look-estate.ts';
import { type LookedHost, lookedHosts } from '../../watch/core/look/looked-hosts.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Settings } from '../cli/settings.ts';
import { withEvidence } from '../estate/see-estate.ts';
import { declaredEstate } from './declared-estate.ts';
import { lookHere } from './host-here.ts';
import { lookStore } from './look-store.ts';
import { type DamagedLook, newestLook } from './saved-looks.ts';

export interface SavedEstate {
  readonly estate: Estate;
  readonly machines: readonly LookedHost[];
  readonly declared: DeclaredEstate;
  readonly look: SavedLook;
  readonly damaged: readonly DamagedLook[];
}

/** @throws Fault HF_LOOK_WANTED, HF_LEDGER_UNAVAILABLE */
export async function savedEstate(settings: Settings, now: UnixMs): Promise<SavedEstate> {
  const { look, damaged } = newestLook(lookStore(settings));
  if (look === undefined) throw new Fault('HF_LOOK_WANTED', 'no look was kept');
  const here = lookHere(look.looks)?.host;
  const connected = await withEvidence(settings.state.value, (ledger) =>
    connectedHere(ledger, here ?? os.hostname()),
  );
  const machines = lookedHosts(look.looks, now);
  const seen = machines.flatMap(({ sight }) => sight?.discovery.backups ?? []);
  const declared = declaredEstate(settings, here);
  const estate = withDeclared(estateOfLooks(look.looks, now, connected), declared, {
    ...{ machines, hostOf: hostNames(machines), now },
    repositories: [
      ...connected.repositories.map(({ repository }) => repository),
      ...seen.flatMap(({ repository }) => repository ?? []),
    ],
  });
  return { estate, machines, declared, look, damaged };
}

async function connectedHere(
  ledger: Pick<EvidenceLedger, 'connected' | 'current' | 'drills'>,
  openedOn: string,
): Promise<ConnectedOfLooks> {
  const repositories = await ledger.connected();
  const evidence = new Map<string, Evidence>();
  for (const each of await ledger.current('exists/')) evidence.set(each.subject, each);
  return { repositories, evidence, drills: await ledger.drills(), openedOn };
}
