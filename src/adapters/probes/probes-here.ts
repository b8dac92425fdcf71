/** The probes of this host: those that need no configuration, and those of its agent.yaml. */
import fs from 'node:fs';
import { mountsToWatch } from '../../watch/core/probes/default-mounts.ts';
import { type FstabLine, fstabLines } from '../../watch/core/probes/mount-state.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { ProbesConfig } from '../../wire/agent/probe-config.ts';
import { classOf, type MountLine, parseMountInfo } from '../discovery/mount-table.ts';
import { errnoOf } from '../node/errno.ts';
import { configuredProbe } from './configured-probe.ts';
import { inodesProbe, spaceProbe } from './file-system-space.ts';
import { kernelLogProbe } from './kernel-log.ts';
import { mountProbe } from './mount-state.ts';
import { stuckProbe, zombieProbe } from './stuck-processes.ts';

export interface ProbesConfigured {
  readonly probes: ProbesConfig;
  /** Items that are not wanted. */
  readonly without: readonly string[];
}

/** What is there to be looked at, as it is found when the agent starts and now and then later. */
export interface HostFound {
  readonly mounts: readonly MountLine[];
  readonly fstab: readonly FstabLine[];
}

/** Reads tables of the kernel only: it wakes no mount. */
export function discoverHost(): HostFound {
  return {
    mounts: parseMountInfo(textOf('/proc/self/mountinfo')),
    fstab: fstabLines(textOf('/etc/fstab')),
  };
}

/**
 * All probes of this host, each item once. A configured one stands in place of the default of its item.
 * Called again later with a new discovery it gives new probes: keep those whose item you have.
 */
export function probesHere(
  config: ProbesConfigured = { probes: {}, without: [] },
  host: HostFound = discoverHost(),
): readonly Probe[] {
  const configured = Object.entries(config.probes).map(([name, probe]) =>
    configuredProbe(name, probe),
  );
  const unwanted = new Set(config.without);
  const byItem = new Map<string, Probe>();
  for (const probe of [...configured, ...defaultProbes(host)]) {
    if (probe === undefined || unwanted.has(probe.item) || byItem.has(probe.item)) continue;
    byItem.set(probe.item, probe);
  }
  return [...byItem.values()];
}

function defaultProbes(host: HostFound): readonly Probe[] {
  return [kernelLogProbe(), stuckProbe(), zombieProbe(), ...mountProbes(host)];
}

function mountProbes({ mounts, fstab }: HostFound): readonly Probe[] {
  const here = mounts.map((line) => ({ ...line, class: classOf(line.type, line.device) }));
  const watched = mountsToWatch(here);
  const isWritable = (place: string): boolean | undefined => {
    const line = fstab.find(({ mountPoint }) => mountPoint === place);
    return line === undefined ? undefined : !line.isReadOnly;
  };
  const places = new Set(watched.map((mount): string => mount.mountPoint));
  // What should be mounted and is not is looked at as well: that is the point.
  const wanted = fstab.filter(({ isAutomatic }) => isAutomatic);
  const states = new Set([...places, ...wanted.map(({ mountPoint }) => mountPoint)]);
  return [
    ...[...states].map((mountPoint) =>
      mountProbe({ mountPoint, isWritable: isWritable(mountPoint) }),
    ),
    ...[...places].flatMap((mountPoint) => [
      spaceProbe({ mountPoint }),
      inodesProbe({ mountPoint }),
    ]),
  ];
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return '';
  }
}
