/** What is in snapshots, by `/v1`; the pages ask by the same functions. */
import type { z } from 'zod';
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import { isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import type { AgentId } from '../../watch/core/agent/messages.ts';
import {
  type DifferenceSaid,
  type EntrySaid,
  type RestoreWant,
  restoreJobName,
  type SnapshotSaid,
} from '../../watch/core/files/wants.ts';
import type { ServerCore } from '../../watch/core/server/server-core.ts';
import { filesWant } from '../../wire/agent/files.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { auditOf, jobNow, takenOf, withAudit } from './answers-act.ts';
import { downloadOf } from './files-download.ts';
import {
  askFiles,
  bytesAsked,
  type FilesAsker,
  pathsAsked,
  type Through,
  throughOf,
} from './files-reading.ts';
import { type Served, timeOf } from './served.ts';

const LEASE_MS = 10 * 60_000;

type SnapshotShown = z.input<typeof ROUTES.snapshots.answer>['snapshots'][number];
type EntryShown = z.input<typeof ROUTES.snapshotFiles.answer>['entries'][number];
type DifferenceShown = z.input<typeof ROUTES.snapshotDiff.answer>['differences'][number];

export function filesAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.snapshots, async ({ query }) => {
      const { host, from, count, 'data-set': dataSet } = query;
      const through = throughOf(served, query);
      const want = { want: 'snapshots' as const, own: through.own, from, count };
      const of = { ...ofHost(through, host), ...(dataSet === undefined ? {} : { dataSet }) };
      const found = await askFiles(served, through, { ...want, ...of });
      const { total, next } = found;
      const snapshots = found.snapshots.map(snapshotShown);
      return answer({ through: through.host, snapshots, total, next });
    }),
    on(ROUTES.snapshotFiles, async ({ params, query }) => {
      const { from, count } = query;
      const through = throughOf(served, query);
      const found = await askFiles(served, through, {
        ...{ want: 'list', own: through.own, snapshot: params.snapshot, from, count },
        path: bytesAsked(query),
      });
      const { snapshot, at, totals, entries, next } = found;
      return answer({
        ...{ through: through.host, snapshot: snapshotShown(snapshot), totals, next },
        at: at === null ? null : entryShown(at),
        entries: entries.map(entryShown),
      });
    }),
    on(ROUTES.snapshotDiff, async ({ query }) => {
      const { before, after, kind, from, count } = query;
      const through = throughOf(served, query);
      const found = await askFiles(served, through, {
        ...{ want: 'diff', own: through.own, before, after, from, count },
        ...(kind === undefined ? {} : { kind }),
      });
      return answer({
        ...{ through: through.host, totals: found.totals, next: found.next },
        before: snapshotShown(found.before),
        after: snapshotShown(found.after),
        differences: found.differences.map(differenceShown),
      });
    }),
    on(ROUTES.snapshotContent, ({ params, query, caller, from }) => {
      const path = bytesAsked(query);
      const { snapshot } = params;
      return downloadOf(served, { through: query.through, snapshot, path, caller, from });
    }),
    on(ROUTES.restoreFiles, async ({ body, caller, from }) => {
      const { snapshot, through, place, name, paths, paths64 } = body;
      const job = await restoreFiles(served, {
        ...{ snapshot, through, place, name, caller, from },
        paths: pathsAsked({ paths, paths64 }),
      });
      return answer(await jobNow(served, job));
    }),
  ];
}

/** A host that answers for itself is asked for all of its own, whatever it calls itself there. */
export function ofHost({ own }: Through, host: string | undefined): { readonly host?: string } {
  return own || host === undefined || host === '' ? {} : { host };
}

export interface RestoreAsked extends FilesAsker {
  readonly through: string | undefined;
  readonly snapshot: string;
  /** By `pathsAsked`. None: all of it. */
  readonly paths: readonly ByteString[];
  readonly place: string | undefined;
  readonly name: string | undefined;
}

