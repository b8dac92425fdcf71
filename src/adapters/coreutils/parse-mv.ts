/** What a command line of mv means. Pure. */

export interface MvCommand {
  readonly sources: readonly string[];
  /** Undefined where too few are named: mv says so. */
  readonly target: string | undefined;
  /** `-t`: it is a directory; `-T`: it is the new name, whatever lies there; else as it is found. */
  readonly targetIs: 'directory' | 'name' | 'found';
  /** What is there stays, or is kept by mv itself under a name that is free. */
  readonly keepsOld: boolean;
  /** It may keep what is there by itself, under a name that may be taken. */
  readonly keepsBackup: boolean;
  /** Of that name, where it was given. */
  readonly suffix: string | undefined;
  readonly notUnderstood: readonly string[];
}

/** Neither what is overwritten nor what is asked depends on these. */
const PLAIN = new Set(['f', 'v', 'u', 'Z', 'force', 'verbose', 'update', 'strip-trailing-slashes']);
/** Of these the last counts. */
const ASKING: Readonly<Record<string, string>> = {
  n: 'n',
  'no-clobber': 'n',
  f: 'f',
  force: 'f',
  i: 'i',
  interactive: 'i',
};
const ENDING = new Set(['help', 'version']);
const NUMBERED = /^(?:t|numbered)$/;
const LONG =
  `backup context debug exchange force help interactive no-clobber no-copy no-target-directory
  strip-trailing-slashes suffix target-directory update verbose version`.split(/\s+/);

export function parseMv(argv: readonly string[]): MvCommand {
  const places: string[] = [];
  const flags = new Set<string>();
  let asking = '';
  let backup: string | undefined;
  let suffix: string | undefined;
  const notUnderstood: string[] = [];
  let directory: string | undefined;
  const rest = argv.slice(1);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      places.push(...rest);
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      places.push(word);
      continue;
    }
    for (const { name, value } of optionsIn(word, rest)) {
      asking = ASKING[name] ?? asking;
      if (name === 't' || name === 'target-directory') directory = value;
      else if (name === 'b' || name === 'backup') backup = value ?? backup ?? '';
      else if (name === 'S' || name === 'suffix') suffix = value;
      else if (name === 'no-target-directory') flags.add('T');
      else if (PLAIN.has(name) || ENDING.has(name) || name === 'T') flags.add(name);
      else if (ASKING[name] !== 'n') notUnderstood.push(word);
    }
  }
  const isNamed = directory !== undefined;
  const target = directory ?? (places.length > 1 ? places.at(-1) : undefined);
  return {
    sources: isNamed ? places : places.slice(0, -1),
    target,
    targetIs: isNamed ? 'directory' : flags.has('T') ? 'name' : 'found',
    keepsOld:
      asking === 'n' || NUMBERED.test(backup ?? '') || [...flags].some((flag) => ENDING.has(flag)),
    // A suffix alone asks for one as well.
    keepsBackup: backup !== undefined || suffix !== undefined,
    suffix,
    notUnderstood,
  };
}

interface Option {
  readonly name: string;
  readonly value?: string | undefined;
}

function optionsIn(word: string, rest: string[]): readonly Option[] {
  if (word.startsWith('--')) {
    const at = word.indexOf('=');
    const name = longName(at === -1 ? word.slice(2) : word.slice(2, at));
    const value = at === -1 ? undefined : word.slice(at + 1);
    const wantsValue = name === 'target-directory' || name === 'suffix';
    return [{ name, value: value ?? (wantsValue ? rest.shift() : undefined) }];
  }
  const found: Option[] = [];
  for (let at = 1; at < word.length; at++) {
    const name = word.charAt(at);
    if (name === 't' || name === 'S') {
      const joined = word.slice(at + 1);
      return [...found, { name, value: joined === '' ? rest.shift() : joined }];
    }
    found.push({ name });
  }
  return found;
}

/** Any beginning that only one option has stands for it. */
function longName(typed: string): string {
  const begun = LONG.filter((name) => name.startsWith(typed));
  const [only] = begun;
  return begun.length === 1 && only !== undefined ? only : typed;
}
