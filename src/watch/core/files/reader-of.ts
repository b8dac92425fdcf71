/**
 * Which host is asked for what a vault holds: a restore host, which reads what any host wrote, or the
 * host that wrote it. What another host says of it is not even asked for.
 */
import { operandWord } from '../../../base/shell-word.ts';
import type { FilesMay } from './wants.ts';

/** A host whose agent asks for questions, as far as its own file lets it. */
export interface FilesHost {
  readonly host: string;
  readonly may: FilesMay;
  /** Where it may restore to. */
  readonly places: readonly string[];
}

export interface ReaderAsked {
  /** Hosts that are enrolled, and how long each has been silent; undefined: it is heard. */
  readonly enrolled: ReadonlyMap<string, { readonly silentFor: string | undefined }>;
  /** As the configuration names them, the best first. */
  readonly restoreHosts: readonly string[];
  /** Whose data it is, where that is known. */
  readonly host?: string | undefined;
  /** Who is to answer, where somebody has chosen. */
  readonly through?: string | undefined;
}

export interface Reader extends FilesHost {
  /** It answers for itself alone. */
  readonly own: boolean;
}

export interface NoReader {
  readonly why: string;
  readonly instead: string;
}

export function readerOf(
  hosts: readonly FilesHost[],
  asked: ReaderAsked,
): { readonly reader: Reader } | { readonly none: NoReader } {
  const { restoreHosts, host, through } = asked;
  const own = (name: string): boolean => !restoreHosts.includes(name);
  if (through !== undefined) {
    if (own(through) && host !== undefined && host !== through) {
      return { none: forItselfOnly(through, host) };
    }
    return found(hosts, asked, { name: through, own: own(through) });
  }
  const restoring = restoreHosts.find((name) => hosts.some((each) => each.host === name));
  if (restoring !== undefined) return found(hosts, asked, { name: restoring, own: false });
  if (host !== undefined) return found(hosts, asked, { name: host, own: true });
  const [only] = hosts.map(({ host: name }) => name).sort();
  if (only !== undefined) return found(hosts, asked, { name: only, own: true });
  const [first] = [...restoreHosts, ...asked.enrolled.keys()];
  return { none: first === undefined ? NOBODY : absent(asked, first) };
}

const NOBODY: NoReader = {
  why: 'no host is enrolled that could read a vault',
  instead: 'Enrol the host that holds the vault’s key: `holdfast enroll HOST`.',
};

function found(
  hosts: readonly FilesHost[],
  asked: ReaderAsked,
  { name, own }: { readonly name: string; readonly own: boolean },
): { readonly reader: Reader } | { readonly none: NoReader } {
  const reader = hosts.find((each) => each.host === name);
  return reader === undefined ? { none: absent(asked, name) } : { reader: { ...reader, own } };
}

function forItselfOnly(through: string, host: string): NoReader {
  return {
    why: `${through} is no restore host: it answers for its own data, and not for that of ${host}`,
    instead: `Ask ${host}, or name ${through} in holdfast.yaml: \`server: {restore-hosts: [${through}]}\`.`,
  };
}

function absent({ enrolled }: ReaderAsked, name: string): NoReader {
  const known = enrolled.get(name);
  if (known === undefined) {
    return {
      why: `no host is called ${name}`,
      instead: `Enrol it: \`holdfast enroll ${operandWord(name)}\`.`,
    };
  }
  if (known.silentFor !== undefined) {
    return {
      why: `the agent of ${name} is silent for ${known.silentFor}: nothing can be read through it`,
      instead: `See whether ${name} is up and its agent runs: \`systemctl status holdfast-agent\`.`,
    };
  }
  return {
    why: `${name} does not answer what its vault holds`,
    instead: `Its owner allows it in /etc/holdfast/agent.yaml there, \`files: {read: content, restore-to: [/srv/restored]}\`; an agent older than this server is renewed first.`,
  };
}
