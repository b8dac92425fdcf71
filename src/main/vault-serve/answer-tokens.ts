/** Tokens of a peer: made, shown, revoked, on its own machine. A peer that runs sees it at once. */
import os from 'node:os';
import { openServerKey } from '../../adapters/http/server-key.ts';
import { type PeerAccess, peerLine } from '../../adapters/peer/peer-place.ts';
import type { PeerToken } from '../../adapters/peer/peer-home.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatInstant } from '../../base/say-time.ts';
import { OBJECTS_DEFAULT, OBJECTS_MAX, type PeerQuota } from '../../vault/core/peer-message.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import type { ServeOptions, ServeTokenOptions } from '../cli/serve-options.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { textOfBytes } from '../cli/places.ts';
import { parseAddress, parseBytes, servePlace } from './serve-place.ts';

const COMMAND = 'vault serve token';
const SERVE_PORT = 7432;

export async function answerToken(
  cli: Cli,
  host: string,
  options: ServeTokenOptions,
): Promise<Answer> {
  const { home } = await servePlace(cli, options);
  const address =
    options.address ?? `${os.hostname().toLowerCase()}:${home.notedPort() ?? SERVE_PORT}`;
  const at = parseAddress(address, COMMAND);
  const quota = quotaOf(home.quotaOf(host), options);
  const { pin } = await openServerKey(`${textOfBytes(home.directory)}/key.pem`);
  const { id, text } = home.makeToken(host, cli.clock.now());
  home.setQuota(host, quota);
  const access: PeerAccess = {
    place: { ...at, vault: host },
    pin: pin.toString('hex'),
    token: text,
  };
  const line = peerLine(access);
  const json = { host, id, line, quota: { ...quota, bytes: quota.bytes ?? null } };
  return { code: EXIT.done, say: () => [line], json };
}

function quotaOf(before: PeerQuota, { quota, objects }: ServeTokenOptions): PeerQuota {
  const count = objects === undefined ? before.objects : Number(objects);
  if (!Number.isInteger(count) || count < 1 || count > OBJECTS_MAX) {
    const message = `--objects takes a count up to ${OBJECTS_MAX}, not ${sayText(objects ?? '')}`;
    throw new Fault('HF_USAGE', message, { command: COMMAND });
  }
  if (quota === undefined) return { bytes: before.bytes, objects: count };
  return { bytes: quota === 'none' ? undefined : parseBytes(quota, COMMAND), objects: count };
}

export async function answerTokens(cli: Cli, options: ServeOptions): Promise<Answer> {
  const { home } = await servePlace(cli, options);
  const tokens = home.tokens().map((each) => ({ ...each, quota: home.quotaOf(each.host) }));
  const json = {
    tokens: tokens.map(({ id, host, madeAt, quota }) => ({
      ...{ id, host, made: timeJson(madeAt) },
      quota: { ...quota, bytes: quota.bytes ?? null },
    })),
  };
  if (tokens.length === 0) {
    const say = () => ['No host has a token yet: holdfast vault serve token HOST'];
    return { code: EXIT.done, say, json };
  }
  const now = cli.clock.now();
  return {
    code: EXIT.done,
    say: (style) =>
      layoutTable(
        style,
        ['host', 'token', 'made', 'may keep'].map((header) => ({ header })),
        tokens.map(({ host, id, madeAt, quota }) =>
          [host, id, formatInstant(madeAt, now), quotaWords(quota)].map((text) => ({ text })),
        ),
      ),
    json,
  };
}

function quotaWords({ bytes, objects }: PeerQuota): string {
  const first = bytes === undefined ? 'what is free' : formatBytes(bytes);
  return objects === OBJECTS_DEFAULT ? first : `${first}, ${countOf(objects, 'object')}`;
}

export async function answerRevoke(
  cli: Cli,
  named: string,
  options: ServeOptions,
): Promise<Answer> {
  const { home } = await servePlace(cli, options);
  const gone: readonly PeerToken[] = home.revoke(named);
  const hosts = [...new Set(gone.map(({ host }) => host))].join(', ');
  const left = home.tokens().filter(({ host }) => gone.some((each) => each.host === host)).length;
  const more = left === 0 ? '' : ` ${countOf(left, 'token')} of it still let it in.`;
  const say = (): readonly string[] => [
    `${countOf(gone.length, 'token')} of ${hosts} let nobody in any more. What was stored stays.${more}`,
  ];
  return { code: EXIT.done, say, json: { revoked: gone.map(({ id }) => id), left } };
}
