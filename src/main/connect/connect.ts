/** Opens one repository, looks into it, drills a sample where that is wanted, and keeps what it saw. */
import { type KeepOptions, keepOptionsOf } from '../../adapters/backup-tool/keep-options.ts';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import type { ByteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { durationMs } from '../../base/units.ts';
import type { Mounts } from '../../host/mounts.ts';
import {
  type ConnectedPoint,
  type ConnectedRepository,
  connectionOf,
} from '../../watch/core/connected.ts';
import { newestOf } from '../../watch/core/proof.ts';
import { addressOf } from '../../watch/core/repository-address.ts';
import { type RepositorySize, withSize } from '../../watch/core/repository-size.ts';
import { Sampler } from '../../watch/core/sample.ts';
import type { SampleDrill } from '../../watch/core/sample-verdict.ts';
import { bytesOfText, textOfBytes } from '../cli/places.ts';
import { lookIntoClusters } from './connect-clusters.ts';
import type { ConnectAsked, ConnectParts, ConnectResult, Looked } from './connect-parts.ts';
import { lookInside } from './look-inside.ts';
import { type OpenedRepository, openRepository } from './open-repository.ts';
import { measureSize } from './measure-size.ts';
import { checkSame, partOf } from './own-part.ts';
import { dropCacheBelow } from './past-cache.ts';
import { recordOpened, recordSample } from './record-connected.ts';
import { drillSample } from './sample-drill.ts';
import { roomOf } from './scratch-room.ts';

const FILES_MAX = 200;
/** Of all in a point: more than that is a full restore, which is the team's own to plan. */
const FILES_MAX_WHOLE = 200_000;

/** @throws Fault HF_CONNECT_*, HF_LEDGER_UNAVAILABLE; what it could not open before is kept */
export async function connectOne(parts: ConnectParts, asked: ConnectAsked): Promise<ConnectResult> {
  const { cli, ledger, scratch } = parts;
  const startedMs = cli.clock.monotonic();
  scratch.clean();
  try {
    parts.step(`opening ${asked.named.tool} ${sayText(asked.named.shown)}`);
    const opened = await openRepository(parts, asked);
    checkSame(asked, opened.listing.id);
    const result =
      opened.kind === 'clusters'
        ? await lookIntoClusters(parts, asked, opened)
        : await lookIntoFiles(parts, asked, opened);
    parts.step('counting what it takes up');
    const sized = sizedAs(asked.before, await measureSize(parts, opened));
    const costMs = durationMs(Math.max(0, cli.clock.monotonic() - startedMs));
    const repository = { ...result.repository, ...sized, costMs };
    await ledger.keepConnected(repository);
    await recordOpened(parts, repository);
    return { ...result, repository, configured: configuredFor(parts, repository) };
  } finally {
    scratch.clean();
  }
}

/** Where it is not known, earlier looks keep what they saw. */
function sizedAs(
  before: ConnectedRepository | undefined,
  size: RepositorySize | string,
): Pick<ConnectedRepository, 'sizes' | 'sizeUnknown'> {
  const sizes = before?.sizes ?? [];
  return typeof size === 'string' ? { sizes, sizeUnknown: size } : { sizes: withSize(sizes, size) };
}

/** From the places where discovery saw its job, and from its own configuration. */
function configuredFor(
  { discovery }: ConnectParts,
  of: ConnectedRepository,
): KeepOptions | undefined {
  const found = discovery.backups.filter((backup) => connectionOf(backup, [of]) !== undefined);
  const own = of.config === undefined ? [] : [textOfBytes(of.config)];
  return keepOptionsOf([...own, ...found.flatMap(({ traces }) => traces)]);
}

async function lookIntoFiles(
  parts: ConnectParts,
  asked: ConnectAsked,
  opened: Extract<OpenedRepository, { readonly kind: 'files' }>,
): Promise<Looked> {
  const { cli, discovery, own } = parts;
  const { repository, listing } = opened;
  const sampler = samplerOf(parts, asked);
  const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
  parts.step('reading what is in it');
  const { missing, newest, ...inside } = await lookInside({
    repository,
    points: listing.points,
    ...{ discovery, mounts },
    exclude: [...own, ...placeIn(asked)],
    seed: asked.seed,
    nowMs: () => cli.clock.monotonic(),
    see: (entry) => sampler?.see(entry),
  });
  const seen: ConnectedRepository = {
    ...(await partOf(parts, asked, opened)),
    keyFile: listing.keyFile,
    points: listing.points,
    ...inside,
  };
  const drilled = await drillOf(parts, asked, { opened, mounts, sampler, newest });
  const sample = typeof drilled === 'string' ? undefined : drilled;
  if (sample !== undefined) await recordSample(parts, seen, sample);
  return {
    repository: seen,
    missing,
    sample,
    clusters: [],
    whyNotDrilled: typeof drilled === 'string' ? drilled : undefined,
  };
}

/** A job does not back up its own repository, and need not say so. */
function placeIn({ named }: ConnectAsked): readonly ByteString[] {
  const address = addressOf(named.shown);
  return address.kind === 'path' ? [bytesOfText(address.path)] : [];
}

function samplerOf(parts: ConnectParts, { sample, seed }: ConnectAsked): Sampler | undefined {
  if (sample === undefined) return undefined;
  const { bytesMax } = sample;
  if (bytesMax === undefined) {
    return new Sampler({ bytesMax: Number.MAX_SAFE_INTEGER, filesMax: FILES_MAX_WHOLE }, seed);
  }
  const roomBytes = roomOf(parts);
  return new Sampler({ bytesMax: Math.min(bytesMax, roomBytes), filesMax: FILES_MAX }, seed);
}

/** @returns what it showed, or why there was none; undefined where none was asked for */
async function drillOf(
  parts: ConnectParts,
  asked: ConnectAsked,
  of: {
    readonly opened: Extract<OpenedRepository, { readonly kind: 'files' }>;
    readonly mounts: Mounts;
    readonly sampler: Sampler | undefined;
    readonly newest: ConnectedPoint | undefined;
  },
): Promise<SampleDrill | string | undefined> {
  const { opened, sampler, newest } = of;
  if (sampler === undefined) return undefined;
  const point = newest ?? newestOf(opened.listing.points, ({ time }) => time);
  if (point === undefined) return 'there is no recovery point in it';
  if (newest === undefined) return 'no point in it names this host';
  const files = sampler.pick();
  const isWhole = asked.sample?.bytesMax === undefined;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const roomBytes = roomOf(parts);
  if (isWhole && (bytes > roomBytes || files.length + sampler.unnameable < sampler.filesSeen)) {
    return `all of it, ${formatBytes(sampler.bytesSeen)}, is more than may be restored to scratch here (${formatBytes(roomBytes, 'down')})`;
  }
  if (files.length === 0) {
    return roomBytes === 0
      ? 'too little is free here for scratch'
      : 'no file in it fits into the sample';
  }
  parts.step(`restoring ${files.length} files to a scratch place, by ${asked.named.tool}`);
  const address = addressOf(asked.named.shown);
  const isPastCache = isWhole && address.kind === 'path' && dropCacheBelow(address.path);
  return drillSample({
    repository: opened.repository,
    mounts: of.mounts,
    point,
    sampler,
    files,
    isWhole,
    seed: asked.seed,
    target: parts.scratch.make('restored'),
    limit: parts.limit,
    clock: parts.cli.clock,
    isPastCache,
  });
}
