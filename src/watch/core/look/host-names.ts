import type { LookedHost } from './looked-hosts.ts';

/** The host that was looked at under `name`, as its look was asked; undefined where none is known. */
export type HostOf = (name: string) => string | undefined;

/**
 * Finds machines by any name that others call them by. A name that means two of them means none:
 * shared addresses (of bridges) and equal short names are no evidence.
 */
export function hostNames(machines: readonly LookedHost[]): HostOf {
  const asked = named(machines, (machine) => [machine.host, ...machine.alsoAs]);
  const own = named(machines, (machine) => sayings(machine, (sight) => [sight.hostName]));
  const address = named(machines, (machine) => sayings(machine, (sight) => sight.addresses));
  const short = named(machines, (machine) => allNames(machine).flatMap(shortOf));
  const unqualified = named(machines, (machine) => {
    const names = allNames(machine);
    return names.some(isQualified) ? [] : names;
  });
  return (name) => {
    const plain = plainName(name);
    for (const table of [asked, own, address]) {
      const host = table.get(plain);
      if (host !== undefined) return host ?? undefined;
    }
    // `st1.example.org` and `st1.example.net` are two machines.
    const table = isQualified(plain) ? unqualified : short;
    return table.get(shortOf(plain)[0] ?? '') ?? undefined;
  };
}

function allNames(machine: LookedHost): readonly string[] {
  return [machine.host, ...machine.alsoAs, ...sayings(machine, (sight) => [sight.hostName])];
}

/** What an expired look said of itself counts no more; the name by which it was asked still does. */
function sayings(
  { look, sight }: LookedHost,
  say: (machine: NonNullable<LookedHost['sight']>['machine']) => readonly string[],
): readonly string[] {
  return sight === undefined || look === 'stale' ? [] : say(sight.machine);
}

/** `null` where the name means more than one. */
function named(
  machines: readonly LookedHost[],
  names: (machine: LookedHost) => readonly string[],
): ReadonlyMap<string, string | null> {
  const table = new Map<string, string | null>();
  for (const machine of machines) {
    for (const name of new Set(names(machine).map(plainName))) {
      if (name === '' || isLoopback(name)) continue;
      table.set(name, table.has(name) ? null : machine.host);
    }
  }
  return table;
}

/** Without user, brackets, the prefix length of an address, and the root's dot. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^[^@]*@/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\/\d+$/, '')
    .replace(/\.$/, '');
}

/** The first part of a name; an address has none. */
function shortOf(name: string): readonly string[] {
  const plain = plainName(name);
  if (isAddress(plain)) return [];
  const [first = ''] = plain.split('.');
  return first === '' ? [] : [first];
}

function isQualified(name: string): boolean {
  const plain = plainName(name);
  return plain.includes('.') && !isAddress(plain);
}

function isAddress(plain: string): boolean {
  return plain.includes(':') || /^[\d.]+$/.test(plain);
}

export function isLoopback(name: string): boolean {
  return /^(?:localhost(?:\..*)?|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(plainName(name));
}
