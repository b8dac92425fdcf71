import { Fault } from '../../base/fault.ts';
import { durationMs } from '../../base/units.ts';
import type { ConnectedRepository } from '../../watch/core/connected.ts';
import { addressOf } from '../../watch/core/repository-address.ts';
import { addressesHere, addressesOf, hostNameOf, isNameOfThis } from '../estate/machine-names.ts';
import type { ConnectAsked, ConnectParts } from './connect-parts.ts';
import type { OpenedRepository } from './open-repository.ts';

type OwnPart = Omit<
  ConnectedRepository,
  'keyFile' | 'points' | 'lookedFor' | 'holds' | 'untelling' | 'liveLookedFor' | 'liveMissing'
>;

/** What every tool's listing says. */
type Sealed = Pick<OpenedRepository['listing'], 'id' | 'isEncrypted'>;

/** What is the same for every tool. */
export async function partOf(
  { cli, discovery }: ConnectParts,
  { named, before }: ConnectAsked,
  { source, listing }: Pick<OpenedRepository, 'source'> & { readonly listing: Sealed },
): Promise<OwnPart> {
  const now = cli.clock.now();
  return {
    tool: named.tool,
    repository: named.shown,
    isHere: await isThisMachine(named.shown, discovery.host),
    config: named.config,
    id: before !== undefined && isSameId(before.id, listing.id) ? before.id : listing.id,
    secret: source,
    isEncrypted: listing.isEncrypted,
    connectedAt: before?.connectedAt ?? now,
    openedAt: now,
    costMs: durationMs(0),
    trouble: undefined,
  };
}

/** Two names of one machine are not two machines: what lies here dies with it. */
async function isThisMachine(repository: string, own: string): Promise<boolean> {
  const address = addressOf(repository);
  if (address.kind !== 'host') return false;
  // Aliases of ~/.ssh/config are known to ssh, and to nobody else.
  const isBySsh = !/^(?:rest|s3|https?):/.test(repository);
  const name = isBySsh ? await hostNameOf(address.host) : address.host;
  if (isNameOfThis(name, own)) return true;
  const here = addressesHere();
  return (await addressesOf(name)).some((each) => here.has(each));
}

/**
 * An address may come to lead elsewhere; what was seen there before is not what lies there now.
 *
 * @throws Fault HF_CONNECT_CHANGED
 */
export function checkSame({ named, before }: ConnectAsked, id: string): void {
  if (before === undefined || isSameId(before.id, id)) return;
  const { tool, shown } = named;
  const message = `another ${tool} repository lies at ${shown} than the one that was connected`;
  throw new Fault('HF_CONNECT_CHANGED', message, { tool, repository: shown });
}

/** pgBackRest has an id for each cluster, and clusters come and go. */
function isSameId(before: string, now: string): boolean {
  const parts = new Set(before.split(','));
  return before === now || now.split(',').some((part) => parts.has(part));
}
