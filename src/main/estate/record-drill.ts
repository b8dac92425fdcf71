/** What a drill showed, as evidence that expires. */
import type { ByteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { Fault } from '../../base/fault.ts';
import type { DurationMs } from '../../base/units.ts';
import { durationMs, unixMs } from '../../base/units.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { spentDetail } from '../../watch/core/drills/drill-spent.ts';
import type { Drill } from '../../watch/core/estate.ts';
import { placeOf } from '../../watch/core/locate.ts';
import { isWithin } from '../../watch/core/place.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import { hostFacts } from '../run-backup.ts';
import type { VaultSession } from '../vault-session.ts';
import type { ReadSnapshot } from './points.ts';
import { existsSubject, readSnapshots } from './points.ts';
import { copyName } from './vault-where.ts';

export interface DrillToRecord {
  readonly session: VaultSession;
  readonly ledger: EvidenceLedger;
  readonly discovery: Pick<Discovery, 'fileSystems' | 'host'>;
  readonly snapshot: ReadSnapshot;
  readonly scratch: ByteString;
  readonly result: DrillResult;
}

/**
 * Records what the drill proves: that the bytes of this snapshot *exist*, and, where they were
 * restored and compared, that the data set is *usable* and how *fast* it came back; where an engine is
 * needed, only if it started. Reading alone proves the first and not the others. Durable when it resolves.
 */
export async function recordDrill(of: DrillToRecord): Promise<void> {
  const { ledger, result, session, snapshot, discovery } = of;
  const copy = copyName(discovery.host, session.line.place);
  const subject = existsSubject(copy, snapshot.content);
  await ledger.record(evidenceOf(of, { subject, limit: PROOF_LIMITS.exists }));
  if (result.kind !== 'drilled') return;
  const { dataSet } = snapshot.content;
  const usable = `usable/${copy}/${dataSet}`;
  const drill: Drill = {
    dataSet,
    vault: session.vault.id,
    copy,
    point: snapshot.record.id,
    evidence: {
      ...evidenceOf(of, { subject: usable, limit: PROOF_LIMITS.usable }),
      ...(isUnusable(of) ? { saw: 'broken' } : {}),
    },
    bytes: result.bytes,
    entries: result.entries,
    tookMs: durationMs(result.durationMs),
    target: placeOf(discovery, of.scratch),
    isPastCache: result.isPastCache,
    engineStarted: hasStarted(result),
    bottleneck: undefined,
  };
  await ledger.recordDrill(drill);
}

/** Of all that need one; undefined where nothing does. */
function hasStarted({ engines }: DrillResult): boolean | undefined {
  return engines.length === 0 ? undefined : engines.every(({ isUsable }) => isUsable === true);
}

/**
 * An engine refused what was promised to be whole. A small database that some program had open in a
 * home is a gap of the home, which does not make the rest of it useless.
 */
export function isUnusable({
  result,
  snapshot,
}: {
  readonly result: Pick<DrillResult, 'engines'>;
  readonly snapshot: Pick<ReadSnapshot, 'content'>;
}): boolean {
  const { torn, roots } = snapshot.content;
  const isGap = (path: ByteString): boolean =>
    torn.some((each) => each.path === path) && !roots.some((root) => isWithin(root.path, path));
  return result.engines.some(({ isUsable, path }) => isUsable === false && !isGap(path));
}

/**
 * Records that something of a data set in this vault is not what was written, though no drill came
 * to its end: what was proven of its snapshots before is proven no more. Durable when it resolves.
 */
export async function recordDamage(
  of: Pick<DrillToRecord, 'session' | 'ledger' | 'discovery'>,
  seen: { readonly dataSet: string; readonly fault: Fault },
): Promise<void> {
  const { session, ledger, discovery } = of;
  const copy = copyName(discovery.host, session.line.place);
  const now = session.clock.now();
  for (const { content } of await readSnapshots(session)) {
    if (content.dataSet !== seen.dataSet) continue;
    await ledger.record({
      subject: existsSubject(copy, content),
      saw: 'broken',
      observedAt: now,
      receivedAt: now,
      expiresAt: unixMs(now + PROOF_LIMITS.exists),
      source: `${discovery.host}/up`,
      bootId: hostFacts(now).bootId,
      seq: Math.floor(session.clock.monotonic()),
      detail: { code: seen.fault.code },
    });
  }
}

function evidenceOf(
  { session, result, discovery, snapshot }: DrillToRecord,
  of: { readonly subject: string; readonly limit: DurationMs },
): Evidence {
  const observedAt = result.startedAt;
  const now = session.clock.now();
  return {
    subject: of.subject,
    saw: result.isPassed ? 'healthy' : 'broken',
    observedAt,
    receivedAt: now,
    expiresAt: unixMs(observedAt + of.limit),
    source: `${discovery.host}/drill`,
    bootId: hostFacts(now).bootId,
    seq: Math.floor(session.clock.monotonic()),
    detail: {
      bytes: result.bytes,
      entries: result.entries,
      tookMs: result.durationMs,
      failedCount: result.failedCount,
      unexplainedCount: result.source.unexplainedCount,
      ...enginesIn(result),
      ...spentDetail(result.spent),
      // A data set here may be called the same: of that one it says nothing.
      ...(snapshot.content.host === discovery.host ? {} : { [OF_HOST]: snapshot.content.host }),
    },
  };
}

/** Key of the detail of what was drilled of another host. */
export const OF_HOST = 'ofHost';

const SAID_MAX = 500;

function enginesIn({ engines }: DrillResult): { readonly usable?: string } {
  if (engines.length === 0) return {};
  return {
    usable: engines
      .map(({ said }) => said)
      .join('; ')
      .slice(0, SAID_MAX),
  };
}
