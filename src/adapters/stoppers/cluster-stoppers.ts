/** Stoppers of what changes more than this host: Gluster's healer, libvirt's autostart, fencing. */
import { type Stopper, StopperFailure } from '../../guard/shell/stopper.ts';
import type { StopperOf } from '../../wire/agent/stopper-config.ts';
import type { Named } from './service-stoppers.ts';
import { runWell, type StopperWorld } from './stopper-world.ts';

const HEALER = 'cluster.self-heal-daemon';
/** What a program printed is kept to so many bytes: as long as that it may have been cut. */
const KEPT_BYTES = 8192;

/** The switch counts for the whole volume, on every host that has a brick of it. */
export function glusterStopper(given: Named, { volumes }: StopperOf<'gluster-healer'>): Stopper {
  const { name, limitMs, world } = given;
  const set = async (parts: readonly string[], to: 'on' | 'off', signal: AbortSignal) => {
    for (const volume of parts) {
      if (!volumes.includes(volume)) throw new StopperFailure(`${volume} is not named by ${name}`);
      await runWell(world, [...GLUSTER, 'set', volume, HEALER, to], signal);
    }
  };
  return {
    ...{ name, limitMs, kind: 'gluster-healer', covers: ['Gluster healer'] },
    async look(signal) {
      const states = [];
      for (const volume of volumes) states.push([volume, await healerOf(world, volume, signal)]);
      const runs = states.flatMap(([volume = '', is]) => (is === 'on' ? [volume] : []));
      const why = runs.length > 0 ? `heals ${runs.join(', ')}` : `off for ${volumes.join(', ')}`;
      return { runs, underWay: [], why };
    },
    stop: (parts, { signal }) => set(parts, 'off', signal),
    start: (parts, signal) => set(parts, 'on', signal),
  };
}

const GLUSTER = ['gluster', '--mode=script', 'volume'];

async function healerOf(world: StopperWorld, volume: string, signal: AbortSignal) {
  const text = await runWell(world, [...GLUSTER, 'get', volume, HEALER], signal);
  const line = text.split('\n').find((each) => each.startsWith(HEALER));
  const value = line?.slice(HEALER.length).trim().split(/\s/)[0]?.toLowerCase() ?? '';
  // An option that nobody set is shown as `(null)` by old versions; the healer is then on.
  if (['on', 'enable', 'yes', 'true', '(null)'].includes(value)) return 'on';
  if (['off', 'disable', 'no', 'false'].includes(value)) return 'off';
  throw new StopperFailure(`gluster does not say whether ${volume} is healed`);
}

/** Guests that run go on; none is started by itself when the host or libvirt starts. */
export function libvirtStopper(given: Named, config: StopperOf<'libvirt-autostart'>): Stopper {
  const { name, limitMs, world } = given;
  const virsh = ['virsh', '--connect', config.uri ?? 'qemu:///system'];
  const each = async (parts: readonly string[], words: readonly string[], signal: AbortSignal) => {
    for (const part of parts) {
      await runWell(world, [...virsh, 'autostart', ...words, '--domain', part], signal);
    }
  };
  return {
    ...{ name, limitMs, kind: 'libvirt-autostart', covers: ['libvirt'] },
    async look(signal) {
      const text = await runWell(
        world,
        [...virsh, 'list', '--all', '--autostart', '--name'],
        signal,
      );
      if (text.length >= KEPT_BYTES)
        throw new StopperFailure('more guests than can be kept in mind');
      const runs = text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .sort();
      const why =
        runs.length > 0 ? `starts by itself: ${runs.join(', ')}` : 'no guest starts by itself';
      return { runs, underWay: [], why };
    },
    stop: (parts, { signal }) => each(parts, ['--disable'], signal),
    start: (parts, signal) => each(parts, [], signal),
  };
}

/** Counts for the whole cluster. A cluster that cannot fence may also not fail over: it says so. */
export function fencingStopper({ name, limitMs, world }: Named): Stopper {
  const attribute = ['crm_attribute', '--type', 'crm_config', '--name', 'stonith-enabled'];
  const set = async (value: string, signal: AbortSignal): Promise<void> => {
    await runWell(world, [...attribute, '--update', value], signal);
  };
  return {
    ...{ name, limitMs, kind: 'pacemaker-fencing', covers: ['fencing'] },
    async look(signal) {
      const query = [...attribute, '--query', '--quiet', '--default', 'true'];
      const value = (await runWell(world, query, signal)).trim().toLowerCase();
      if (['true', 'on', 'yes', 'y', '1'].includes(value)) {
        return { runs: ['stonith-enabled'], underWay: [], why: 'fences' };
      }
      if (['false', 'off', 'no', 'n', '0'].includes(value)) {
        return { runs: [], underWay: [], why: 'fences nobody; fail-over may wait for it' };
      }
      throw new StopperFailure('crm_attribute does not say whether it fences');
    },
    stop: (_parts, { signal }) => set('false', signal),
    start: (_parts, signal) => set('true', signal),
  };
}

/** Three commands of the owner. */
export function commandStopper(given: Named, config: StopperOf<'command'>): Stopper {
  const { name, limitMs, world } = given;
  return {
    ...{ name, limitMs, kind: 'command', covers: [name] },
    async look(signal) {
      const { status, how } = await world.run(config.state, signal);
      if (status === 0)
        return { runs: [name], underWay: [], why: 'its state command ended with 0' };
      if (status === 3) return { runs: [], underWay: [], why: 'its state command ended with 3' };
      throw new StopperFailure(how);
    },
    async stop(_parts, { signal }) {
      await runWell(world, config.stop, signal);
    },
    async start(_parts, signal) {
      await runWell(world, config.start, signal);
    },
  };
}
