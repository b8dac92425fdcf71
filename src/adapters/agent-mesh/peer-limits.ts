/**
 * Whom a server may have this host reach for. A server that was taken over would have every host try
 * any address for it: so it is one port, the one of the mesh here, and no address that only this host has.
 */
import net from 'node:net';
import type { Peer } from '../../watch/core/agent/messages.ts';

/** `mesh` of agent.yaml. */
export interface MeshHere {
  readonly port: number;
  /** Where this host listens; where that is its loopback, its peers are there too. */
  readonly address?: string | undefined;
  /** Networks that its peers are in, as 10.0.0.0/8; absent: any. */
  readonly reach?: readonly string[] | undefined;
}

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** Of this host, of its wire, or of nobody. Where addresses of clouds tell secrets, too. */
const NO_HOST = [
  ...['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::/32'],
];

/** @returns why a peer is not reached for; undefined where it is */
export function peerRefusal(mesh: MeshHere): (peer: Peer) => string | undefined {
  const never = networks([...NO_HOST, ...(isLoopback(mesh) ? [] : LOOPBACK)]);
  const near = mesh.reach === undefined ? undefined : networks(mesh.reach);
  return ({ address, port }) => {
    const family = net.isIP(address);
    if (family === 0) return 'its address is no IP address';
    if (port !== mesh.port) return `its port is not that of the mesh here, ${mesh.port}`;
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    // ::ffff:127.0.0.1 is looked up as what it stands for.
    if (never.check(address, kind)) return 'its address is that of no other host';
    if (near !== undefined && !near.check(address, kind))
      return 'agent.yaml, mesh.reach, does not have it';
    return undefined;
  };
}

function isLoopback({ address }: MeshHere): boolean {
  const family = address === undefined ? 0 : net.isIP(address);
  if (address === undefined || family === 0) return address === 'localhost';
  return networks(LOOPBACK).check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function networks(list: readonly string[]): net.BlockList {
  const all = new net.BlockList();
  for (const each of list) {
    const [address = '', bits = ''] = each.split('/');
    all.addSubnet(address, Number(bits), net.isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return all;
}
