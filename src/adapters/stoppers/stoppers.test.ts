// Goal: what systemd, gluster, virsh and crm_attribute say is read as they say it, the parts that ran are asked to
// stop and start and no others, and whatever cannot be told is a failure and no word of its being stopped.
// Method: a double of these programs. Its texts are written in the form of their documents and sources (systemd 252,
// Gluster 10 and 3.7, libvirt 9, Pacemaker 2.1), not recorded: this machine has no host of the kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Stopper, StopperFailure } from '../../guard/shell/stopper.ts';
import { stoppersSchema } from '../../wire/agent/stopper-config.ts';
import type { HostProcess, ProgramEnd, StopperWorld } from './stopper-world.ts';
import { stoppersOf } from './stoppers-of.ts';

const SIGNAL = new AbortController().signal;
const ORDER = { message: 'holdfast: storage work, by ann@hv1', signal: SIGNAL };

interface Double extends StopperWorld {
  readonly ran: string[];
}

function double(
  answers: Readonly<Record<string, string>>,
  more: { readonly isSystemd?: boolean; readonly processes?: readonly HostProcess[] } = {},
): Double {
  const ran: string[] = [];
  return {
    ran,
    isSystemd: more.isSystemd ?? true,
    run: (argv) => {
      const line = argv.join(' ');
      ran.push(line);
      const said = Object.entries(answers).find(([pattern]) => line.includes(pattern))?.[1];
      const isKnown = said !== undefined;
      const end: ProgramEnd = {
        status: isKnown ? 0 : 1,
        stdout: said ?? '',
        how: `${line} ended with 1`,
      };
      return Promise.resolve(end);
    },
    exists: () => false,
    read: () => undefined,
    processes: () => more.processes ?? [],
    end: () => true,
  };
}

function stopper(config: object, world: StopperWorld): Stopper {
  const [one] = stoppersOf(stoppersSchema.parse({ it: config }), world);
  assert.ok(one !== undefined);
  return one;
}

const fails = (what: Promise<unknown>, why: RegExp): Promise<void> =>
  assert.rejects(what, (error) => error instanceof StopperFailure && why.test(error.message));

const TIMERS = `Id=nightly.timer
LoadState=loaded
ActiveState=active
Triggers=nightly.service

Id=weekly.timer
LoadState=loaded
ActiveState=inactive
Triggers=weekly.service
`;
const SERVICES = `Id=nightly.service
LoadState=loaded
ActiveState=activating
Triggers=

Id=weekly.service
LoadState=loaded
ActiveState=inactive
Triggers=
`;

test('timers: the active one is stopped, what it has begun is told, and only it is started', async () => {
  const world = double({
    '-- nightly.timer weekly.timer': TIMERS,
    '-- nightly.service weekly.service': SERVICES,
    'stop --no-block': '',
    'start --no-block': '',
  });
  const timers = stopper({ kind: 'timers', units: ['nightly.timer', 'weekly.timer'] }, world);
  const sight = await timers.look(SIGNAL);
  assert.deepEqual(sight.runs, ['nightly.timer']);
  assert.deepEqual(sight.underWay, ['nightly.service']);
  await timers.stop(sight.runs, ORDER);
  await timers.start(['nightly.timer'], SIGNAL);
  assert.ok(world.ran.includes('systemctl stop --no-block -- nightly.timer'), world.ran.join('\n'));
  assert.ok(world.ran.includes('systemctl start --no-block -- nightly.timer'));
  const absent = TIMERS.replace(
    'Id=weekly.timer\nLoadState=loaded',
    'Id=weekly.timer\nLoadState=not-found',
  );
  const other = double({ '-- nightly.timer': absent });
  const gone = stopper({ kind: 'timers', units: ['nightly.timer', 'weekly.timer'] }, other);
  await fails(gone.look(SIGNAL), /systemd knows no weekly\.timer/);
});

test('where systemd is not the first process its word is not asked for', async () => {
  const world = double({ show: TIMERS }, { isSystemd: false });
  await fails(stopper({ kind: 'timers', units: ['nightly.timer'] }, world).look(SIGNAL), /systemd/);
  await fails(stopper({ kind: 'cron' }, world).look(SIGNAL), /neither systemd nor \/etc\/init.d/);
  assert.deepEqual(world.ran, []);
});

test('systemctl that fails, or says nothing or nonsense, tells nothing', async () => {
  for (const said of ['', 'x', '\0\xff', 'ActiveState=inactive\n']) {
    const cron = stopper({ kind: 'cron' }, double({ show: said }));
    await fails(cron.look(SIGNAL), /systemctl|systemd/);
  }
  await fails(stopper({ kind: 'cron' }, double({})).look(SIGNAL), /ended with 1/);
});

