/** What the owner of this host wrote below `stoppers:`, as things that can be stopped. */
import type { Stopper } from '../../guard/shell/stopper.ts';
import type { StopperConfig, StoppersConfig } from '../../wire/agent/stopper-config.ts';
import {
  commandStopper,
  fencingStopper,
  glusterStopper,
  libvirtStopper,
} from './cluster-stoppers.ts';
import { puppetStopper } from './puppet.ts';
import {
  aptStopper,
  cronStopper,
  type Named,
  rsyncdStopper,
  timersStopper,
} from './service-stoppers.ts';
import type { StopperWorld } from './stopper-world.ts';

/** Ruby alone takes seconds; a run of puppet that is under way takes longer than anybody waits. */
const LIMIT_HABIT_MS = 20_000;

export function stoppersOf(config: StoppersConfig, world: StopperWorld): readonly Stopper[] {
  return Object.entries(config).map(([name, one]) =>
    stopperOf({ name, limitMs: one.limit ?? LIMIT_HABIT_MS, world }, one),
  );
}

function stopperOf(named: Named, config: StopperConfig): Stopper {
  switch (config.kind) {
    case 'puppet':
      return puppetStopper(named, config);
    case 'cron':
      return cronStopper(named);
    case 'timers':
      return timersStopper(named, config);
    case 'rsyncd':
      return rsyncdStopper(named, config);
    case 'unattended-upgrades':
      return aptStopper(named);
    case 'gluster-healer':
      return glusterStopper(named, config);
    case 'libvirt-autostart':
      return libvirtStopper(named, config);
    case 'pacemaker-fencing':
      return fencingStopper(named);
    case 'command':
      return commandStopper(named, config);
  }
}
