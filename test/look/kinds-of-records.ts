/** A sight that holds nothing but the kinds of the records that came, for tests of how hosts are asked. */
import { unixMs } from '../../src/base/units.ts';
import type { ReadSight } from '../../src/main/look/look-at-host.ts';
import type { HostSight } from '../../src/watch/core/look/host-sight.ts';

const NONE_SEEN = unixMs(0);
const SIZE_MAX = 1 << 20;

/** Kinds stand in `units`. It returns after `end`, as every reader of looks does. */
export const readKinds: ReadSight = async (bytes, { host }) => {
  const units: string[] = [];
  let text = '';
  let size = 0;
  for await (const some of bytes) {
    size += some.length;
    if (size > SIZE_MAX) return sightOf(host, units, 'it sends too much');
    text += Buffer.from(some).toString('latin1');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const kind = /^\["(\w+)"/.exec(line)?.[1] ?? 'malformed';
      units.push(kind);
      if (kind === 'end') return sightOf(host, units, undefined);
    }
  }
  return sightOf(host, units, 'it broke off');
};

function sightOf(host: string, units: readonly string[], cut: string | undefined): HostSight {
  return {
    discovery: {
      ...{ host, seenAt: NONE_SEEN, fileSystems: [], candidates: [], backups: [], notSeen: [] },
    } as unknown as HostSight['discovery'],
    machine: {
      ...{ hostName: host, id: undefined, bootId: undefined, bootedAt: undefined, kernel: '' },
      ...{ system: '', addresses: [], virtualization: undefined },
    },
    ...{ disks: [], volumes: [], mounts: [], links: [], guests: [], gluster: [], containers: [] },
    ...{ webRoots: [], gitTrees: [], automation: [], storageErrors: [], adminKeys: [], ports: [] },
    clock: { offsetMs: undefined, offsetWithinMs: undefined, isSynchronised: undefined },
    units,
    packages: undefined,
    cut,
    malformedCount: 0,
  };
}
