/**
 * What exposure of a large estate costs: `npm run bench-exposure`. An invented estate, one process;
 * CPU time of it, since other work on the machine is not ours.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
import { unixMs, type UnixMs } from '../src/base/units.ts';
import type { Estate } from '../src/watch/core/estate.ts';
import { type ExposureIndex, exposureIndex } from '../src/watch/core/exposure/exposure-index.ts';
import { exposureView } from '../src/watch/core/exposure/exposure-view.ts';
import { viewParts } from '../src/watch/core/exposure/view-parts.ts';
import { type EstateSize, inventedEstate } from './exposure-estate.ts';
import { describeMachine } from './machine.ts';
import { type BenchRun, runBench } from './run-bench.ts';

const HELP = `npm run bench-exposure -- [options]

  --data-sets N   (default 10000)
  --domains N     hosts, disks and groups; each data set has its own directory beside (default 1000)
  --copies N      of each vault (default 5)
  --points N      of each data set (default 5)
  --rounds N      of each measurement; figures are medians (default 9)
  --seed N        of all chance (default 1)
{common}
`;

const OPTIONS = {
  ...{ 'data-sets': '10000', domains: '1000', copies: '5', points: '5' },
  ...{ rounds: '9', seed: '1' },
};
type Run = BenchRun<keyof typeof OPTIONS>;

/** Issue 7, section 2. */
const GOALS = { allMs: 1000, changeMs: 20, bytes: 300e6 };
const NOW: UnixMs = unixMs(Date.UTC(2026, 10, 21));

function main({ scratch, values, keep }: Run): void {
  const size: EstateSize = {
    ...{ dataSets: Number(values['data-sets']), domains: Number(values.domains) },
    ...{ copies: Number(values.copies), points: Number(values.points), seed: Number(values.seed) },
  };
  const rounds = Number(values.rounds);
  const estate = inventedEstate(size, NOW);
  const estateBytes = usedBytes();
  const all = measured(rounds, () => exposureIndex(estate, NOW));
  const first = all.result;
  const view = measured(rounds, () => shown(first));
  const changes = changesOf(estate);
  const each = changes.map(({ name, changed }) => {
    const { ms } = measured(rounds, (round) => exposureIndex(changed(round), NOW, first));
    return [`change_${name}Ms`, ms] as const;
  });
  const later = measured(rounds, (round) =>
    exposureIndex(estate, unixMs(NOW + (round + 1) * 60_000), first),
  );
  const kept = viewParts(first);
  const point = changes[0];
  const viewAfterChange = measured(rounds, (round) => {
    const index = exposureIndex(point?.changed(round) ?? estate, NOW, first);
    const before = process.cpuUsage();
    const made = exposureView(index, viewParts(index, kept));
    const { user, system } = process.cpuUsage(before);
    return { made, ms: (user + system) / 1000 };
  });
  // Only the last one is held, as a server does.
  const bytes = usedBytes();
  const figures = {
    ...{ allMs: all.ms, ...Object.fromEntries(each), minuteLaterMs: later.ms },
    /** All lists in order, and the rows of the fifty worst falls. */
    viewMs: view.ms,
    /** The same lists after another point, from the parts of the view before. */
    viewAfterChangeMs: Math.round(viewAfterChange.result.ms * 10) / 10,
    ...{ estateBytes, bytes, rssPeakBytes: process.resourceUsage().maxRSS * 1024 },
    /** So that nobody makes it fast by computing less. */
    shown: view.result,
  };
  const changeMs = Math.max(...each.map(([, ms]) => ms));
  const met = {
    all: all.ms <= GOALS.allMs,
    change: changeMs <= GOALS.changeMs,
    memory: bytes <= GOALS.bytes,
  };
  const result = {
    machine: describeMachine(scratch.root),
    size,
    rounds,
    goals: GOALS,
    met,
    ...figures,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  keep('exposure', result);
}

interface Shown {
  readonly falls: number;
  readonly lost: number;
  readonly worst: string;
}

function shown(index: ExposureIndex): Shown {
  const { falls, dataSets } = exposureView(index);
  const rows = falls.slice(0, 50).map((fall) => fall.hits.length);
  const lost = rows.reduce((sum, count) => sum + count, 0);
  return { falls: falls.length, lost, worst: `${falls[0]?.id ?? ''} ${dataSets[0]?.name ?? ''}` };
}

/** One thing of the estate is another one than before; each round another. */
function changesOf(estate: Estate): readonly {
  readonly name: string;
  readonly changed: (round: number) => Estate;
}[] {
  const with1 = <T>(items: readonly T[], round: number, change: (item: T) => T): readonly T[] => {
    const at = (round * 997) % items.length;
    return items.map((item, i) => (i === at ? change(item) : item));
  };
  return [
    {
      name: 'point',
      changed: (round) => ({
        ...estate,
        points: with1(estate.points, round, (point) => ({
          ...point,
          coveredUpTo: unixMs(point.coveredUpTo + 1000),
        })),
      }),
    },
    {
      name: 'drill',
      changed: (round) => ({
        ...estate,
        drills: with1(estate.drills, round, (drill) => ({ ...drill, bytes: drill.bytes + 1 })),
      }),
    },
    {
      name: 'place',
      changed: (round) => ({
        ...estate,
        dataSets: with1(estate.dataSets, round, (set) => ({
          ...set,
          places: set.places.map((place) => ({ ...place, host: `host${round}` })),
        })),
      }),
    },
  ];
}

/** The median of CPU time, without the first round: a program is warm before it is old. */
function measured<T>(
  rounds: number,
  work: (round: number) => T,
): { readonly ms: number; readonly result: T } {
  let result = work(0);
  const times: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const before = process.cpuUsage();
    result = work(round);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  times.sort((one, other) => one - other);
  return { ms: Math.round((times[times.length >> 1] ?? NaN) * 10) / 10, result };
}

const collect = ((): (() => void) => {
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc') as () => void;
})();

/** What lives: garbage is left out, which is as much as the heap has room for. */
function usedBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

await runBench({ help: HELP, options: OPTIONS }, main);
