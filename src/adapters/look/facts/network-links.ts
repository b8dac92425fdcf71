import { byteString } from '../../../base/bytes.ts';
import type { NetworkLink } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

/** Of guests and containers, which come and go. */
const PASSING =
  /^(?:lo|veth|tap|vnet|fwbr|fwln|fwpr|docker|br-[0-9a-f]{12}|virbr|cali|flannel|cni|lxcbr|lxdbr|dummy|ifb|bonding_masters)/;
const SPEED_MAX = 10_000_000;

export function networkLinksOf({ world }: Told): readonly NetworkLink[] {
  const names = (world.list(byteString('/sys/class/net')) ?? []).map(({ name }) => name);
  return names
    .filter((name) => !PASSING.test(name))
    .map((name) => {
      const value = (attribute: string): string | undefined =>
        world.read(byteString(`/sys/class/net/${name}/${attribute}`), 4096)?.trim();
      const speed = Number(value('speed'));
      const duplex = value('duplex');
      const bond = world.read(byteString(`/proc/net/bonding/${name}`));
      return {
        name: wordsOf(name),
        isUp: value('carrier') === '1' || value('operstate') === 'up',
        speedMbit: Number.isInteger(speed) && speed > 0 && speed < SPEED_MAX ? speed : undefined,
        duplex: duplex === 'full' || duplex === 'half' ? duplex : undefined,
        bond: bond === undefined ? undefined : bondOf(bond),
      };
    });
}

/** As `/proc/net/bonding/NAME` has it. */
function bondOf(text: string): NetworkLink['bond'] {
  let mode = '';
  const members: { name: string; isUp: boolean }[] = [];
  for (const line of linesOf(text)) {
    const [, key = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (key === 'Bonding Mode') mode = wordsOf(value.trim());
    if (key === 'Slave Interface') members.push({ name: wordsOf(value.trim()), isUp: false });
    const member = members.at(-1);
    // Before the first member it is the bond's own.
    if (key === 'MII Status' && member !== undefined) member.isUp = value.trim() === 'up';
  }
  return { mode, members };
}