/** @returns the job @throws Fault HF_FILES_AWAY, HF_FILES_PLACE, HF_API_UNKNOWN, HF_API_CONFLICT */
export async function restoreFiles(served: Served, asked: RestoreAsked): Promise<string> {
  const through = throughOf(served, asked);
  const { host, own, places, agent } = through;
  const place = placeIn(through, asked.place);
  const { snapshot, caller, from } = asked;
  const paths = asked.paths.length === 0 ? [bytesAsked({})] : asked.paths;
  // Before anything is asked for: that it is there, and what it weighs.
  const weighed = await askFiles(served, through, { want: 'weigh', own, snapshot, paths });
  const name = asked.name ?? `${snapshot.slice(0, 8)}-${served.newId().slice(0, 8)}`;
  const want: RestoreWant = { want: 'restore', own, snapshot, paths, place, name };
  const detail = {
    ...{ snapshot, dataSet: weighed.snapshot.dataSet.slice(0, 200), paths: paths.length },
    ...{ to: `${place}/${name}`, bytes: weighed.totals.bytes, places: places.length },
    first: utf8Of(paths[0] ?? bytesAsked({})).slice(0, 200),
  };
  const told = await served.writer.take(agent, () =>
    withAudit(
      served.core.askJob(
        {
          ...{ host, act: 'restore', name: restoreJobName(snapshot), by: caller?.user ?? '' },
          ...{ leaseMs: LEASE_MS, wants: JSON.stringify(want) },
        },
        served.now(),
      ),
      auditOf(served, { act: 'files-restored', subject: host, caller, from, detail }),
    ),
  );
  return takenOf(told).job;
}

function placeIn({ host, places }: Through, wanted: string | undefined): string {
  const place = wanted ?? places[0];
  if (place !== undefined && places.includes(place)) return place;
  const instead =
    places.length === 0
      ? `Its owner names a place in agent.yaml there: \`files: {read: content, restore-to: [/srv/restored]}\`.`
      : `Choose one of: ${places.join(', ')}.`;
  const why =
    place === undefined
      ? `${host} restores nothing for its server`
      : `${host} does not restore to ${place}`;
  throw new Fault('HF_FILES_PLACE', why, { instead });
}

/** What its agent is told that asks for a job of its own, while that is open. */
export function restoreOfJob(
  core: Pick<ServerCore, 'agents'>,
  agent: AgentId,
  job: string,
): RestoreWant | undefined {
  const held = core.agents().find(({ stored }) => stored.agent === agent);
  return restoreWantOf(held?.jobs.get(job)?.wants);
}

export function restoreWantOf(wants: string | undefined): RestoreWant | undefined {
  if (wants === undefined) return undefined;
  const { data } = filesWant.safeParse(JSON.parse(wants));
  return data?.want === 'restore' ? data : undefined;
}

function named(path: ByteString): Pick<EntryShown, 'path' | 'pathB64'> {
  if (isUtf8(path)) return { path: utf8Of(path) };
  return { pathB64: Buffer.from(path, 'latin1').toString('base64') };
}

function snapshotShown(said: SnapshotSaid): SnapshotShown {
  return { ...said, coveredUpTo: timeOf(unixMs(said.coveredUpTo)) };
}

const DATE_MS_MAX = 8.64e15;

function entryShown({ path, mode, modifiedAt, target, ...rest }: EntrySaid): EntryShown {
  const at = Math.abs(modifiedAt) <= DATE_MS_MAX ? modifiedAt : 0;
  return {
    ...{ ...named(path), ...rest, mode: mode.toString(8).padStart(4, '0') },
    ...{ modifiedAt: timeOf(unixMs(at)), target: target === null ? null : utf8Of(target) },
  };
}

function differenceShown({ path, fields, ...rest }: DifferenceSaid): DifferenceShown {
  return { ...named(path), ...rest, fields: [...fields] };
}
