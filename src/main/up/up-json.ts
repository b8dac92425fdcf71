import type { DrillResult } from '../../recover/core/drill-result.ts';
import { frozenJson } from '../cli/frozen-words.ts';
import { bytesJson, enginesJson, timeJson } from '../cli/json-shape.ts';
import { faultJson } from '../cli/say-fault.ts';
import type { Done, UpView } from './up-view.ts';
import { standingOf, type WatchView } from './watch/watch-words.ts';

/** The last round for machines: raw numbers, bytes and milliseconds. */
export function upJson(view: UpView): object {
  const { now, coverage, exposure, vault, key, done } = view;
  return {
    computedAt: timeJson(now),
    host: view.discovery.host,
    vault: {
      ...bytesJson('place', vault.path),
      host: vault.place.host,
      freeBytes: vault.freeBytes,
      ...(vault.says === undefined ? {} : { says: vault.says }),
      ...(vault.elsewhere === undefined ? {} : { elsewhere: vault.elsewhere }),
    },
    key: {
      kind: key.kind,
      ...('path' in key ? bytesJson('path', key.path) : {}),
      isConfirmedElsewhere: key.isConfirmed,
    },
    ...(view.copies.length === 0 ? {} : { copies: view.copies.map(copyJson) }),
    coverage: coverage.rows.map(({ data, state, why, openCommand }) => ({
      ...bytesJson('path', data.path),
      kind: data.kind,
      bytes: data.bytes,
      isComplete: data.isComplete,
      state,
      why,
      openCommand,
    })),
    looked: view.discovery.looked,
    notSeen: view.discovery.notSeen.map(({ what, why }) => ({ what, why })),
    ...(view.watch === undefined ? {} : { watch: watchJson(view.watch) }),
    done: done.map(doneJson),
    exposure: exposure.map(({ dataSet, domain, loss, outage, survives, proof }) => ({
      dataSet,
      domain,
      loss,
      outage,
      survives,
      proof,
    })),
  };
}

function copyJson({ completeAt, ...copy }: UpView['copies'][number]): object {
  return { ...copy, ...(completeAt === undefined ? {} : { completeAt: timeJson(completeAt) }) };
}

function watchJson(watch: WatchView): object {
  const { host, address, page, now } = watch;
  const { mark, text } = standingOf(watch);
  return { host, address, page, mark, why: text, counts: now?.counts, watching: now?.watching };
}

function doneJson(done: Done): object {
  const dataSet = done.target.dataSet;
  if (done.kind === 'refused') return { dataSet, ...faultJson(done.fault) };
  const { backup, hooks, drill, isDrilledNow } = done;
  return {
    dataSet,
    snapshot: backup.snapshot,
    isUnchanged: backup.isUnchanged,
    isSnapshotNew: !backup.isSeen,
    entries: backup.roots.reduce((sum, root) => sum + root.entries, 0),
    bytes: backup.roots.reduce((sum, root) => sum + Number(root.bytes), 0),
    storedBytes: backup.storedBytes,
    gapCount: backup.report.gapCount,
    torn: backup.torn.map(({ path, engine }) => ({ ...bytesJson('path', path), engine })),
    ...frozenJson({ frozen: backup.frozen, hooks }),
    drill: { ...drillJson(drill), isOfThisRound: isDrilledNow },
  };
}

function drillJson(drill: DrillResult): object {
  const { source, failedFiles, engines, ...rest } = drill;
  const { unexplained, ...compared } = source;
  return {
    ...rest,
    startedAt: timeJson(drill.startedAt),
    engines: enginesJson(engines),
    failedFiles: failedFiles.map(({ path, code, why }) => ({
      ...bytesJson('path', path),
      code,
      why,
    })),
    source: { ...compared, unexplained: unexplained.map(({ path }) => bytesJson('path', path)) },
  };
}
