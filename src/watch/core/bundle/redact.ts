/**
 * Text that may be posted to a mailing list: secrets gone, and names, addresses and identities behind
 * placeholders that are the same for the same thing. It errs towards hiding.
 */
import { maskSecrets } from '../../../base/mask-secrets.ts';

export type Hidden = 'host' | 'user' | 'address' | 'domain' | 'mail' | 'id';

export interface KnownNames {
  /** Of this machine and of those that the configuration and /etc/hosts name. */
  readonly hosts: readonly string[];
  /** Accounts of people. */
  readonly users: readonly string[];
}

export interface Replaced {
  readonly placeholder: string;
  readonly was: string;
}

/** They name nobody, and much would be unreadable without them. */
const OPEN_WORDS = new Set([
  'localhost',
  'root',
  'nobody',
  'none',
  'holdfast',
  'the',
  'and',
  'for',
]);
const OPEN_ADDRESSES = new Set(['127.0.0.1', '0.0.0.0', '255.255.255.255', '::1', '::']);
/** Shorter names are hidden as words only, longer ones wherever they stand. */
const ANYWHERE_FROM = 3;
const LONG_TLDS =
  'com|org|net|edu|gov|mil|int|info|biz|name|arpa|local|localdomain|lan|internal|intranet|intra|home|corp|private|test|example|invalid|cloud|dev|app|tech|online|site|xyz|foundation|berlin';
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?';

/** In this order: what is longer and surer first. */
const PATTERNS: readonly (readonly [Hidden, RegExp])[] = [
  ['mail', /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['id', /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi],
  // MAC and Infiniband addresses, WWNs with colons, IPv6 with or without a zone.
  ['address', /(?<![\w:.])(?:[0-9a-f]{2}[:-]){5,19}[0-9a-f]{2}(?![\w:])/gi],
  ['address', /(?<![\w:.])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?:%[\w.-]+)?(?![\w:])/gi],
  [
    'address',
    /(?<![\w:.])(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?(?:%[\w.-]+)?(?![\w:])/gi,
  ],
  ['address', /(?<!\d)\d{1,3}(?:[.-]\d{1,3}){3}(?!\d)/g],
  [
    'domain',
    new RegExp(
      String.raw`(?<![a-z0-9_-])(?:${LABEL}\.)+(?:${LONG_TLDS}|[a-z]{2}|xn--[a-z0-9-]+)(?![a-z0-9_])`,
      'gi',
    ),
  ],
  // Serial numbers, WWNs, machine ids, digests, tokens: long, and of letters and digits.
  ['id', /(?<![\w+/=.-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[A-Za-z0-9+_=-]{20,}(?![\w+/=-])/g],
  ['id', /(?<=\b(?:serial(?: number)?|wwn|s\/n)\s*[:=]\s*)[\w-]+/gi],
];

/** What stands at these places is a name, whatever it is. */
const PLACES: readonly (readonly [Hidden, RegExp])[] = [
  ['user', /(?<=\/(?:home|Users)\/)[^\s/:,]+/g],
  ['user', /(?<=\b(?:user|username|owner|login|role)\s*[=:]\s*["']?)[\w.-]+/gi],
  ['user', /(?<=\buid=\d+\()[^)\s]+/g],
  ['user', /(?<![\w.-])[\w.-]+(?=@[\w-])/g],
  ['host', /(?<=@)[a-z][\w.-]*/gi],
  ['host', /(?<=\b(?:hostname|host|peer|server|node)\s*[=:]\s*["']?)[\w.-]+/gi],
  // `nas:/export` and `//nas/share`, but no `https:`.
  ['host', /(?<![\w./-])[a-z0-9][\w.-]*(?=:\/(?!\/))/gi],
  ['host', /(?<=(?:^|[\s:])\/\/)[\w.-]+/g],
  ['host', /(?<=:\/\/(?:[^\s/@]*@)?)[\w.-]+/g],
];

export class Redactor {
  readonly #seen: Map<string, Replaced> = new Map();
  readonly #counts: Map<Hidden, number> = new Map();
  readonly #known: readonly (readonly [Hidden, string])[];

  constructor({ hosts, users }: KnownNames) {
    const listed = (of: Hidden, names: readonly string[]) =>
      names
        .map((name) => name.toLowerCase())
        .filter((name) => name.length > 1 && !OPEN_WORDS.has(name))
        .map((name) => [of, name] as const);
    const labels = hosts.flatMap((host) => [host, host.split('.')[0] ?? host]);
    // The longest first: `db1.example.org` before `db1`.
    this.#known = [...listed('host', [...new Set(labels)]), ...listed('user', users)].sort(
      ([, a], [, b]) => b.length - a.length,
    );
  }

  text(raw: string): string {
    let text = maskSecrets(raw.toWellFormed());
    // What is hidden stands between marks until the end, so that nothing is hidden twice.
    const hide = (of: Hidden, pattern: RegExp): void => {
      text = outside(text, (part) => part.replace(pattern, (was) => this.#hidden(of, was)));
    };
    for (const [of, pattern] of PATTERNS) hide(of, pattern);
    for (const [of, name] of this.#known) hide(of, patternOf(name));
    for (const [of, pattern] of PLACES) hide(of, pattern);
    // A name that was found at its place is one everywhere, also before it and beside letters.
    for (const { was, of } of this.#foundAtPlaces()) hide(of, patternOf(was));
    return text.replaceAll(/[\uE000\uE001]/g, '');
  }

  /** For the person who made it: it never leaves the machine. */
  replaced(): readonly Replaced[] {
    return [...this.#seen.values()];
  }

  *#foundAtPlaces(): Iterable<{ readonly was: string; readonly of: Hidden }> {
    for (const [key, { was }] of this.#seen) {
      const of = key.startsWith('host ') ? 'host' : key.startsWith('user ') ? 'user' : undefined;
      if (of !== undefined && was.length >= ANYWHERE_FROM) yield { was, of };
    }
  }

  #hidden(of: Hidden, was: string): string {
    const low = was.toLowerCase();
    if (OPEN_ADDRESSES.has(low) || OPEN_WORDS.has(low) || was === '***') return was;
    const key = `${of} ${low}`;
    const before = this.#seen.get(key);
    const count = (this.#counts.get(of) ?? 0) + 1;
    const placeholder = before?.placeholder ?? `${of.toUpperCase()}-${count}`;
    if (before === undefined) {
      this.#counts.set(of, count);
      this.#seen.set(key, { placeholder, was });
    }
    return `\uE000${placeholder}\uE001`;
  }
}

/** `change` to all that is not hidden yet. */
function outside(text: string, change: (part: string) => string): string {
  return text
    .split(/(\uE000[^\uE001]*\uE001)/)
    .map((part, at) => (at % 2 === 1 ? part : change(part)))
    .join('');
}

function patternOf(name: string): RegExp {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  if (name.length >= ANYWHERE_FROM) return new RegExp(escaped, 'gi');
  return new RegExp(`(?<![a-z0-9])${escaped}(?![a-z0-9])`, 'gi');
}
