/** What is known of this machine and of a vault, for coverage and exposure. */
import os from 'node:os';
import { discover } from '../../adapters/discovery/discover.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { type SeenEstate, seeEstate } from '../estate/see-estate.ts';
import type { Cli } from './cli.ts';
import { openWith } from './open.ts';
import type { Settings, VaultOptions } from './settings.ts';

/** A look at the machine, and at what the vault holds. */
export async function lookWithVault(
  cli: Cli,
  settings: Settings,
  options: VaultOptions,
): Promise<SeenEstate> {
  return seeEstate(await openWith(cli, settings, options));
}

export function lookAround(cli: Cli, settings: Settings): Promise<Discovery> {
  const { vault, state } = settings;
  return discover({
    clock: cli.clock,
    host: os.hostname(),
    exclude: vault === undefined ? [state.value] : [vault.value, state.value],
  });
}
