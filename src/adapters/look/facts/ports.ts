import { byteString } from '../../../base/bytes.ts';
import type { OpenPort } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

/** By `ss`, `netstat`, or what the kernel lists. */
export function openPortsOf(told: Told): readonly OpenPort[] {
  const lines = told.printed('ss') ?? told.printed('netstat');
  const all = lines === undefined ? listedPorts(told) : linesOf(lines).flatMap(portIn);
  const unique = new Map(
    all.map((port) => [`${port.protocol} ${port.address} ${port.port}`, port]),
  );
  return [...unique.values()];
}

function portIn(line: string): readonly OpenPort[] {
  const fields = line.trim().split(/\s+/);
  const protocol = protocolOf(fields[0]);
  if (protocol === undefined) return [];
  // `ss` has the state before the queues, `netstat` after the addresses.
  const isSs = /^[A-Z]/.test(fields[1] ?? '');
  const local = isSs ? fields[4] : fields[3];
  const isOpen = protocol === 'udp' || fields.includes('LISTEN');
  const program = isSs ? /users:\(\("([^"]*)"/.exec(line)?.[1] : /\s\d+\/([^\s:]+)/.exec(line)?.[1];
  return isOpen ? portAt(protocol, local ?? '', program && wordsOf(program)) : [];
}

function protocolOf(word: string | undefined): OpenPort['protocol'] | undefined {
  if (word === 'tcp' || word === 'tcp6') return 'tcp';
  return word === 'udp' || word === 'udp6' ? 'udp' : undefined;
}

function portAt(
  protocol: OpenPort['protocol'],
  local: string,
  program: string | undefined,
): readonly OpenPort[] {
  const at = local.lastIndexOf(':');
  const port = Number(local.slice(at + 1));
  if (at < 0 || !Number.isInteger(port) || port < 1 || port > 65_535) return [];
  const address = wordsOf(local.slice(0, at).replace(/^\[(.*)\]$/, '$1'));
  return [{ protocol, address: address === '' ? '*' : address, port, program }];
}

const TABLES = [
  ['tcp', 'tcp', '0A'],
  ['tcp', 'tcp6', '0A'],
  ['udp', 'udp', '07'],
  ['udp', 'udp6', '07'],
] as const;

function listedPorts({ world }: Told): readonly OpenPort[] {
  return TABLES.flatMap(([protocol, file, state]) =>
    linesOf(world.read(byteString(`/proc/net/${file}`))).flatMap((line) => {
      const row = /^\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line);
      if (row === null || row[3] !== state) return [];
      const port = Number.parseInt(row[2] ?? '', 16);
      return portAt(protocol, `${addressOf(row[1] ?? '')}:${port}`, undefined);
    }),
  );
}

/** Words of four bytes, each the other way round. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  if (bytes.every((byte) => byte === '00')) return '::';
  return (bytes.join('').match(/.{4}/g) ?? []).join(':').toLowerCase();
}
