/** Links that are slower than they look, or alone. */
import { countOf, formatCount } from '../../../base/say-quantity.ts';
import type { Finding } from './answer.ts';
import { listed } from './at-stake.ts';
import { change, finding } from './finding.ts';
import { isVirtual } from './guests.ts';
import { fastestLink, isCable } from './host-links.ts';
import type { HostSight, NetworkLink } from './host-sight.ts';
import type { SeenHost } from './looked-hosts.ts';
import type { ManyEstate } from './look-estate.ts';

export function networkFindings(many: ManyEstate): readonly Finding[] {
  const metals = many.across.seen.filter((seen) => !isVirtual(seen));
  const speeds = metals.flatMap(({ host, sight }) => {
    const mbit = fastestLink(sight)?.mbit;
    return mbit === undefined ? [] : [{ host, mbit }];
  });
  return [
    ...many.across.seen.flatMap(({ host, sight }) =>
      sight.links.flatMap((link) => linkFindings(host, link)),
    ),
    ...speeds.flatMap((own) => slowFindings(own, speeds)),
    ...(metals.length < 2 ? [] : metals.flatMap(aloneFindings)),
  ];
}

function cables({ links }: HostSight): readonly NetworkLink[] {
  return links.filter(
    (link) => link.bond === undefined && isCable(link) && !link.name.includes('.'),
  );
}

function linkFindings(host: string, link: NetworkLink): readonly Finding[] {
  const base = { hosts: [host], subject: link.name };
  const found: Finding[] = [];
  if (link.isUp && link.duplex === 'half') {
    const sentence = `${link.name} runs at half duplex: the other end was set otherwise`;
    const fix = change('Let both ends negotiate; see ethtool and the switch.');
    found.push(finding('link-half-duplex', { ...base, sentence, fix }));
  }
  const down = link.bond?.members.filter(({ isUp }) => !isUp).map(({ name }) => name) ?? [];
  if (down.length > 0) {
    const rest = (link.bond?.members.length ?? 0) - down.length;
    const sentence = `runs ${link.name} on ${countOf(rest, 'link')} of ${rest + down.length}: ${listed(down)} down`;
    const fix = change('See the cable and the port of the switch.');
    found.push(finding('bond-degraded', { ...base, sentence, fix }));
  }
  return found;
}

interface Speed {
  readonly host: string;
  readonly mbit: number;
}

/** A copy is as fast as its slowest end. */
function slowFindings(own: Speed, speeds: readonly Speed[]): readonly Finding[] {
  const faster = speeds.filter(({ mbit }) => mbit >= 10 * own.mbit);
  const [best] = [...faster].sort((one, other) => other.mbit - one.mbit);
  if (best === undefined) return [];
  const sentence = `its fastest link runs at ${formatCount(own.mbit)} Mbit/s, others at ${formatCount(best.mbit)}: a restore waits for it`;
  const fix = change('A faster port or cable, or a bond of several.');
  return [finding('link-slow', { hosts: [own.host], subject: '', sentence, fix })];
}

function aloneFindings({ host, sight }: SeenHost): readonly Finding[] {
  const up = cables(sight).filter(({ isUp, speedMbit }) => isUp && speedMbit !== undefined);
  const [only] = up;
  if (only === undefined || up.length > 1) return [];
  if (sight.links.some(({ bond }) => bond !== undefined)) return [];
  const sentence = `${only.name}, the only link; no bond`;
  const fix = change('A second port in a bond, to another switch.');
  return [finding('one-link', { hosts: [host], subject: only.name, sentence, fix })];
}
