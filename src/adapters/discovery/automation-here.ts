/** What changes this host by itself, so far as its processes, cron tables and units tell. */
import { byteString } from '../../base/bytes.ts';
import { countOf } from '../../base/say-quantity.ts';
import { cronJobs } from './cron.ts';
import { unitJobs } from './timers.ts';
import { joinPath, type World } from './world.ts';

export interface AutomationSeen {
  /** `puppet`, `cron`. */
  readonly name: string;
  /** `running, process 812`. */
  readonly what: string;
}

const PROC = byteString('/proc');

/** Names of programs, and what people call what they do. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['puppet', 'puppet'],
  ['chef-client', 'chef'],
  ['salt-minion', 'salt'],
  ['cf-execd', 'cfengine'],
  ['ansible-pull', 'ansible-pull'],
  ['lsyncd', 'lsyncd'],
  ['syncthing', 'syncthing'],
  ['unattended-upgrade', 'unattended-upgrades'],
  ['glustershd', 'Gluster healer'],
  ['glusterfsd', 'Gluster'],
  ['ovirt-engine', 'oVirt engine'],
  ['vdsm', 'oVirt on this host'],
  ['libvirtd', 'libvirt'],
  ['kubelet', 'Kubernetes'],
  ['dockerd', 'Docker'],
]);

/** Each by name, once. Not everything there is: what is not seen is not covered either. */
export async function automationHere(world: World): Promise<readonly AutomationSeen[]> {
  const { jobs } = await cronJobs(world);
  const timers = new Set(
    unitJobs(world, [])
      .jobs.filter(({ by }) => by === 'timer')
      .map(({ trace }) => trace),
  );
  return [
    ...running(world),
    ...(jobs.length === 0 ? [] : [{ name: 'cron', what: countOf(jobs.length, 'job') }]),
    ...(timers.size === 0 ? [] : [{ name: 'systemd', what: countOf(timers.size, 'timer') }]),
  ];
}

function running(world: World): readonly AutomationSeen[] {
  const found = new Map<string, string>();
  for (const { name } of world.list(PROC) ?? []) {
    if (!/^\d+$/.test(name)) continue;
    const line = world.read(joinPath(joinPath(PROC, name), 'cmdline')) ?? '';
    const called = nameOf(line.split('\0').slice(0, -1));
    if (called !== undefined && !found.has(called)) found.set(called, name);
  }
  return [...found].map(([name, pid]) => ({ name, what: `running, process ${pid}` }));
}

/** Of the program, or of the script that an interpreter runs. */
function nameOf(args: readonly string[]): string | undefined {
  const [program = '', ...rest] = args.map((word) => word.split('/').at(-1) ?? '');
  if (program === 'rsync' && args.includes('--daemon')) return 'rsyncd';
  const isInterpreter = /^(?:ruby|python|perl)[\d.]*$/.test(program);
  const script = isInterpreter ? rest.find((word) => !word.startsWith('-')) : program;
  return PROGRAMS.get(script ?? '');
}
