import { quoteWord } from '../../../base/shell-word.ts';
import type { FoundBackup } from '../discovery.ts';
import type { Place } from '../place.ts';
import { pathText } from './across.ts';

export interface OpenWhat {
  /** Where it was found. */
  readonly host: string;
  readonly backup: FoundBackup;
  /** Where it lies, as far as that is known. */
  readonly place: Place | undefined;
}

/** What opens it from where the look was made: the paths of its traces are those of other hosts. */
export function openCommandOf(
  { host, backup, place }: OpenWhat,
  asked: readonly { readonly host: string; readonly address?: string | undefined }[],
): string {
  const { tool, repository, openCommand } = backup;
  if (repository === undefined || !repository.startsWith('/')) return openCommand;
  const addressOf = (name: string): string =>
    asked.find((each) => each.host === name)?.address ?? name;
  const at = noOption(addressOf(place?.path === undefined ? host : place.host));
  const path = place?.path === undefined ? repository : pathText(place.path);
  switch (tool) {
    case 'borg':
    case 'borgmatic':
      return `holdfast connect borg ${quoteWord(sshAddress(at, path))}`;
    case 'restic':
      return `holdfast connect restic ${quoteWord(sftpAddress(at, path))}`;
    default:
      return openCommand.startsWith('holdfast ')
        ? openCommand
        : `${sshTo(noOption(addressOf(host)))} ${quoteWord(openCommand)}`;
  }
}

/** ssh takes for an option of its own what begins with a dash; no machine is called that. */
function noOption(address: string): string {
  return address.startsWith('-') ? 'HOST' : address;
}

/** `[user@]host[:port]`; an address of IPv6 stands in brackets, or bare and without a port. */
function partsOf(address: string): { readonly to: string; readonly port: string | undefined } {
  const [, named, bracketed, port] =
    /^(?:([^:[]*)|([^:[]*\[[^\]]*\]))(?::(\d+))?$/.exec(address) ?? [];
  return { to: named ?? bracketed?.replaceAll(/[[\]]/g, '') ?? address, port };
}

function sshTo(address: string): string {
  const { to, port } = partsOf(address);
  return `ssh ${port === undefined ? '' : `-p ${port} `}${quoteWord(to)}`;
}

/** As borg takes it. @param address what ssh is told to get there, perhaps with a port */
export function sshAddress(address: string, path: string): string {
  return `ssh://${authorityOf(address)}${path}`;
}

/** As restic takes it: with a port it is a URL, in which an absolute path has two slashes. */
export function sftpAddress(address: string, path: string): string {
  const { to, port } = partsOf(address);
  const isUrl = port !== undefined || to.includes(':');
  return isUrl ? `sftp://${authorityOf(address)}/${path}` : `sftp:${to}:${path}`;
}

function authorityOf(address: string): string {
  const { to, port } = partsOf(address);
  const [, user = '', host = ''] = /^(.*@)?(.*)$/s.exec(to) ?? [];
  const named = host.includes(':') ? `[${host}]` : host;
  return `${user}${named}${port === undefined ? '' : `:${port}`}`;
}
