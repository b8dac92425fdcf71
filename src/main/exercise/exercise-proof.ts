/** What an exercise has shown, as evidence that expires: the only proof that a service moves by itself. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import { unixMs, type UnixMs } from '../../base/units.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import {
  type ExerciseReport,
  type Moved,
  MOVES_LIMIT,
} from '../../watch/core/exposure/exercise.ts';
import { movesSubject } from '../../watch/core/exposure/moves-by-itself.ts';
import { textOfBytes } from '../cli/places.ts';
import { hostFacts } from '../run-backup.ts';

/** Durable when it resolves; said twice it changes nothing. @throws Fault HF_LEDGER_UNAVAILABLE */
export async function keepProof(
  state: ByteString,
  report: ExerciseReport,
  now: UnixMs,
): Promise<void> {
  if (report.isOpen) return;
  const shown = report.moved.filter(({ verdict }) => verdict !== 'not shown');
  if (shown.length === 0) return;
  const ledger = await openLedger(textOfBytes(byteString(`${state}/state.db`)));
  try {
    for (const moved of shown) await ledger.record(evidenceOf(report, moved, now));
  } finally {
    await ledger.close();
  }
}

function evidenceOf({ number, start }: ExerciseReport, moved: Moved, now: UnixMs): Evidence {
  const { name, bootId } = hostFacts(now);
  const { service, what, verdict, pulledAt, outAtLeastMs, outAtMostMs } = moved;
  return {
    subject: movesSubject(service, what),
    saw: verdict === 'moved' ? 'healthy' : 'broken',
    observedAt: pulledAt,
    receivedAt: now,
    expiresAt: unixMs(pulledAt + MOVES_LIMIT),
    source: `${name}/exercise`,
    bootId,
    seq: number,
    detail: {
      ...{ exercise: number, who: start.who, outAtLeastMs },
      ...(outAtMostMs === undefined ? {} : { outAtMostMs }),
    },
  };
}
