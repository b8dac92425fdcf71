/** Drills over the invented estate: what they showed, what is next, what cannot be. */
import { GIB, unixMs } from '../../src/base/units.ts';
import type { DrillMeasured } from '../../src/watch/core/drills/estate-drill.ts';
import type { DrillPlannedShown, DrillShown, DrillsShown } from '../../src/web/drills-shown.ts';
import { AT } from './sample.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const jobOf = (digit: string): string => `${digit}d`.repeat(16);

function measured(bytes: number, tookMs: number, change: Partial<DrillMeasured> = {}) {
  return {
    ...{ bytes, entries: 48_200, tookMs, totalMs: tookMs + 40_000, isPastCache: true },
    ...{ engineStarted: undefined, engines: '', gapCount: 0, mediumOfVault: 'ssh:st1' },
    ...{ mediumOfScratch: '/dev/nvme0n1p2 (ext4)', beneath: undefined, bottleneck: undefined },
    ...change,
  };
}

function drillOf(digit: string, dataSet: string, agoMs: number): Omit<DrillShown, 'end'> {
  return {
    ...{ job: jobOf(digit), host: 'rs1', dataSet, point: `${digit}b`.repeat(32) },
    ...{ which: 'newest', of: 31, by: 'drills', askedAt: unixMs(AT - agoMs) },
  };
}

export function sampleDrills(dataSet: string): readonly DrillShown[] {
  const endedAt = unixMs(AT - HOUR);
  return [
    { ...drillOf('1', 'hv1:wiki', 6 * MINUTE), by: 'anna', end: undefined },
    {
      ...drillOf('2', dataSet, 9 * HOUR),
      end: {
        ...{ verdict: 'drilled', why: '', endedAt },
        measured: measured(412 * GIB, 58 * MINUTE, {
          bottleneck: '1 Gbit/s link of st1',
          isPastCache: false,
          engineStarted: true,
          engines: 'PostgreSQL 15 started and 41 tables were read',
        }),
      },
    },
    {
      ...drillOf('3', 'mail:/srv/mail', 2 * DAY),
      ...{ which: 'random', host: 'rs2' },
      end: {
        ...{ verdict: 'broken', why: '2 files differ from what was saved', endedAt },
        measured: measured(80 * GIB, 14 * MINUTE),
      },
    },
    {
      ...drillOf('4', 'dl1:/srv/mirror', 3 * DAY),
      end: {
        ...{ verdict: 're-read', why: '', endedAt },
        measured: measured(3900 * GIB, 9 * HOUR),
      },
    },
    {
      ...drillOf('5', 'ci1:/var/lib/jenkins', 4 * DAY),
      end: { verdict: 'lost', why: 'Its agent heard it and has not said that it began.', endedAt },
    },
  ];
}

export function sampleDrillsShown(dataSet: string): DrillsShown {
  const drills = sampleDrills(dataSet);
  const planned = (name: string, change: Partial<DrillPlannedShown>): DrillPlannedShown => ({
    ...{ dataSet: name, wait: 'not due', dueAt: unixMs(AT + 2 * DAY), host: 'rs1', cannot: [] },
    ...{ which: 'random', bytes: 40 * GIB, isAtSource: false },
    last: drills.find((each) => each.dataSet === name && each.end?.measured !== undefined),
    ...change,
  });
  return {
    ...{ drills, total: 214, restoreHosts: ['rs1', 'rs2'] },
    rules: { eachMs: 7 * DAY, bytesMax: 200 * GIB, busyMaxMs: 4 * HOUR, atOnce: 2 },
    planned: [
      planned('hv3:bugzilla', { wait: 'window', dueAt: undefined, which: 'newest' }),
      planned('hv1:wiki', { wait: 'runs' }),
      planned(dataSet, { wait: 'budget', dueAt: unixMs(AT - HOUR), bytes: 412 * GIB }),
      planned('mail:/srv/mail', { isAtSource: true, host: 'mail' }),
      planned('dl1:/srv/mirror', { wait: 'too large', bytes: 3900 * GIB }),
      planned('st3:/srv/brick', {
        ...{ wait: 'no restore host', host: undefined, which: undefined, bytes: undefined },
        cannot: [
          {
            ...{ host: 'rs1', why: 'rs1 does not hold the key of vault 3f9c2a41' },
            remedy:
              'Give rs1 that vault and its key: vault and key-file in its holdfast.yaml, which config in its agent.yaml names.',
          },
          {
            ...{ host: 'rs2', why: 'rs2 is not heard' },
            remedy: 'Look whether its agent runs: systemctl status holdfast-agent on rs2.',
          },
        ],
      }),
    ],
  };
}
