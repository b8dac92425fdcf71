/** Programs that put hosts into a state that is written elsewhere; what they delete is not known here. */
import { byteString } from '../../base/bytes.ts';
import type { Way } from '../../guard/core/ways.ts';
import type { World } from '../discovery/world.ts';

const MANAGERS = [
  { name: 'puppet', unit: 'puppet.service', configuration: '/etc/puppet' },
  { name: 'puppet', unit: 'puppet.service', configuration: '/etc/puppetlabs' },
  { name: 'chef', unit: 'chef-client.service', configuration: '/etc/chef' },
  { name: 'salt', unit: 'salt-minion.service', configuration: '/etc/salt/minion' },
] as const;
const WANTS = '/etc/systemd/system/multi-user.target.wants';

export function managerWays(world: World): readonly Way[] {
  const enabled = new Set((world.list(byteString(WANTS)) ?? []).map(({ name }) => String(name)));
  return MANAGERS.flatMap(({ name, unit, configuration }) => {
    if (!enabled.has(unit) || world.stat(byteString(configuration)) === undefined) return [];
    return {
      kind: 'configuration management',
      foundBy: 'unit',
      where: unit,
      what: name,
      target: undefined,
      state: 'unknown',
      why: 'what it deletes stands elsewhere (`delete => true`, `ensure => absent`), and is not judged',
      detail: { of: 'nothing' },
    } as const;
  });
}
