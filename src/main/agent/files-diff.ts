/** Two snapshots of one data set compared, for a server: counts first, then a page of what differs. */
import { Fault } from '../../base/fault.ts';
import type { Amount, PointDifference } from '../../recover/core/compare-difference.ts';
import { comparePoints } from '../../recover/shell/compare-points.ts';
import type {
  DiffAnswer,
  DifferenceSaid,
  DiffWant,
  TotalsSaid,
} from '../../watch/core/files/wants.ts';
import { type FilesVault, pageOf, portsOf, snapshotHere } from './files-vault.ts';

/** @throws Fault HF_SNAPSHOT_ABSENT, HF_USAGE, and what reading manifests gives */
export async function diffHere(vault: FilesVault, want: DiffWant): Promise<DiffAnswer> {
  const [before, after] = [
    await snapshotHere(vault, want.before),
    await snapshotHere(vault, want.after),
  ];
  const isOfOne =
    before.said.host === after.said.host && before.said.dataSet === after.said.dataSet;
  if (!isOfOne) {
    const message = 'the two snapshots are not of one data set';
    throw new Fault('HF_USAGE', message, { command: 'diff' });
  }
  const found = comparePoints(await portsOf(vault), {
    ...{ before: before.snapshot, after: after.snapshot },
  });
  const page = pageOf(ofKind(found.differences, want.kind), want, differenceSaid);
  // What differs is counted whole, whatever page of it is shown.
  for (let rest = found.differences.next(); rest.done !== true; ) rest = found.differences.next();
  const { added, removed, changed, changedAround, unknown } = found.totals();
  return {
    ...{ before: before.said, after: after.said, next: page.next, differences: page.items },
    totals: {
      ...{ added: amountSaid(added), removed: amountSaid(removed), changed: amountSaid(changed) },
      ...{ changedAround, unknown },
    },
  };
}

/** By hand: ending a `for` over it would end what is counted. */
function* ofKind(
  all: Generator<PointDifference>,
  kind: DiffWant['kind'],
): Generator<PointDifference> {
  for (let one = all.next(); one.done !== true; one = all.next()) {
    if (kind === undefined || one.value.kind === kind) yield one.value;
  }
}

const WHY_MAX = 300;
const FIELDS_MAX = 32;

function differenceSaid(of: PointDifference): DifferenceSaid {
  const before = 'before' in of ? of.before : undefined;
  const after = 'after' in of ? of.after : undefined;
  const why = of.kind === 'unknown' ? of.why : of.kind === 'changed' ? of.unknown : undefined;
  const sizeOf = (entry: typeof before): number | null =>
    entry?.size === undefined ? null : Number(entry.size);
  return {
    ...{ kind: of.kind, path: of.path, type: (after ?? before)?.type ?? 'file' },
    ...{ bytesBefore: sizeOf(before), bytesAfter: sizeOf(after) },
    fields: of.kind === 'changed' ? of.fields.slice(0, FIELDS_MAX) : [],
    why: why?.slice(0, WHY_MAX) ?? null,
  };
}

function amountSaid({ entries, bytes }: Amount): TotalsSaid {
  return { entries, bytes: Number(bytes) };
}
