/** What a command line of mv means. Pure. */

export interface MvCommand {
  readonly sources: readonly string[];
  /** Undefined where too few are named: mv says so. */
  readonly target: string | undefined;
  /** `-t`: it is a directory; `-T`: it is the new name, whatever lies there; else as it is found. */
  readonly targetIs: 'directory' | 'name' | 'found';
  /** What is there stays, or is kept by mv itself. */
  readonly keepsOld: boolean;
  readonly notUnderstood: readonly string[];
}

/** Neither what is overwritten nor what is asked depends on these. */
const PLAIN = new Set(['f', 'v', 'u', 'Z', 'force', 'verbose', 'update', 'strip-trailing-slashes']);
const KEEPING = new Set(['n', 'b', 'no-clobber', 'backup', 'help', 'version']);

export function parseMv(argv: readonly string[]): MvCommand {
  const places: string[] = [];
  const flags = new Set<string>();
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
      if (name === 't' || name === 'target-directory') directory = value;
      else if (PLAIN.has(name) || KEEPING.has(name) || name === 'T') flags.add(name);
      else if (name === 'no-target-directory') flags.add('T');
      else if (name !== 'S' && name !== 'suffix') notUnderstood.push(word);
    }
  }
  const isNamed = directory !== undefined;
  const target = directory ?? (places.length > 1 ? places.at(-1) : undefined);
  return {
    sources: isNamed ? places : places.slice(0, -1),
    target,
    targetIs: isNamed ? 'directory' : flags.has('T') ? 'name' : 'found',
    keepsOld: [...flags].some((flag) => KEEPING.has(flag)),
    notUnderstood,
  };
}

interface Option {
  readonly name: string;
  readonly value?: string | undefined;
}

function optionsIn(word: string, rest: string[]): readonly Option[] {
  if (word.startsWith('--')) {
    const [name = '', value] = word.slice(2).split('=', 2);
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
