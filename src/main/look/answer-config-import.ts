/** `holdfast config import`: what a file of others names and holdfast.yaml does not. */
import path from 'node:path';
import type { ImportedHost } from '../../adapters/import/imported.ts';
import { readImport } from '../../adapters/import/read-import.ts';
import { addHosts } from '../../adapters/import/write-hosts.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { wrap } from '../../base/say-width.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { CONFIG_NAME, fullPath, type Settings } from '../cli/settings.ts';

interface HostDiff {
  readonly added: readonly ImportedHost[];
  readonly differing: readonly { readonly host: ImportedHost; readonly declared: string }[];
  readonly sameCount: number;
}

export function answerConfigImport(
  cli: Cli,
  settings: Settings,
  given: { readonly file: string; readonly write: boolean },
): Answer {
  const read = readImport(textOfBytes(fullPath(cli, given.file)));
  const diff = diffOf(settings, read.hosts);
  const target = settings.configFile ?? path.join(textOfBytes(cli.cwd), CONFIG_NAME);
  const isWritten = given.write && diff.added.length > 0;
  if (isWritten) addHosts(target, diff.added);
  const { contacts, leftOut, from } = read;
  return {
    code: EXIT.done,
    say: (style) => words(style, { from, diff, contacts, leftOut, target, isWritten }),
    json: { from, ...diff, contacts, leftOut, written: isWritten ? target : null },
  };
}

function diffOf({ config }: Settings, hosts: readonly ImportedHost[]): HostDiff {
  const declared = config.hosts ?? {};
  const differing = hosts.flatMap((host) => {
    const there = Object.hasOwn(declared, host.name) ? declared[host.name] : undefined;
    const address = there?.address ?? host.name;
    return there === undefined || address === (host.address ?? host.name)
      ? []
      : [{ host, declared: address }];
  });
  const added = hosts.filter(({ name }) => !Object.hasOwn(declared, name));
  return { added, differing, sameCount: hosts.length - added.length - differing.length };
}

function* words(
  style: Style,
  said: {
    readonly from: string;
    readonly diff: HostDiff;
    readonly contacts: readonly { readonly name: string; readonly mail: string }[];
    readonly leftOut: readonly string[];
    readonly target: string;
    readonly isWritten: boolean;
  },
): Iterable<string> {
  const { from, diff, contacts, leftOut, target, isWritten } = said;
  const { added, differing, sameCount } = diff;
  yield* wrap(
    `${from}: ${countOf(added.length, 'host')} to add, ${differing.length} that differ, ${sameCount} as declared.`,
    style.width,
  );
  if (added.length + differing.length > 0) yield* ['', ' hosts:'];
  for (const host of added) yield `+  ${hostLine(host)}`;
  for (const { host, declared } of differing) {
    yield `!  ${sayText(host.name)}: declared as ${sayText(declared)}, here ${sayText(host.address ?? host.name)}; left as it is`;
  }
  if (contacts.length > 0) {
    yield '';
    yield '  Contacts, for channels below `tell:` (each wants a server; not written):';
    for (const { name, mail } of contacts) yield `   ${sayText(name)}: ${sayText(mail)}`;
  }
  if (leftOut.length > 0) yield '';
  for (const each of leftOut) yield `-  left out: ${sayText(each)}`;
  yield '';
  if (isWritten) yield `Written to ${sayText(target)}.`;
  else yield `Nothing was written.${added.length === 0 ? '' : ' To add the hosts: --write'}`;
}

function hostLine({ name, address, groups }: ImportedHost): string {
  const keys = [
    ...(address === undefined ? [] : [`address: ${sayText(address)}`]),
    ...(groups.length === 0
      ? []
      : [`groups: [${groups.map((group) => sayText(group)).join(', ')}]`]),
  ];
  return `${sayText(name)}: {${keys.join(', ')}}`;
}
