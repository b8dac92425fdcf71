/** Every page of the invented estate, by its address. */
import { unixMs } from '../../src/base/units.ts';
import type { RecoveryPlan } from '../../src/watch/core/exposure/recovery-plan.ts';
import type { ExposureView } from '../../src/watch/core/exposure/view.ts';
import { changesPage } from '../../src/web/changes-page.ts';
import { dataSetPage, dataSetsPage } from '../../src/web/data-set-page.ts';
import { drillPage, drillsPage } from '../../src/web/drills-page.ts';
import { findingsPage } from '../../src/web/findings-page.ts';
import { freezePage } from '../../src/web/freeze-page.ts';
import { frontPage } from '../../src/web/front-page.ts';
import { historyPage } from '../../src/web/history-page.ts';
import { hostPage } from '../../src/web/host-page.ts';
import { alertsPage, checkPage, checksPage, hostsPage, jobsPage } from '../../src/web/lists.ts';
import { mapPage } from '../../src/web/map-page.ts';
import { losePage } from '../../src/web/lose-page.ts';
import { recoveryPage } from '../../src/web/recovery-page.ts';
import { planPage } from '../../src/web/plan-page.ts';
import { plansPage } from '../../src/web/plans-page.ts';
import { searchPage } from '../../src/web/search-page.ts';
import { servicePage, servicesPage } from '../../src/web/services-page.ts';
import type { ChangeShown, FreezeRow, Shown } from '../../src/web/shown.ts';
import { signInPage } from '../../src/web/sign-in-page.ts';
import type { Timeline } from '../../src/web/timeline.ts';
import { spacePage } from '../../src/web/space-page.ts';
import { unprotectedPage } from '../../src/web/unprotected-page.ts';
import type { HistoryKind } from '../../src/watch/core/history/history-span.ts';
import { filesPagesOf } from './sample-files.ts';
import { sampleSpaces, sampleTimeline } from './sample-history.ts';
import { AT, sampleShown } from './sample.ts';
import { sampleDrills, sampleDrillsShown } from './sample-drills.ts';
import { NO_PLANS } from './sample-plans.ts';
import { VMSTORE } from './sample-limits.ts';

const MINUTE = 60_000;

const REACHED: readonly FreezeRow[] = [
  {
    host: 'hv1',
    what: 'ovirt-engine',
    state: 'not-covered',
    why: 'No stopper is enabled here: what changes this host by itself goes on.',
  },
  { host: 'ci1', what: null, state: 'not-reachable', why: 'Its agent fell silent.' },
  {
    host: 'hv2',
    what: 'unattended-upgrades',
    state: 'still-running',
    why: 'in the middle of dpkg',
  },
  { host: 'st1', what: 'puppet', state: 'stopped', why: 'stopped after 6 s' },
];

const CHANGES: readonly ChangeShown[] = [
  {
    ...{
      host: 'hv3',
      at: unixMs(AT - 20 * MINUTE),
      notBefore: unixMs(AT - 380 * MINUTE),
      topic: 'packages',
    },
    ...{
      kind: 'changed',
      name: 'qemu-system-x86',
      before: '1:7.2+dfsg-7',
      after: '1:7.2+dfsg-7+deb12u12',
    },
  },
  {
    ...{
      host: 'st3',
      at: unixMs(AT - 2000 * MINUTE),
      notBefore: unixMs(AT - 2400 * MINUTE),
      topic: 'mounts',
    },
    ...{ kind: 'removed', name: '/srv/brick', before: 'xfs on /dev/sdb1', after: undefined },
  },
];

