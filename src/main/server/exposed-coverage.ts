/** What lies on all hosts and is in no recovery point: each host's own report, else what its sight says. */
import type { Steps } from '../../base/steps.ts';
import type { UnixMs } from '../../base/units.ts';
import type { LedgerRow } from '../../watch/core/ledger-report.ts';
import type { LookedHost } from '../../watch/core/look/looked-hosts.ts';
import { unprotectedData } from '../../watch/core/look/unprotected.ts';
import type { SeenAtServer } from './estate-at-server.ts';
import type { ExposedData } from './exposed-view.ts';

type Judged = Pick<ExposedData, 'state' | 'why' | 'coveredUpTo' | 'openCommand'>;

/** By host and path: whether it is certain. What is not here is named by some backup. */
export type Unprotected = ReadonlyMap<string, boolean>;

export function unprotectedOf(seen: SeenAtServer, now: UnixMs): Unprotected {
  return new Map(
    unprotectedData(seen.many, now).map((each) => [`${each.host}\0${each.path}`, each.isCertain]),
  );
}

/** @param none what `unprotectedOf` says of the same sights */
export function* exposedCoverage(
  seen: SeenAtServer,
  none: Unprotected,
  now: UnixMs,
): Steps<readonly ExposedData[]> {
  const reported = new Map(
    seen.shown.flatMap(({ host, ledger }) =>
      ledger?.now.standing === 'fresh'
        ? [[host, new Map(ledger.report.coverage.map((row) => [row.path, row]))] as const]
        : [],
    ),
  );
  yield;
  const rows: Ranked[] = [];
  for (const [at, machine] of seen.machines.entries()) {
    if (at % STEP_HOSTS === 0) yield;
    const its = reported.get(machine.host);
    for (const data of machine.sight?.discovery.data ?? []) {
      const { path, kind, bytes, isComplete, newestChange } = data;
      const isCertain = none.get(`${machine.host}\0${path}`);
      const row = {
        ...{ host: machine.host, path, kind, bytes, isAtLeast: !isComplete, newestChange },
        ...judged(machine, its?.get(path), isCertain),
        seenAt: machine.sight?.discovery.seenAt ?? now,
      };
      rows.push({ row, name: `${machine.host}:${path}` });
    }
  }
  yield;
  rows.sort(worstFirst);
  yield;
  return rows.map(({ row }) => row);
}

/** Handled in one step. */
const STEP_HOSTS = 50;

interface Ranked {
  readonly row: ExposedData;
  /** Made once, and not at each comparison. */
  readonly name: string;
}

/** What a sight alone says is none only where no backup was found that may hold it. */
function judged(
  { look, why }: LookedHost,
  row: LedgerRow | undefined,
  isCertain: boolean | undefined,
): Judged {
  const nothing = { coveredUpTo: undefined, openCommand: undefined };
  if (look === 'stale') return { state: 'unknown', why, ...nothing };
  if (row?.state === 'covered') {
    const { state, coveredUpTo, openCommand } = row;
    return { state, why: row.why, coveredUpTo, openCommand };
  }
  if (row !== undefined && isCertain !== true) {
    const { state, openCommand } = row;
    return { state, why: row.why, coveredUpTo: undefined, openCommand };
  }
  if (isCertain === true) return { state: 'none', why: row?.why ?? '', ...nothing };
  const unclear = 'a backup that was not opened may hold it';
  return { state: 'unknown', why: isCertain === undefined ? '' : unclear, ...nothing };
}

const ORDER = { none: 0, unknown: 1, covered: 2 } as const;

function worstFirst(one: Ranked, other: Ranked): number {
  return (
    ORDER[one.row.state] - ORDER[other.row.state] ||
    other.row.bytes - one.row.bytes ||
    (one.name < other.name ? -1 : 1)
  );
}
