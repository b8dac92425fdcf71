/** The estate as it is known without asking anybody: last look, opened repositories, holdfast.yaml. */
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Estate } from '../../watch/core/estate.ts';
import type { DeclaredEstate } from '../../watch/core/look/declared.ts';
import { withDeclared } from '../../watch/core/look/declared-parts.ts';
import { hostNames } from '../../watch/core/look/host-names.ts';
import type { GuestHost } from '../../watch/core/look/guests.ts';
import { manyEstateOf } from '../../watch/core/look/look-estate.ts';
import { type LookedHost, lookedHosts } from '../../watch/core/look/looked-hosts.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import type { Settings } from '../cli/settings.ts';
import { connectedHere } from './connected-here.ts';
import { declaredEstate } from './declared-estate.ts';
import { lookHere } from './host-here.ts';
import { lookStore } from './look-store.ts';
import { type DamagedLook, newestLook } from './saved-looks.ts';

export interface SavedEstate {
  readonly estate: Estate;
  readonly machines: readonly LookedHost[];
  readonly guests: readonly GuestHost[];
  readonly declared: DeclaredEstate;
  readonly look: SavedLook;
  readonly damaged: readonly DamagedLook[];
}

/** @throws Fault HF_LOOK_WANTED, HF_LEDGER_UNAVAILABLE */
export async function savedEstate(settings: Settings, now: UnixMs): Promise<SavedEstate> {
  const { look, damaged } = newestLook(lookStore(settings));
  if (look === undefined) throw new Fault('HF_LOOK_WANTED', 'no look was kept');
  const here = lookHere(look.looks)?.host;
  const connected = await connectedHere(settings, look.looks);
  const machines = lookedHosts(look.looks, now);
  const seen = machines.flatMap(({ sight }) => sight?.discovery.backups ?? []);
  const declared = declaredEstate(settings, here);
  const many = manyEstateOf(look.looks, now, connected);
  const estate = withDeclared(many.estate, declared, {
    ...{ machines, hostOf: hostNames(machines), now },
    repositories: [
      ...connected.repositories.map(({ repository }) => repository),
      ...seen.flatMap(({ repository }) => repository ?? []),
    ],
  });
  return { estate, machines, guests: many.guests, declared, look, damaged };
}