export function samplePages(shown: Shown = sampleShown()): ReadonlyMap<string, string> {
  const { exposure } = shown;
  const [dataSet] = exposure?.dataSets ?? [];
  const images = exposure?.dataSets.find(({ live = [] }) => live.length > 0);
  const [service] = exposure?.services ?? [];
  const item = shown.estate.hosts[0]?.items[0];
  const freeze = {
    ...{ id: 'f'.repeat(32), by: 'anna', reason: 'storage work', at: unixMs(AT - MINUTE) },
    ...{ until: unixMs(AT + 119 * MINUTE), rows: REACHED },
  };
  const empty: Shown = {
    ...{
      ...shown,
      exposure: undefined,
      alerts: [],
      jobs: [],
      plans: NO_PLANS,
      sights: [],
      coverage: [],
    },
    ...{ findings: [], estate: { ...shown.estate, hosts: [], orphans: [] } },
  };
  const begun: Shown = {
    ...{ ...shown, alerts: [], plans: NO_PLANS, jobs: [], sheets: { vaults: 1, confirmed: 0 } },
    exposure: exposure && {
      ...exposure,
      dataSets: exposure.dataSets.map((set) => ({
        ...set,
        best: set.best && { ...set.best, isProven: false, proof: { kind: 'only seen', ageMs: 0 } },
      })),
    },
  };
  const lines = [{ at: AT - 11 * MINUTE, text: 'XFS (sdb1): log I/O error -5' }];
  return new Map([
    ['/', frontPage(shown)],
    ['/frozen', frontPage({ ...shown, freeze })],
    ['/empty', frontPage(empty)],
    ['/begun', frontPage(begun)],
    ['/hosts', hostsPage(shown, 0)],
    [
      '/hosts/hv3',
      hostPage(shown, {
        host: 'hv3',
        changes: CHANGES.slice(0, 1),
        lines,
        timeline: timelineOf('host', 'hv3'),
      }),
    ],
    ['/hosts/st1', hostPage(shown, { host: 'st1', changes: [], lines: [] })],
    ['/checks', checksPage(shown, { host: undefined, mark: undefined, from: 0 })],
    ...(item === undefined
      ? []
      : [
          [
            '/check',
            checkPage(shown, {
              item,
              transitions: [
                {
                  at: AT - 11 * MINUTE,
                  from: 'healthy',
                  to: 'broken',
                  why: item.standing.why,
                  isByAgentClock: false,
                },
              ],
            }),
          ] as const,
        ]),
    ['/data-sets', dataSetsPage(shown)],
    ...drillPages({ ...shown, hasDrills: true }, dataSet?.name ?? ''),
    ...(dataSet === undefined
      ? []
      : [
          [
            '/data-set',
            dataSetPage(
              { ...shown, hasDrills: true, drills: sampleDrills(dataSet.name) },
              dataSet,
              timelineOf('data-set', dataSet.name),
            ),
          ] as const,
        ]),
    ...(['14d', '90d', '400d'] as const).map(
      (range) =>
        [
          `/history-${range}`,
          historyPage(
            shown,
            sampleTimeline({ kind: 'data-set', name: dataSet?.name ?? '' }, range),
          ),
        ] as const,
    ),
    ['/map', mapPage(shown)],
    ['/space', spacePage({ ...shown, spaces: sampleSpaces(shown) })],
    ['/history', historyPage(shown, sampleTimeline({ kind: 'estate', name: '' }, '90d'))],
    ...(images === undefined
      ? []
      : [['/data-set-of-storage', dataSetPage(shown, images)] as const]),
    ['/services', servicesPage(shown)],
    ...(service === undefined
      ? []
      : [['/service', servicePage(shown, service, timelineOf('service', service.name))] as const]),
    ['/lose', losePage(shown, { names: [], found: undefined, wrong: undefined })],
    ...(exposure === undefined ? [] : [['/lost', lostPage(shown, exposure)] as const]),
    ...(exposure === undefined
      ? []
      : [['/recovery-plan', recoveryPlanPage(shown, exposure)] as const]),
    ['/recovery-start', recoveryPage(shown, { names: [], plan: undefined, wrong: undefined })],
    ['/findings', findingsPage(shown, { owner: undefined, host: undefined })],
    ['/findings-of-anna', findingsPage(shown, { owner: 'anna', host: undefined })],
    ['/findings-of-nobody', findingsPage(shown, { owner: 'nobody', host: undefined })],
    [
      '/unprotected',
      unprotectedPage(shown, { host: undefined, configFile: '/etc/holdfast/holdfast.yaml' }),
    ],
    ['/changes', changesPage(shown, { host: undefined, changes: CHANGES })],
    ['/alerts', alertsPage(shown)],
    ['/jobs', jobsPage(shown)],
    ...filesPagesOf(shown),
    ['/plans', plansPage(shown)],
    ...shown.plans.plans.map(
      (plan, n) => [n === 0 ? '/plan' : `/plan-${n}`, planPage(shown, plan)] as const,
    ),
    ['/plans-none', plansPage(empty)],
    ['/search', searchPage(shown, 'b')],
    [
      '/freeze',
      freezePage(
        shown,
        REACHED.map((row) => (row.state === 'stopped' ? { ...row, state: 'would-stop' } : row)),
      ),
    ],
    ['/unfreeze', freezePage({ ...shown, freeze }, [])],
    [
      '/sign-in',
      signInPage({
        style: shown.files.style,
        token: '0'.repeat(32),
        wrong: 'This name and password sign nobody in.',
        next: '/',
      }),
    ],
  ]);
}

const timelineOf = (kind: HistoryKind, name: string): Timeline => sampleTimeline({ kind, name });

function drillPages(shown: Shown, dataSet: string): readonly (readonly [string, string])[] {
  const drills = sampleDrillsShown(dataSet);
  const none = { ...drills, drills: [], total: 0, restoreHosts: [] };
  const drill = drills.drills.find((each) => each.dataSet === dataSet);
  return [
    ['/drills', drillsPage(shown, drills)],
    ['/no-drills', drillsPage(shown, none)],
    ...(drill === undefined ? [] : [['/drill', drillPage(shown, { drill, raw: drill })] as const]),
  ];
}

function lostPage(shown: Shown, exposure: ExposureView): string {
  const hits = exposure.falls.slice(0, 2).flatMap(({ hits: some }) => some);
  const rows = [
    ...new Map(hits.map((hit) => [hit.dataSet, { ...hit, within: undefined }])).values(),
  ];
  const lost = ['hv3', 'st1'].map((host) => ({
    ...{ name: host, domains: [{ kind: 'host' as const, host }], hosts: [host] },
  }));
  const found = {
    lost,
    dataSetCount: exposure.dataSets.length,
    rows,
    services: ['Bugzilla'],
    notSeen: ['ci1'],
    seenInPart: [],
  };
  return losePage(shown, { names: ['host:hv3', 'host:st1'], found, wrong: undefined });
}

function recoveryPlanPage(shown: Shown, exposure: ExposureView): string {
  const hits = exposure.falls.slice(0, 1).flatMap(({ hits: some }) => some);
  const rows = hits.map((hit) => ({ ...hit, within: undefined }));
  const plan: RecoveryPlan = {
    lost: [{ name: 'hv3', domains: [{ kind: 'host', host: 'hv3' }], hosts: ['hv3'] }],
    ...{ needed: [], steps: [], total: { atLeastMs: 0, atMostMs: 0 } },
    forGood: rows,
    unknown: rows.map((row) => ({ row, commands: ['holdfast connect restic /srv/restic'] })),
    ...{ bare: rows, mayWait: [], services: ['Bugzilla'], notSeen: ['ci1'], seenInPart: ['wiki'] },
    live: [{ set: VMSTORE, serves: 'out', survives: undefined }],
    dataSetCount: exposure.dataSets.length,
  };
  return recoveryPage(shown, { names: ['host:hv3'], plan, wrong: undefined });
}
