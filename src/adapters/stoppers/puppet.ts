/** The puppet agent: `puppet agent --disable`, which others see, and which a run under way outlives. */
import { sayText } from '../../base/say-name.ts';
import { type Stopper, StopperFailure, type StopperSight } from '../../guard/shell/stopper.ts';
import type { StopperOf } from '../../wire/agent/stopper-config.ts';
import type { Named } from './service-stoppers.ts';
import { runWell, type StopperWorld } from './stopper-world.ts';

const PART = 'agent';
/** Debian 12, Debian before it, and Puppet's own packages. */
const STATE_DIRECTORIES = [
  '/var/cache/puppet/state',
  '/var/lib/puppet/state',
  '/opt/puppetlabs/puppet/cache/state',
];
const PROGRAMS = ['/usr/bin/puppet', '/opt/puppetlabs/bin/puppet'];
const DISABLED = 'agent_disabled.lock';
const RUNNING = 'agent_catalog_run.lock';
/** Before what we say, so that a lock of somebody else is never taken for ours. */
const OURS = 'holdfast: ';

export function puppetStopper(given: Named, config: StopperOf<'puppet'>): Stopper {
  const { name, limitMs, world } = given;
  const program = (): string => PROGRAMS.find((path) => world.exists(path)) ?? 'puppet';
  const places = stateDirectoryOf(world, config);
  const look = async (signal: AbortSignal): Promise<StopperSight> => {
    const dir = await places(program(), signal);
    const lock = world.read(`${dir}/${DISABLED}`);
    const run = runUnderWay(world, dir);
    const underWay = run === undefined ? [] : [run];
    const goes = run === undefined ? '' : `; a run goes on: ${run}`;
    const why = lock === undefined ? 'enabled' : `disabled: ${sayText(messageOf(lock))}`;
    return { runs: lock === undefined ? [PART] : [], underWay, why: why + goes };
  };
  return {
    ...{ name, limitMs, kind: 'puppet', covers: ['puppet'], look },
    async stop(_parts, { message, signal }) {
      // What a lock says is one line; the message of a freeze begins with our word.
      const said = message.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 200);
      await runWell(world, [program(), 'agent', '--disable', said], signal);
    },
    async start(_parts, signal) {
      const dir = await places(program(), signal);
      const lock = world.read(`${dir}/${DISABLED}`);
      if (lock === undefined) return;
      const message = messageOf(lock);
      if (!message.startsWith(OURS)) {
        throw new StopperFailure(`somebody else disabled it since: ${sayText(message)}`);
      }
      await runWell(world, [program(), 'agent', '--enable'], signal);
    },
  };
}

function stateDirectoryOf(world: StopperWorld, config: StopperOf<'puppet'>) {
  return async (program: string, signal: AbortSignal): Promise<string> => {
    const named = config['state-directory'];
    const known = named ?? STATE_DIRECTORIES.find((path) => world.exists(path));
    if (known !== undefined) return known;
    // It is made by the first run; where there was none Puppet itself knows.
    const argv = [program, 'config', 'print', 'statedir', '--section', 'agent'];
    const said = (await runWell(world, argv, signal)).trim().split('\n').at(-1) ?? '';
    if (said.startsWith('/')) return said;
    throw new StopperFailure('puppet does not say where its state lies: name its state-directory');
  };
}

/** `{"disabled_message": "..."}`; older ones write the text itself. */
function messageOf(lock: string): string {
  try {
    const value: unknown = JSON.parse(lock);
    const isTold = typeof value === 'object' && value !== null && 'disabled_message' in value;
    return isTold && typeof value.disabled_message === 'string' ? value.disabled_message : lock;
  } catch {
    return lock;
  }
}

/** Puppet leaves the lock of a run that was killed: it counts while its process is there. */
function runUnderWay(world: StopperWorld, dir: string): string | undefined {
  const pid = Number.parseInt(world.read(`${dir}/${RUNNING}`)?.trim() ?? '', 10);
  const isThere = world
    .processes()
    .some((each) => each.pid === pid && each.args.some((word) => /puppet/.test(word)));
  return isThere ? `process ${pid}` : undefined;
}