test('cron under systemd: its jobs are told, the daemon is the unit', async () => {
  const show = (active: string): string =>
    `Id=cron.service\nLoadState=loaded\nActiveState=${active}\nTriggers=\n\nId=crond.service\nLoadState=not-found\nActiveState=inactive\nTriggers=\n`;
  const processes = [
    { pid: 300, args: ['/usr/sbin/cron', '-f'] },
    { pid: 812, args: ['/usr/sbin/CRON', '-f'] },
  ];
  const up = await stopper({ kind: 'cron' }, double({ show: show('active') }, { processes })).look(
    SIGNAL,
  );
  assert.deepEqual([up.runs, up.underWay], [['cron.service'], ['job 812']]);
  const down = await stopper({ kind: 'cron' }, double({ show: show('inactive') })).look(SIGNAL);
  assert.deepEqual([down.runs, down.underWay], [[], []]);
});

test('an upgrade that is under way is told although its timers are stopped', async () => {
  const show = 'Id=apt-daily.timer\nLoadState=loaded\nActiveState=inactive\nTriggers=\n';
  const args = ['/usr/bin/python3', '/usr/bin/unattended-upgrade'];
  const world = double({ show }, { processes: [{ pid: 99, args }] });
  const sight = await stopper({ kind: 'unattended-upgrades' }, world).look(SIGNAL);
  assert.deepEqual(sight.underWay, ['process 99']);
});

const GET = `Option                                  Value                                  
------                                  -----                                  
cluster.self-heal-daemon                VALUE                                  
`;

test('the healer of a volume: on, off, never set, and not to be told', async () => {
  for (const [value, runs] of [
    ['on', ['gv0']],
    ['on (DEFAULT)', ['gv0']],
    ['(null)', ['gv0']],
    ['off', []],
    ['disable', []],
  ] as const) {
    const world = double({ 'volume get gv0': GET.replace('VALUE', value), 'volume set gv0': '' });
    const healer = stopper({ kind: 'gluster-healer', volumes: ['gv0'] }, world);
    assert.deepEqual((await healer.look(SIGNAL)).runs, runs, value);
    await healer.stop(['gv0'], ORDER);
    assert.equal(
      world.ran.at(-1),
      'gluster --mode=script volume set gv0 cluster.self-heal-daemon off',
    );
    await fails(healer.start(['gv1'], SIGNAL), /gv1 is not named/);
  }
  for (const said of ['', 'volume get option failed. Error: Volume gv0 does not exist', GET]) {
    const healer = stopper({ kind: 'gluster-healer', volumes: ['gv0'] }, double({ get: said }));
    await fails(healer.look(SIGNAL), /does not say/);
  }
});

test('guests that start by themselves, by name, whatever their names are', async () => {
  const world = double({ 'list --all --autostart --name': 'web1\n--help\n\n', autostart: '' });
  const guests = stopper({ kind: 'libvirt-autostart' }, world);
  const { runs } = await guests.look(SIGNAL);
  assert.deepEqual(runs, ['--help', 'web1']);
  await guests.stop(runs, ORDER);
  assert.ok(
    world.ran.includes('virsh --connect qemu:///system autostart --disable --domain web1'),
    world.ran.join('\n'),
  );
  const many = double({ list: `${'guest\n'.repeat(1400)}` });
  await fails(stopper({ kind: 'libvirt-autostart' }, many).look(SIGNAL), /more guests/);
});

test('fencing is on, off, or not to be told', async () => {
  const look = (said: string) =>
    stopper({ kind: 'pacemaker-fencing' }, double({ query: said })).look(SIGNAL);
  assert.deepEqual((await look('true\n')).runs, ['stonith-enabled']);
  assert.deepEqual((await look('false\n')).runs, []);
  await fails(look('scope=crm_config\n'), /does not say/);
});

test('the configuration takes names and no shell lines, and no key of another kind', () => {
  for (const bad of [
    { Cron: { kind: 'cron' } },
    { '../x': { kind: 'cron' } },
    { it: { kind: 'crom' } },
    { it: { kind: 'cron', units: ['a.timer'] } },
    { it: { kind: 'timers', units: ['a.timer; rm -rf /'] } },
    { it: { kind: 'timers', units: ['--all'] } },
    { it: { kind: 'rsyncd', 'pid-file': '/run/x' } },
    { it: { kind: 'command', state: 'true', stop: 'x', start: 'y' } },
    { it: { kind: 'cron', limit: '11min' } },
  ]) {
    assert.equal(stoppersSchema.safeParse(bad).success, false, JSON.stringify(bad));
  }
});
