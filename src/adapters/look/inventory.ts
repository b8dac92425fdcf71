/** What an Ansible inventory says, however it is written: hosts, groups, and variables of both. */
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { isSshHostName, isSshUser, parseSshHost, parseSshPort } from '../ssh/ssh-host.ts';
import { type AskedHost, HOSTS_MAX, type HostList, type LeftOut, tooMany } from './asked-host.ts';

export class Inventory {
  readonly #file: string;
  readonly #groups = new Map<string, Group>();
  readonly #hosts = new Map<string, Host>();

  constructor(file: string) {
    this.#file = file;
  }

  /** @param pattern a name, `web[01:12].example.org`, each also with a port behind */
  addHosts(pattern: string, of: { readonly group: string; readonly line: number }): string[] {
    const { group, line } = of;
    const { names, port } = this.#expand(pattern, line);
    for (const name of names) {
      const host = this.#hosts.get(name) ?? { groups: new Set(), vars: new Map(), line };
      host.groups.add(group);
      if (port !== undefined) host.vars.set('ansible_port', port);
      this.#hosts.set(name, host);
    }
    if (this.#hosts.size > HOSTS_MAX) throw tooMany(this.#hosts.size);
    this.#group(group);
    return names;
  }

  addChild(group: string, child: string): void {
    this.#group(group);
    this.#group(child).parents.add(group);
  }

  setHost(host: string, name: string, value: string): void {
    this.#hosts.get(host)?.vars.set(name, value);
  }

  setGroup(group: string, name: string, value: string): void {
    this.#group(group).vars.set(name, value);
  }

  /** @throws Fault HF_LOOK_FROM where what is said of a host can be given to no ssh */
  list(): HostList {
    const hosts: AskedHost[] = [];
    const leftOut: LeftOut[] = [];
    const unheeded = new Set<string>();
    for (const [name, host] of this.#hosts) {
      const above = this.#above(host);
      const vars = new Map<string, string>();
      for (const group of above) for (const each of this.#group(group).vars) vars.set(...each);
      for (const each of host.vars) vars.set(...each);
      for (const key of UNHEEDED) if (vars.has(key)) unheeded.add(key);
      const why = whyNotAsked(name, vars);
      const groups = above.filter((group) => group !== ALL && group !== UNGROUPED);
      if (why !== undefined) leftOut.push({ name, why });
      else hosts.push({ name, at: this.#address({ name, vars, line: host.line }), groups });
    }
    const notes = [...unheeded].map(
      (key) => `${key} in the inventory is not used; what it says can stand in ~/.ssh/config.`,
    );
    return { hosts, leftOut, notes };
  }

  fault(line: number, what: string, instead: string): Fault {
    const message = `${this.#file}, line ${line}: ${what}`;
    return new Fault('HF_LOOK_FROM', message, { file: this.#file, line, instead });
  }

  #address(of: {
    readonly name: string;
    readonly vars: ReadonlyMap<string, string>;
    readonly line: number;
  }): AskedHost['at'] {
    const { name, vars, line } = of;
    const host = first(vars, HOST) ?? name;
    const user = first(vars, USER);
    const portText = first(vars, PORT);
    const port = portText === undefined ? undefined : parseSshPort(portText);
    const refused = (what: string): Fault =>
      this.fault(
        line,
        `${sayText(name)} ${what}`,
        'Correct ansible_host, ansible_user or ansible_port.',
      );
    if (!isSshHostName(host)) throw refused(`leads to ${sayText(host)}, which is no host`);
    if (user !== undefined && !isSshUser(user)) {
      throw refused(`has the user ${sayText(user)}, which ssh cannot be given`);
    }
    if (portText !== undefined && port === undefined) {
      throw refused(`has the port ${sayText(portText)}, which is none`);
    }
    return {
      ...(user === undefined ? {} : { user }),
      host,
      ...(port === undefined ? {} : { port }),
    };
  }

  /** All groups that a host is in, outermost first: the later says what holds. */
  #above(host: Host): readonly string[] {
    const depths = new Map<string, number>([[ALL, 0]]);
    const climb = (name: string, below: readonly string[]): number => {
      const known = depths.get(name);
      if (known !== undefined) return known;
      // A group that is above itself has no depth; Ansible refuses it.
      if (below.includes(name))
        throw this.fault(host.line, `group ${sayText(name)} is above itself`, NO_LOOPS);
      const parents = [...this.#group(name).parents];
      const depth = 1 + Math.max(0, ...parents.map((parent) => climb(parent, [...below, name])));
      depths.set(name, depth);
      return depth;
    };
    for (const group of host.groups) climb(group, []);
    return [...depths]
      .sort(([a, depthA], [b, depthB]) => depthA - depthB || (a < b ? -1 : 1))
      .map(([name]) => name);
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const made = { parents: new Set<string>(), vars: new Map<string, string>() };
    this.#groups.set(name, made);
    return made;
  }

  #expand(pattern: string, line: number): { readonly names: string[]; readonly port?: string } {
    const refused = (): Fault =>
      this.fault(
        line,
        `${sayText(pattern)} names no host`,
        'Write it as web1, web1:2222 or web[01:12].',
      );
    if (isSshHostName(pattern)) return { names: [pattern] };
    const [, body = pattern, port] = /^(.*[^:\]]|.*\])(?::([0-9]+))$/.exec(pattern) ?? [];
    const names: string[] = [];
    for (const name of expandRanges(body)) {
      if (names.length === HOSTS_MAX) throw tooMany(HOSTS_MAX + 1);
      const host = parseSshHost(name);
      if (typeof host === 'string' || host.user !== undefined) throw refused();
      names.push(host.host);
    }
    if (names.length === 0) throw refused();
    return port === undefined ? { names } : { names, port };
  }
}

interface Host {
  readonly groups: Set<string>;
  readonly vars: Map<string, string>;
  readonly line: number;
}

interface Group {
  readonly parents: Set<string>;
  readonly vars: Map<string, string>;
}

export const ALL = 'all';
export const UNGROUPED = 'ungrouped';
const NO_LOOPS = 'Take one of the two out of the children of the other.';
/** The second name of each is that of Ansible 1. */
const HOST = ['ansible_host', 'ansible_ssh_host'];
const USER = ['ansible_user', 'ansible_ssh_user'];
const PORT = ['ansible_port', 'ansible_ssh_port'];
/** Ways to a host that only Ansible would go. */
const UNHEEDED = [
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_ssh_private_key_file',
  'ansible_private_key_file',
];
const BY_SSH = /^(?:ansible\.builtin\.)?(?:ssh|smart|paramiko|paramiko_ssh|libssh)$/;
const NETWORK = /(?:^|\.)(?:network_cli|netconf|httpapi|grpc|persistent)$/;

function first(vars: ReadonlyMap<string, string>, names: readonly string[]): string | undefined {
  return names.map((name) => vars.get(name)).find((value) => value !== undefined && value !== '');
}

function whyNotAsked(name: string, vars: ReadonlyMap<string, string>): string | undefined {
  const connection = vars.get('ansible_connection') ?? 'ssh';
  if (vars.has('ansible_network_os') || NETWORK.test(connection)) return 'a network device';
  if (connection === 'local' || connection === 'ansible.builtin.local') {
    return 'it is this machine: holdfast look localhost';
  }
  if (!BY_SSH.test(connection)) return `reached by ${sayText(connection)}, not by ssh`;
  const template = [HOST, USER, PORT].find((names) => first(vars, names)?.includes('{{') === true);
  if (template !== undefined)
    return `${template[0] ?? ''} is a template, which only Ansible fills in`;
  const isHere = name === 'localhost' && first(vars, HOST) === undefined;
  return isHere ? 'it is this machine: holdfast look localhost' : undefined;
}

/** `web[01:12]`, `db[a:c]`, `n[0:8:2]`, several in one name. Lazy: a range may be endless. */
function* expandRanges(pattern: string): Generator<string> {
  const match =
    /^(.*?)\[(?:([0-9]+):([0-9]+)|([a-z]):([a-z])|([A-Z]):([A-Z]))(?::([0-9]+))?\](.*)$/.exec(
      pattern,
    );
  if (match === null) {
    yield pattern;
    return;
  }
  const [, before = '', from, to, small, smallTo, large, largeTo, stepText, after = ''] = match;
  const step = Math.max(1, Number(stepText ?? 1));
  const letter = small ?? large;
  const start = letter === undefined ? Number(from) : letter.charCodeAt(0);
  const end = letter === undefined ? Number(to) : (smallTo ?? largeTo ?? '').charCodeAt(0);
  const width = from?.startsWith('0') === true ? from.length : 0;
  for (let at = start; at <= end; at += step) {
    const text = letter === undefined ? String(at).padStart(width, '0') : String.fromCharCode(at);
    for (const rest of expandRanges(after)) yield `${before}${text}${rest}`;
  }
}
