import { utf8Of } from '../../manifest/core/utf8.ts';
import { bytesJson, timeJson } from '../cli/json-shape.ts';
import { faultJson } from '../cli/say-fault.ts';
import { type ConnectedRepository, retentionOf } from '../../watch/core/connected.ts';
import { isPassed, type SampleDrill } from '../../watch/core/sample-verdict.ts';
import { type KnownList, standingIn } from './connect-list.ts';
import type { ClusterDrill, ConnectResult } from './connect-parts.ts';
import type { Refreshed } from './refresh.ts';

export function connectJson(result: ConnectResult): object {
  const { repository, sample, clusters, whyNotDrilled, missing, configured } = result;
  return {
    ...repositoryJson(repository),
    points: repository.points.map((point) => ({
      id: point.id,
      time: timeJson(point.time),
      host: point.host ?? null,
      paths: point.paths.map((path) => utf8Of(path)),
      tags: point.tags,
    })),
    missing,
    configured: configured ?? null,
    ...(sample === undefined ? {} : { drill: drillJson(sample) }),
    ...(clusters.length === 0 ? {} : { clusters: clusters.map(clusterJson) }),
    ...(whyNotDrilled === undefined ? {} : { whyNotDrilled }),
  };
}

function repositoryJson(of: ConnectedRepository): object {
  const kept = retentionOf(of.points);
  return {
    tool: of.tool,
    repository: of.repository,
    id: of.id,
    isEncrypted: of.isEncrypted,
    secret: of.secret.kind,
    openedAt: timeJson(of.openedAt),
    costMs: of.costMs,
    pointCount: of.points.length,
    ...(kept === undefined
      ? {}
      : {
          retention: {
            count: kept.count,
            oldest: timeJson(kept.oldest),
            newest: timeJson(kept.newest),
            spacingMs: kept.spacingMs ?? null,
          },
        }),
    holds: of.holds.map(({ path, point, entries, bytes }) => ({
      ...bytesJson('path', path),
      point,
      entries,
      bytes,
    })),
    lookedFor: of.lookedFor.map((path) => utf8Of(path)),
    untelling: of.untelling ?? null,
    liveLookedFor: of.liveLookedFor,
    liveMissing: of.liveMissing,
    trouble: of.trouble === undefined ? null : { ...of.trouble, at: timeJson(of.trouble.at) },
  };
}

function drillJson(drill: SampleDrill): object {
  return {
    ...drill,
    isPassed: isPassed(drill),
    pointTime: timeJson(drill.pointTime),
    startedAt: timeJson(drill.startedAt),
    findings: drill.findings.map(({ path, verdict }) => ({
      ...bytesJson('path', path),
      ...verdict,
    })),
  };
}

function clusterJson(drill: ClusterDrill): object {
  const { dataSet, isStarted, ...facts } = drill;
  return {
    ...facts,
    startedAt: timeJson(drill.startedAt),
    isStarted: isStarted ?? null,
    ...(dataSet === undefined ? {} : bytesJson('dataSet', dataSet)),
  };
}

export function listJson(known: KnownList): object {
  return {
    repositories: known.repositories.map((of) => ({
      ...repositoryJson(of),
      standing: standingIn(known, of),
    })),
  };
}

export function refreshJson(done: readonly Refreshed[]): object {
  return {
    repositories: done.map((each) =>
      each.kind === 'looked'
        ? connectJson(each.result)
        : { ...repositoryJson(each.repository), ...faultJson(each.fault) },
    ),
  };
}
