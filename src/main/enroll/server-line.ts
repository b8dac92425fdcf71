/** The line by which an agent is enrolled: from a file, from a server's API, or from the server here. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { askLine, lineIn } from '../../adapters/enroll/ask-line.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Cli } from '../cli/cli.ts';
import { textOfBytes } from '../cli/places.ts';
import { fullPath } from '../cli/settings.ts';

/** Gives the line for one host; asked for only where it is not enrolled yet. */
export type LineFor = (host: string) => Promise<string>;

/** `https://HOST:PORT#PIN TOKEN`: docs/format/agent.md. */
const LINE = /^https:\/\/[A-Za-z0-9._:[\]-]{1,253}\/?#[A-Za-z0-9_-]{43} [A-Za-z0-9_-]{43}$/;
const SIZE_MAX = 1024;
/** `src/main/enroll` and `dist/main/enroll` both lie three below it. */
const PROGRAM = path.join(import.meta.dirname, '../../../bin/holdfast');
const INSTEAD =
  'Run it on the server, or set HOLDFAST_SERVER and HOLDFAST_TOKEN_FILE; or give --line-file FILE with the line that `holdfast server token HOST` prints there; or --no-server to enrol it later.';

/** @throws Fault HF_ENROLL_SERVER, when it is asked */
export function lineFrom(cli: Cli, file: string | undefined): LineFor {
  return async (host) => {
    const line = (await saidFor(cli, host, file)).trim();
    if (LINE.test(line)) return line;
    throw noLine(`what was given for ${sayText(host)} is no line to enrol an agent by`);
  };
}

function saidFor(cli: Cli, host: string, file: string | undefined): Promise<string> {
  const server = cli.env.HOLDFAST_SERVER ?? '';
  if (file !== undefined) return Promise.resolve(fileText(cli, file));
  return server === '' ? Promise.resolve(askedHere(cli, host)) : askedByApi(cli, server, host);
}

function fileText(cli: Cli, file: string): string {
  try {
    return fs.readFileSync(textOfBytes(fullPath(cli, file)), 'utf8').slice(0, SIZE_MAX);
  } catch (cause) {
    throw noLine(`${sayText(file)} cannot be read`, cause);
  }
}

async function askedByApi(cli: Cli, server: string, host: string): Promise<string> {
  const tokenFile = cli.env.HOLDFAST_TOKEN_FILE ?? '';
  if (tokenFile === '') throw noLine('HOLDFAST_SERVER is set, and HOLDFAST_TOKEN_FILE is not');
  const token = fileText(cli, tokenFile).trim();
  const line = await askLine({ server, token, host }).catch((cause: unknown) => {
    throw noLine(`the server ${sayText(server)} could not be asked`, cause);
  });
  if (line !== undefined) return line;
  throw noLine(`the server ${sayText(server)} gave no line: its token must have the scope enrol`);
}

/** The server's own command, as its operator would type it: one way to make a token. */
function askedHere(cli: Cli, host: string): string {
  const env = { ...process.env, ...cli.env };
  const args = ['server', 'token', host, '--json'];
  const asked = spawnSync(PROGRAM, args, { encoding: 'utf8', cwd: textOfBytes(cli.cwd), env });
  const line = asked.status === 0 ? lineIn(asked.stdout) : undefined;
  if (line !== undefined) return line;
  throw noLine(`no server on this machine gave a line to enrol ${sayText(host)} by`);
}

function noLine(message: string, cause?: unknown): Fault {
  return new Fault('HF_ENROLL_SERVER', message, { instead: INSTEAD }, { cause });
}
