/** What looks into repositories showed, as evidence that expires. */
import type { Evidence } from '../../base/evidence.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { DurationMs } from '../../base/units.ts';
import { unixMs } from '../../base/units.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { type ConnectedRepository, LISTING_LIMIT, outermost } from '../../watch/core/connected.ts';
import {
  connectedCopy,
  connectedExists,
  connectedVault,
} from '../../watch/core/connected-estate.ts';
import type { Drill } from '../../watch/core/estate.ts';
import { placeOf } from '../../watch/core/locate.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import { drillStanding, type SampleDrill } from '../../watch/core/sample-verdict.ts';
import { hostFacts } from '../run-backup.ts';
import type { ClusterDrill, ConnectParts } from './connect-parts.ts';

type Recording = Pick<ConnectParts, 'cli' | 'ledger' | 'discovery'>;

/** That it was opened and listed. */
export async function recordOpened(parts: Recording, of: ConnectedRepository): Promise<void> {
  const detail = { points: of.points.length, id: of.id };
  const subject = `connected/${connectedCopy(of)}`;
  await parts.ledger.record(
    evidenceOf(parts, { subject, saw: 'healthy', at: of.openedAt, limit: LISTING_LIMIT, detail }),
  );
}

/** That it could not be: what was seen in it before is kept, and no longer counts as fresh. */
export async function recordTrouble(
  parts: Pick<ConnectParts, 'cli' | 'ledger' | 'discovery'>,
  of: ConnectedRepository,
): Promise<void> {
  const { trouble } = of;
  if (trouble === undefined) return;
  const subject = `connected/${connectedCopy(of)}`;
  const saw = trouble.isBroken ? 'broken' : 'unreadable';
  const detail = { code: trouble.code };
  await parts.ledger.record(
    evidenceOf(parts, { subject, saw, at: trouble.at, limit: LISTING_LIMIT, detail }),
  );
}

const SAW = { ok: 'healthy', failed: 'broken', unknown: 'unreadable' } as const;

/**
 * A sample proves itself: it is kept, and is neither *exists* nor *usable*. All of a point is both.
 * What failed says of all that it is not right, whatever the rest was.
 */
export async function recordSample(
  parts: ConnectParts,
  of: ConnectedRepository,
  drill: SampleDrill,
): Promise<void> {
  const { ledger } = parts;
  const at = drill.startedAt;
  const saw = SAW[drillStanding(drill)];
  const { files, restoredBytes, tookMs, failed, differs, isWhole } = drill;
  const detail = {
    ...{ point: drill.point, files, bytes: restoredBytes, tookMs, failed, differs, isWhole },
    ...{ filesAll: drill.filesAll, bytesAll: drill.bytesAll, notTried: drill.notTried },
  };
  const subject = `sample/${connectedCopy(of)}`;
  await ledger.record(evidenceOf(parts, { subject, saw, at, limit: PROOF_LIMITS.usable, detail }));
  const isDamaged = failed > 0;
  if (saw === 'unreadable' || (!drill.isWhole && !isDamaged)) return;
  await ledger.record(
    evidenceOf(parts, {
      subject: connectedExists(of, drill.point),
      saw: isDamaged ? 'broken' : 'healthy',
      at,
      limit: PROOF_LIMITS.exists,
      detail,
    }),
  );
  const roots = outermost(of.points.find(({ id }) => id === drill.point)?.paths ?? []);
  for (const root of roots) {
    await recordUsable(parts, of, {
      ...{ root, saw, detail, drill, entries: drill.restoredFiles, bytes: drill.restoredBytes },
      ...{ isPastCache: drill.isPastCache, engineStarted: undefined },
    });
  }
}

/** A whole cluster was restored, its checksums compared by pgBackRest, and an engine started. */
export async function recordCluster(
  parts: ConnectParts,
  of: ConnectedRepository,
  drill: ClusterDrill,
): Promise<void> {
  const { ledger } = parts;
  const isRight = drill.isRestored && drill.isStarted !== false;
  const detail = { bytes: drill.bytes, files: drill.files, tookMs: drill.tookMs };
  const at = drill.startedAt;
  const saw = isRight ? 'healthy' : 'broken';
  await ledger.record(
    evidenceOf(parts, {
      subject: connectedExists(of, drill.point),
      ...{ saw, at, limit: PROOF_LIMITS.exists, detail },
    }),
  );
  const subject = `sample/${connectedCopy(of)}`;
  await ledger.record(evidenceOf(parts, { subject, saw, at, limit: PROOF_LIMITS.usable, detail }));
  if (drill.dataSet === undefined) return;
  await recordUsable(parts, of, {
    ...{ root: drill.dataSet, saw, detail, drill, entries: drill.files, bytes: drill.bytes },
    ...{ isPastCache: false, engineStarted: drill.isStarted ?? false },
  });
}

/** That a root came back from a point, and how long that took. */
async function recordUsable(
  parts: ConnectParts,
  of: ConnectedRepository,
  shown: Pick<Drill, 'bytes' | 'entries' | 'isPastCache' | 'engineStarted'> & {
    readonly root: ByteString;
    readonly saw: Evidence['saw'];
    readonly detail: Evidence['detail'];
    readonly drill: Pick<ClusterDrill, 'point' | 'startedAt' | 'tookMs'>;
  },
): Promise<void> {
  const { root, saw, detail, drill, ...rest } = shown;
  const dataSet = utf8Of(root);
  const copy = connectedCopy(of);
  const subject = `usable/${copy}/${dataSet}`;
  const at = drill.startedAt;
  await parts.ledger.recordDrill({
    ...{ dataSet, vault: connectedVault(of), copy, point: drill.point, ...rest },
    evidence: evidenceOf(parts, { subject, saw, at, limit: PROOF_LIMITS.usable, detail }),
    tookMs: drill.tookMs,
    target: placeOf(parts.discovery, parts.scratch.path),
    bottleneck: undefined,
  });
}

function evidenceOf(
  { cli, discovery }: Recording,
  of: {
    readonly subject: string;
    readonly saw: Evidence['saw'];
    readonly at: Evidence['observedAt'];
    readonly limit: DurationMs;
    readonly detail: Evidence['detail'];
  },
): Evidence {
  const now = cli.clock.now();
  return {
    subject: of.subject,
    saw: of.saw,
    observedAt: of.at,
    receivedAt: now,
    expiresAt: unixMs(of.at + of.limit),
    source: `${discovery.host}/connect`,
    bootId: hostFacts(now).bootId,
    seq: Math.floor(cli.clock.monotonic()),
    detail: of.detail,
  };
}
