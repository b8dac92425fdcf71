/** Where a server keeps what it keeps, and how it is reached, from settings and configuration. */
import fs from 'node:fs';
import os from 'node:os';
import type { ListenAt } from '../../adapters/http/https-server.ts';
import { byteString } from '../../base/bytes.ts';
import { openOwnKey } from './own-state.ts';
import type { Cli } from '../cli/cli.ts';
import { textOfBytes } from '../cli/places.ts';
import { readSettings, type Settings } from '../cli/settings.ts';
import { nodePorts } from '../vault-session.ts';

export interface ServerPlace {
  readonly settings: Settings;
  /** It is there, and nobody else's to read. */
  readonly directory: string;
  readonly listen: ListenAt;
  /** As it is reached from elsewhere; undefined: where it listens. */
  readonly url: string | undefined;
}

export const PORT = 7431;
const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** @throws Fault HF_CONFIG_INVALID */
export async function serverPlace(
  cli: Cli,
  options: { readonly config?: string },
): Promise<ServerPlace> {
  const settings = await readSettings(cli, options);
  const { disk } = nodePorts();
  disk.makeDir(settings.state.value);
  becomeOwnerOf(textOfBytes(settings.state.value));
  const at = byteString(`${settings.state.value}/server`);
  disk.makeDir(at);
  const directory = textOfBytes(at);
  const given = settings.config.server?.listen;
  const listen = given === undefined ? { host: '127.0.0.1', port: PORT } : listenAtOf(given);
  return { settings, directory, listen, url: settings.config.server?.url ?? urlOf(listen) };
}

/**
 * Root works with it as whose it is: what root wrote there the server could not read, and what its
 * user puts there root is not to follow. For the rest of this process: it does nothing else.
 */
function becomeOwnerOf(directory: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = fs.statSync(directory);
  if (uid === 0) return;
  process.setgroups?.([gid]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
}

/** `[::1]:7431`, as the schema of the configuration lets it through. */
export function listenAtOf(given: string): ListenAt {
  const at = given.lastIndexOf(':');
  const host = given.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(given.slice(at + 1)) };
}

/** One that listens everywhere is reached by the name of its machine. */
export function urlOf({ host, port }: ListenAt): string | undefined {
  if (port === 0) return undefined;
  const name = ANYWHERE.has(host) ? os.hostname() : host;
  return `https://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** The pin of the server whose state lies there; its key is made where there is none. */
export async function pinHere(directory: string): Promise<string> {
  const { pin } = await openOwnKey(directory);
  return pin.toString('base64url');
}
