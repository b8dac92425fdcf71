/** What is known of this machine and of a vault, for coverage and exposure. */
import os from 'node:os';
import { discover } from '../../adapters/discovery/discover.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { type SeenEstate, seeConnected, seeEstate } from '../estate/see-estate.ts';
import { ownDirectories } from '../vault-place.ts';
import type { Cli } from './cli.ts';
import { openWith } from './open.ts';
import type { Settings, VaultOptions } from './settings.ts';

/** A look at the machine, and at what the vault holds. */
export async function lookWithVault(
  cli: Cli,
  settings: Settings,
  options: VaultOptions,
): Promise<SeenEstate> {
  return seeEstate(await openWith(cli, settings, { ...options, needs: 'names' }));
}

/** A look at the machine, and at what the team's own repositories showed when they were opened. */
export function lookWithoutVault(cli: Cli, settings: Settings): Promise<SeenEstate> {
  return seeConnected(settings, (given) => lookAround(cli, settings, given));
}

export function lookAround(
  cli: Cli,
  settings: Settings,
  given: readonly ByteString[] = [],
): Promise<Discovery> {
  const { vault, state } = settings;
  return discover({
    clock: cli.clock,
    host: os.hostname(),
    given,
    exclude: [...(vault === undefined ? [] : ownDirectories(vault.value)), state.value],
  });
}
