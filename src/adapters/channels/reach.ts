/** Where a channel may connect to: a name is resolved once, what it gives is checked, and that is used. */
import dns from 'node:dns/promises';
import net from 'node:net';

export interface Reach {
  /** `public`: only the internet, and `nets`. `estate`: what the team runs itself, wherever it is. */
  readonly to: 'public' | 'estate';
  readonly nets: readonly string[];
  /** In place of the resolver of this machine. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** Not of the public internet (RFC 6890 and what came after it). */
const CLOSED_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Of the one range of IPv6 that is public; the last three carry addresses of IPv4 in them. */
const CLOSED_V6 = ['2001::/23', '2001:db8::/32', '3fff::/20', '2002::/16'];
const OPEN_V6 = ['2000::/3'];
/** Where clouds hand out credentials; nobody is told anything there. */
const NEVER = [
  ...['169.254.0.0/16', 'fe80::/10', '0.0.0.0/8', '::/128', '224.0.0.0/4', 'ff00::/8'],
  ...['fd00:ec2::254/128', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
];

const closedV4 = listOf(CLOSED_V4);
const closedV6 = listOf(CLOSED_V6);
const openV6 = listOf(OPEN_V6);
const never = listOf(NEVER);

export type Reached =
  | { readonly address: string; readonly why?: undefined }
  /** `isFinal`: no other try will help. */
  | { readonly address?: undefined; readonly why: string; readonly isFinal: boolean };

/** The address to connect to; all that a name stands for must be allowed, so that none is by chance. */
export async function reachable(host: string, reach: Reach): Promise<Reached> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const found = net.isIP(bare) === 0 ? await resolved(bare, reach) : [bare];
  const [first] = found;
  if (first === undefined) return { why: `${bare} has no address`, isFinal: false };
  const refused = found.find((address) => !isAllowed(address, reach));
  if (refused === undefined) return { address: first };
  const why = `${bare} is ${refused}, which is not of the public internet and in none of private-nets`;
  return { why, isFinal: false };
}

export function isAllowed(given: string, { to, nets }: Reach): boolean {
  const address = plainAddress(given);
  const family = net.isIP(address) === 4 ? 'ipv4' : 'ipv6';
  if (net.isIP(address) === 0) return false;
  if (listOf(nets).check(address, family)) return true;
  if (never.check(address, family)) return false;
  if (to === 'estate') return true;
  if (family === 'ipv4') return !closedV4.check(address, family);
  return openV6.check(address, family) && !closedV6.check(address, family);
}

/** `::ffff:10.0.0.1` is 10.0.0.1, however it is written. */
function plainAddress(given: string): string {
  const [address = ''] = given.split('%');
  if (net.isIP(address) !== 6) return address;
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = mapped.slice(1).map((part) => Number.parseInt(part, 16));
  if (high === undefined || low === undefined) return canonical;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

async function resolved(host: string, { resolve }: Reach): Promise<readonly string[]> {
  if (resolve !== undefined) return resolve(host);
  try {
    const found = await dns.lookup(host, { all: true });
    return found.map(({ address }) => address);
  } catch {
    return []; // It has no address, for whatever reason; that is what is said.
  }
}

function listOf(nets: readonly string[]): net.BlockList {
  const list = new net.BlockList();
  for (const one of nets) {
    const [address = '', bits] = one.split('/');
    const family = net.isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (net.isIP(address) === 0) continue;
    list.addSubnet(
      address,
      bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits),
      family,
    );
  }
  return list;
}
