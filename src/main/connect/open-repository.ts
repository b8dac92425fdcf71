/** From what was named to an opened repository: with its secret, or asked for it. */
import type { ToolPlace } from '../../adapters/backup-tool/tool-place.ts';
import { BorgRepository } from '../../adapters/borg/borg-repository.ts';
import {
  type ClusterListing,
  PgbackrestRepository,
} from '../../adapters/pgbackrest/pgbackrest-repository.ts';
import { ResticRepository } from '../../adapters/restic/restic-repository.ts';
import { Fault } from '../../base/fault.ts';
import type { SecretSource } from '../../watch/core/connected.ts';
import type { FileRepository, RepositoryListing } from '../../watch/shell/team-repository.ts';
import type { ConnectAsked, ConnectParts } from './connect-parts.ts';
import { secretOf } from './repository-secret.ts';

export type OpenedRepository = {
  readonly source: SecretSource;
  readonly place: ToolPlace;
} & (
  | {
      readonly kind: 'files';
      readonly repository: FileRepository;
      readonly listing: RepositoryListing;
    }
  | {
      readonly kind: 'clusters';
      readonly repository: PgbackrestRepository;
      readonly listing: ClusterListing;
    }
);

/**
 * Opens it and lists what is in it. Where nothing was said of a secret, borg and pgBackRest are
 * tried without; who is there is asked.
 *
 * @throws Fault HF_CONNECT_*
 */
export async function openRepository(
  parts: ConnectParts,
  asked: ConnectAsked,
): Promise<OpenedRepository> {
  const { named, source } = asked;
  if (source !== undefined) return openWith(parts, asked, source);
  if (named.tool === 'restic') return openWith(parts, asked, { kind: 'typed' });
  try {
    return await openWith(parts, asked, { kind: 'none' });
  } catch (error) {
    const isWanted = error instanceof Fault && error.code === 'HF_CONNECT_SECRET_REFUSED';
    if (!isWanted) throw error;
    return openWith(parts, asked, { kind: 'typed' });
  }
}

async function openWith(
  parts: ConnectParts,
  { named }: ConnectAsked,
  source: SecretSource,
): Promise<OpenedRepository> {
  const { cli, runner, scratch, limit } = parts;
  const secret = await secretOf(source, { cli, runner, tool: named.tool });
  const place: ToolPlace = {
    runner,
    env: cli.env,
    repository: named.address,
    shown: named.shown,
    secret,
    scratch: scratch.make('tool'),
    limit,
  };
  if (named.tool === 'pgbackrest') {
    const repository = new PgbackrestRepository(place, named.config);
    return { kind: 'clusters', source, place, repository, listing: await repository.list() };
  }
  const repository =
    named.tool === 'restic' ? new ResticRepository(place) : new BorgRepository(place);
  return { kind: 'files', source, place, repository, listing: await repository.list() };
}
