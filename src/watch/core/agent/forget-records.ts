/** What is let go of where there is room for no more: repeats, then what is oldest. */
import type { AgentRecord } from './messages.ts';

type Kept = Exclude<AgentRecord, { readonly t: 'seen' }>;

export interface SizedRecord {
  readonly record: Kept;
  readonly bytes: number;
}

interface Outcome<T extends SizedRecord> {
  readonly kept: readonly T[];
  /** Records that the last message will never bring, `lost` ones with what they counted. */
  readonly forgotten: number;
}

/** @param all oldest first */
export function forgetTo<T extends SizedRecord>(all: readonly T[], bytesMax: number): Outcome<T> {
  // One count for all that was ever lost; the new one takes the place of those before.
  const before = all.reduce((sum, { record }) => sum + (record.t === 'lost' ? record.count : 0), 0);
  const rest = all.filter(({ record }) => record.t !== 'lost');
  const single = withoutRepeats(rest);
  const plain = oldestOut(single, bytesMax, ({ record: { t } }) => t === 'was' || t === 'line');
  const kept = oldestOut(plain, bytesMax, () => true);
  return { kept, forgotten: before + rest.length - kept.length };
}

function withoutRepeats<T extends SizedRecord>(all: readonly T[]): readonly T[] {
  const said = new Set<string>();
  const saw = new Map<string, string>();
  const lastOfJob = new Map<string, number>();
  for (const { record } of all) if (record.t === 'job') lastOfJob.set(record.job, record.n);
  return all.filter(({ record }) => {
    if (record.t === 'job') return lastOfJob.get(record.job) === record.n;
    if (record.t === 'line') {
      const text = `${record.from} ${record.text}`;
      const isFirst = !said.has(text);
      said.add(text);
      return isFirst;
    }
    if (record.t !== 'was') return true;
    const isSame = saw.get(record.item) === record.saw;
    saw.set(record.item, record.saw);
    return !isSame;
  });
}

function oldestOut<T extends SizedRecord>(
  all: readonly T[],
  bytesMax: number,
  mayGo: (each: T) => boolean,
): readonly T[] {
  let over = all.reduce((sum, { bytes }) => sum + bytes, 0) - bytesMax;
  return all.filter((each) => {
    if (over <= 0 || !mayGo(each)) return true;
    over -= each.bytes;
    return false;
  });
}
