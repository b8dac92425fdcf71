/** By which keys SSH servers are known here: what one machine has and two do not share. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** Of each type (`ssh-ed25519`) the keys, as they stand in files of ssh. */
export type HostKeys = ReadonlyMap<string, ReadonlySet<string>>;

export const NO_KEYS: HostKeys = new Map();

const ANSWER_MS_MAX = 3000;
const HERE = '/etc/ssh';
const PORT = 22;

/** Of the server on this machine; none where it has none, or has them elsewhere. */
export function hostKeysHere(directory = HERE): HostKeys {
  try {
    const names = fs.readdirSync(directory).filter((name) => /^ssh_host_\w+_key\.pub$/.test(name));
    return parseKeys(names.map((name) => fs.readFileSync(path.join(directory, name), 'latin1')));
  } catch (error) {
    if (error instanceof Error) return NO_KEYS;
    throw error;
  }
}

/** As the files of known hosts have them that ssh would go by; nothing is connected to. */
export async function hostKeysOf(host: string, port: number | undefined): Promise<HostKeys> {
  const asked = port === undefined ? [] : ['-p', String(port)];
  const said = await output(sshCommand(), ['-G', ...asked, '--', host]);
  const one = (word: string): string | undefined =>
    new RegExp(`^${word} (\\S+)$`, 'm').exec(said)?.[1];
  const name = one('hostkeyalias') ?? one('hostname');
  if (name === undefined) return NO_KEYS;
  const at = Number(one('port') ?? PORT);
  const known = at === PORT || one('hostkeyalias') !== undefined ? name : `[${name}]:${at}`;
  const files = [...said.matchAll(/^(?:user|global)knownhostsfile (.+)$/gm)]
    .flatMap(([, list = '']) => list.split(' '))
    .filter((file) => fs.existsSync(file));
  const found = files.map((file) => output(['ssh-keygen'], ['-F', known, '-f', file]));
  const lines = (await Promise.all(found)).flatMap((text) => text.split('\n'));
  // `# Host ... found`, `@revoked`, `@cert-authority`: no key of a server.
  return parseKeys(
    lines.filter((line) => /^[^#@\s]/.test(line)).map((line) => line.replace(/^\S+ /, '')),
  );
}

/** `undefined`: they have no type in common, so nothing tells. */
export function isSameServer(one: HostKeys, other: HostKeys): boolean | undefined {
  let isShared = false;
  for (const [type, keys] of one) {
    const others = other.get(type);
    if (others === undefined) continue;
    isShared = true;
    for (const key of keys) if (others.has(key)) return true;
  }
  return isShared ? false : undefined;
}

function parseKeys(lines: readonly string[]): HostKeys {
  const keys = new Map<string, Set<string>>();
  for (const line of lines) {
    const [type, key] = line.trim().split(/\s+/);
    if (type === undefined || key === undefined) continue;
    keys.set(type, (keys.get(type) ?? new Set()).add(key));
  }
  return keys;
}

function sshCommand(): readonly string[] {
  return (process.env.HOLDFAST_SSH ?? 'ssh').trim().split(/\s+/);
}

/** Empty where there is no such program, or it does not say. */
async function output(command: readonly string[], args: readonly string[]): Promise<string> {
  const [program = 'ssh', ...words] = command;
  try {
    const options = { timeout: ANSWER_MS_MAX, encoding: 'latin1' } as const;
    const { stdout } = await promisify(execFile)(program, [...words, ...args], options);
    return stdout;
  } catch (error) {
    if (error instanceof Error) return '';
    throw error;
  }
}
