/** What drills of this server prove in its estate. The word of a host alone adds nothing here. */
import type { Evidence } from '../../../base/evidence.ts';
import { durationMs, type DurationMs, type UnixMs, unixMs } from '../../../base/units.ts';
import type { CopyProof, Drill, Estate } from '../estate.ts';
import { PROOF_LIMITS } from '../proof.ts';
import { spentDetail } from './drill-spent.ts';
import type { DrillMeasured, EstateDrill } from './estate-drill.ts';

/** Of a point that nobody reports any more nothing counts; nor of a copy that is not its own. */
export function withEstateDrills(
  estate: Estate,
  drills: readonly EstateDrill[],
  now: UnixMs,
): Estate {
  const ended = drills.filter(isProof);
  if (ended.length === 0) return estate;
  const vaultOf = new Map(estate.vaults.map(({ copy, vault }) => [copy, vault]));
  const known = new Set(estate.points.map((point) => keyOf({ ...point, point: point.id })));
  const counted = ended.filter(
    (each) => known.has(keyOf(each)) && vaultOf.get(each.copy) === each.vault,
  );
  const proofs = new Map<string, CopyProof[]>();
  for (const each of counted) {
    const all = proofs.get(keyOf(each)) ?? [];
    proofs.set(keyOf(each), [...all, { copy: each.copy, evidence: existsOf(each) }]);
  }
  return {
    ...estate,
    vaults: withKeys(estate, counted, now),
    points: estate.points.map((point) => {
      const more = proofs.get(keyOf({ ...point, point: point.id }));
      return more === undefined ? point : { ...point, exists: [...point.exists, ...more] };
    }),
    drills: [...estate.drills, ...counted.flatMap((each) => drillOf(each))],
  };
}

/** Of a drill that still holds: the key is where it was. */
export function holdsStill({ askedAt }: EstateDrill, now: UnixMs): boolean {
  return now < askedAt + PROOF_LIMITS.usable;
}

/**
 * Whoever restored from a copy has a key that opens it: the one by which its own report opens that
 * vault now. What a host says of its keys alone opens nothing of others.
 */
function withKeys(estate: Estate, counted: readonly Proving[], now: UnixMs): Estate['vaults'] {
  const more = new Map<string, Set<string>>();
  for (const drill of counted) {
    const { copy, host, vault } = drill;
    if (drill.end.verdict === 'broken' || !holdsStill(drill, now)) continue;
    const its = `${vault.slice(0, vault.lastIndexOf(' of '))} of ${host}`;
    const keys = estate.vaults.flatMap((each) => (each.vault === its ? (each.openedBy ?? []) : []));
    more.set(copy, new Set([...(more.get(copy) ?? []), ...keys]));
  }
  return estate.vaults.map((each) => {
    const keys = more.get(each.copy);
    if (each.openedBy === undefined || keys === undefined) return each;
    return { ...each, openedBy: [...new Set([...each.openedBy, ...keys])] };
  });
}

type Proving = EstateDrill & { readonly end: { readonly measured: DrillMeasured } };

/** Whether it showed something, for good or ill. */
export function isProof(drill: EstateDrill): drill is Proving {
  const { end } = drill;
  if (end?.measured === undefined) return false;
  return end.verdict === 'drilled' || end.verdict === 're-read' || end.verdict === 'broken';
}

function keyOf(of: Pick<EstateDrill, 'dataSet' | 'vault' | 'point'>): string {
  return `${of.dataSet}\0${of.vault}\0${of.point}`;
}

function existsOf(drill: Proving): Evidence {
  const { copy, dataSet, point } = drill;
  const subject = `exists/${copy}/${dataSet}/${point}`;
  // Where an engine refused them, the bytes were what was written.
  const isWrong = drill.end.verdict === 'broken' && drill.end.measured.engineStarted === undefined;
  return evidenceOf(drill, { subject, isWrong, limit: PROOF_LIMITS.exists, detail: {} });
}

function drillOf(drill: Proving): readonly Drill[] {
  const { dataSet, vault, copy, point, end } = drill;
  if (end.verdict === 're-read') return [];
  const { bytes, entries, tookMs, isPastCache, engineStarted, bottleneck, beneath } = end.measured;
  const detail = spentDetail(end.measured.spent);
  const subject = `usable/${copy}/${dataSet}`;
  const isWrong = end.verdict === 'broken';
  return [
    {
      ...{ dataSet, vault, copy, point, bytes, entries, isPastCache, engineStarted, bottleneck },
      evidence: evidenceOf(drill, { subject, isWrong, limit: PROOF_LIMITS.usable, detail }),
      tookMs: durationMs(tookMs),
      // The disks of the restore host: of any other machine it says nothing.
      target: { host: drill.host, path: undefined, beneath },
    },
  ];
}

/** Of the moment it was asked: the one that this server knows, and never after what was read. */
function evidenceOf(
  { host, job, askedAt, end }: Proving,
  of: {
    readonly subject: string;
    readonly isWrong: boolean;
    readonly limit: DurationMs;
    readonly detail: Evidence['detail'];
  },
): Evidence {
  return {
    subject: of.subject,
    saw: of.isWrong ? 'broken' : 'healthy',
    observedAt: askedAt,
    receivedAt: end.endedAt,
    expiresAt: unixMs(askedAt + of.limit),
    ...{ source: `${host}/drill ${job}`, bootId: '', seq: 0, detail: of.detail },
  };
}
