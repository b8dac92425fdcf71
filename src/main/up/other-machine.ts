/** Another machine on which the vault could lie. It is named, and nobody connects to it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type KnownMachine,
  machineOfRepository,
  machinesOfConfig,
  machinesOfKnownHosts,
} from '../../adapters/ssh/known-machines.ts';
import { sshPlaceText } from '../../adapters/ssh/ssh-place.ts';
import { byteString } from '../../base/bytes.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { textOfBytes } from '../cli/places.ts';
import { addressesHere, addressesOf, hostNameOf, isNameOfThis } from '../estate/machine-names.ts';

export interface OtherMachine {
  readonly host: string;
  /** Where it was found, for people. */
  readonly from: string;
  /** What to give as `--vault`. */
  readonly place: string;
}

/** Below the home directory there: somebody who may log in may write. */
const FOLDER = byteString('~/holdfast-vault');
/** Each may cost a question to the resolver. */
const TRIED_MAX = 5;

/** The first that is not this one: where backups go already, then as ssh knows them. */
export async function otherMachine(
  discovery: Pick<Discovery, 'backups' | 'host'>,
  home: string = os.homedir(),
): Promise<OtherMachine | undefined> {
  const repositories = discovery.backups.flatMap(({ repository }) => repository ?? []);
  const known: readonly KnownMachine[] = [
    ...repositories.flatMap((each) => machineOfRepository(each) ?? []),
    ...machinesOfConfig(textIn(home, 'config')),
    ...machinesOfKnownHosts(textIn(home, 'known_hosts')),
  ];
  for (const { from, ...machine } of known.slice(0, TRIED_MAX)) {
    if (await isThis(machine.host, discovery.host)) continue;
    const place = textOfBytes(sshPlaceText({ ...machine, path: FOLDER }));
    return { host: machine.host, from, place };
  }
  return undefined;
}

async function isThis(alias: string, host: string): Promise<boolean> {
  const name = await hostNameOf(alias);
  if (isNameOfThis(name, host)) return true;
  const here = addressesHere();
  return (await addressesOf(name)).some((address) => here.has(address));
}

/** Nothing where it is not there or may not be read. */
function textIn(home: string, name: string): string {
  try {
    return fs.readFileSync(path.join(home, '.ssh', name), 'utf8');
  } catch {
    return '';
  }
}
