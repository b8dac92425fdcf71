/** Where a peer keeps the vaults of others, and what it notes there. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { PeerHome } from '../../adapters/peer/peer-home.ts';
import type { Cli } from '../cli/cli.ts';
import type { ServeOptions } from '../cli/serve-options.ts';
import { fullPath, readSettings } from '../cli/settings.ts';
import { parseFloor } from '../cli/sizes.ts';
import { nodePorts } from '../vault-session.ts';
import type { Ports } from '../vault-line.ts';

export interface ServePlace {
  readonly home: PeerHome;
  readonly root: ByteString;
  readonly ports: Ports;
}

export async function servePlace(cli: Cli, options: ServeOptions): Promise<ServePlace> {
  const { root: given, config } = options;
  const settings = await readSettings(cli, config === undefined ? {} : { config });
  const root =
    given === undefined ? byteString(`${settings.state.value}/peer-store`) : fullPath(cli, given);
  const ports = nodePorts();
  return { home: new PeerHome(ports, root), root, ports };
}

/** @throws Fault HF_USAGE */
export function parseBytes(text: string, command: string): number {
  const floor = parseFloor(text, command);
  if ('bytes' in floor) return floor.bytes;
  throw new Fault('HF_USAGE', `a size is wanted, as 500GiB, not ${text}`, { command });
}

/** `ADDRESS:PORT`, an address of IPv6 in brackets. @throws Fault HF_USAGE */
export function parseAddress(
  text: string,
  command: string,
): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[^:/\s]+):([0-9]{1,5})$/.exec(text) ?? [];
  if (host !== '' && Number(port) <= 65_535) {
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  }
  const message = `${JSON.stringify(text)} is no address; write 0.0.0.0:7432 or [::]:7432`;
  throw new Fault('HF_USAGE', message, { command });
}
