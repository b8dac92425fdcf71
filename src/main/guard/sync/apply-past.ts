/** An apply that goes on past single entries which cannot be written: what can be restored is. */
import type { ApplyReport } from '../../../guard/shell/apply-request.ts';
import { MOUNTED } from '../../../guard/shell/survey-below.ts';
import type { RestoreFailure } from '../../../recover/core/restore-tally.ts';

/** What says nothing about any other entry. */
const OF_ONE: ReadonlySet<string> = new Set([
  // EBUSY: something is mounted on it.
  ...['EACCES', 'EBUSY', 'EEXIST', 'EILSEQ', 'EINVAL', 'EIO', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR'],
  ...['ENOTSUP', 'EOPNOTSUPP', 'EPERM'],
]);
/** Each costs one more run of the plan. */
const PASSED_MAX = 100;

/** @param leaveOut neither it nor what lies below it is tried again */
export async function applyPast(
  apply: () => Promise<ApplyReport>,
  leaveOut: (failure: RestoreFailure) => void,
): Promise<ApplyReport> {
  let sum = await apply();
  for (let passed = 0; passed < PASSED_MAX; passed++) {
    const { stop } = sum;
    if (stop?.n === undefined || !isOfOne(sum)) return sum;
    const code = stop.why === MOUNTED ? 'EBUSY' : stop.why;
    leaveOut({ path: stop.path, code, why: `could not be written: ${stop.why}` });
    sum = added(sum, await apply());
  }
  return sum;
}

function isOfOne({ outcome, stop }: ApplyReport): boolean {
  const why = stop?.why ?? '';
  return outcome === 'stale' ? why === MOUNTED : outcome === 'stopped' && OF_ONE.has(why);
}

function added(before: ApplyReport, last: ApplyReport): ApplyReport {
  return {
    ...last,
    done: before.done + last.done,
    asideEntries: before.asideEntries + last.asideEntries,
    asideBytes: before.asideBytes + last.asideBytes,
    unset: [...before.unset, ...last.unset],
  };
}
