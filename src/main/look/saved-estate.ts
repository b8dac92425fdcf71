/** The estate as it is known without asking any host: last look, vault, what was opened, the file. */
import type { Estate } from '../../watch/core/estate.ts';
import { withoutIgnored } from '../../watch/core/look/corrected.ts';
import type { DeclaredEstate } from '../../watch/core/look/declared.ts';
import { withDeclared } from '../../watch/core/look/declared-parts.ts';
import { hostNames } from '../../watch/core/look/host-names.ts';
import type { GuestHost } from '../../watch/core/look/guests.ts';
import { manyEstateOf } from '../../watch/core/look/look-estate.ts';
import { type LookedHost, lookedHosts } from '../../watch/core/look/looked-hosts.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import type { Unopened } from '../../watch/core/look/unopened.ts';
import type { PlacedOpening } from '../../watch/core/opening.ts';
import type { Cli } from '../cli/cli.ts';
import type { Settings, VaultOptions } from '../cli/settings.ts';
import { connectedHere, openingsHere } from './connected-here.ts';
import { declaredEstate } from './declared-estate.ts';
import { lookHere } from './host-here.ts';
import { lookAtThis } from './look-at-this.ts';
import { lookStore } from './look-store.ts';
import { ownVaultEstate, withVault } from './own-vault.ts';
import { type DamagedLook, newestLook } from './saved-looks.ts';

export interface SavedEstate {
  readonly estate: Estate;
  readonly machines: readonly LookedHost[];
  readonly guests: readonly GuestHost[];
  readonly declared: DeclaredEstate;
  /** What opens the team's own that were opened. */
  readonly openings: readonly PlacedOpening[];
  /** Backups that were found and not opened, as each host told of them. */
  readonly unopened: readonly Unopened[];
  readonly look: SavedLook;
  /** No look was kept: this one is of this machine alone, made now. */
  readonly isOfThis: boolean;
  readonly damaged: readonly DamagedLook[];
}

/** @throws Fault HF_LOOK_ANSWER, HF_LEDGER_UNAVAILABLE, and what opening the vault throws */
export async function savedEstate(
  cli: Cli,
  settings: Settings,
  options: VaultOptions,
): Promise<SavedEstate> {
  const now = cli.clock.now();
  const { look: kept, damaged } = newestLook(lookStore(settings));
  // Where nobody looked at other machines there is this one, and it says what it is asked.
  const look = kept ?? { at: now, looks: [await lookAtThis(cli)] };
  const isOfThis = kept === undefined;
  const here = lookHere(look.looks);
  const connected = await connectedHere(settings, look.looks);
  const hostOf = hostNames(lookedHosts(look.looks, now));
  const declared = declaredEstate(settings, here?.host);
  const { looks } = withoutIgnored(look.looks, declared, hostOf);
  const machines = lookedHosts(looks, now);
  const seen = machines.flatMap(({ sight }) => sight?.discovery.backups ?? []);
  const many = manyEstateOf(looks, now, { connected, declared });
  // Of a machine that was not looked at nothing stands here that its vault could bring back.
  const whole =
    settings.vault === undefined || here === undefined
      ? many.estate
      : withVault(many.estate, await ownVaultEstate(cli, { settings, options, here, hostOf }));
  const estate = withDeclared(whole, declared, {
    ...{ machines, hostOf, now },
    repositories: [
      ...connected.repositories.map(({ repository }) => repository),
      ...seen.flatMap(({ repository }) => repository ?? []),
    ],
  });
  const openings = openingsHere(connected, hostOf);
  const { guests, unopened } = many;
  return { estate, machines, guests, declared, openings, unopened, look, isOfThis, damaged };
}
