/** Other machines that this account knows of, from what ssh keeps. Nothing is asked of any. */

export interface KnownMachine {
  /** As ssh takes it. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** Where it was found, for people. */
  readonly from: string;
}

const CONFIG = '~/.ssh/config';
const KNOWN_HOSTS = '~/.ssh/known_hosts';
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** They take code and no vault. */
const FORGES =
  /(?:^|\.)(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|sr\.ht|azure\.com|amazonaws\.com)$/i;
const LINES_MAX = 10_000;

/** Names of `Host` that stand for one machine each, in their order. @param text of ssh_config(5) */
export function machinesOfConfig(text: string): readonly KnownMachine[] {
  const machines: { names: readonly string[]; hostName?: string; user?: string }[] = [];
  for (const line of linesOf(text)) {
    const [, word = '', rest = ''] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
    const value = rest.replace(/^"(.*)"$/, '$1');
    const last = machines.at(-1);
    if (/^(?:host|match)$/i.test(word)) {
      machines.push({ names: /^host$/i.test(word) ? value.split(/\s+/) : [] });
    } else if (last !== undefined && /^hostname$/i.test(word)) last.hostName ??= value;
    else if (last !== undefined && /^user$/i.test(word)) last.user ??= value;
  }
  return machines
    .filter(({ hostName = '', user }) => user !== 'git' && !FORGES.test(hostName))
    .flatMap(({ names }) => names)
    .filter((host) => NAME.test(host) && !FORGES.test(host))
    .map((host) => ({ host, from: CONFIG }));
}

/** Names that are not hashed, in their order. @param text of known_hosts, sshd(8) */
export function machinesOfKnownHosts(text: string): readonly KnownMachine[] {
  const found: KnownMachine[] = [];
  for (const line of linesOf(text)) {
    const [names = ''] = line.split(/\s+/);
    // `@revoked` and `|1|...`: no name that could be given.
    const [first = ''] = names.split(',');
    const match = /^\[([^\]]+)\]:([0-9]+)$/.exec(first);
    const host = match?.[1] ?? first;
    if (!NAME.test(host) || FORGES.test(host)) continue;
    const port = match === null ? {} : { port: Number(match[2]) };
    found.push({ host, ...port, from: KNOWN_HOSTS });
  }
  return found;
}

/** Of a repository that a backup tool reaches over SSH; undefined for every other address. */
export function machineOfRepository(repository: string): KnownMachine | undefined {
  const address =
    /^(?:sftp:(?:\/\/)?|ssh:\/\/)?(?:([\w.+-]+)@)?([\w.-]+)(?::([0-9]+)\/|[:/])/i.exec(repository);
  const isSsh = /^(?:sftp:|ssh:\/\/)/i.test(repository) || /^[\w.+-]+@[\w.-]+:/.test(repository);
  const host = address?.[2];
  if (!isSsh || host === undefined || !NAME.test(host)) return undefined;
  const user = address?.[1] === undefined ? {} : { user: address[1] };
  const port = address?.[3] === undefined ? {} : { port: Number(address[3]) };
  return { host, ...user, ...port, from: 'a backup that goes there' };
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n', LINES_MAX)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
