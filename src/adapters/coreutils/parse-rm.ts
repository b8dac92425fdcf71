/** What a command line of rm means. Pure. */

export interface RmCommand {
  readonly operands: readonly string[];
  readonly isRecursive: boolean;
  /** Empty directories too. */
  readonly takesDirectories: boolean;
  /** What is not there is no trouble. */
  readonly isForced: boolean;
  readonly isVerbose: boolean;
  /** Options whose effect is not covered, as they were typed. */
  readonly notUnderstood: readonly string[];
  /** It only prints. */
  readonly informs: boolean;
}

const LONG: Readonly<Record<string, string>> = {
  '--recursive': 'r',
  '--force': 'f',
  '--verbose': 'v',
  '--dir': 'd',
  '--preserve-root': 'p',
  '--interactive=never': 'f',
};
const ASKS = /^-[iI]$|^--interactive/;
const KNOWN = new Set(['r', 'R', 'f', 'v', 'd', 'p']);

export function parseRm(argv: readonly string[]): RmCommand {
  const { flags, operands, notUnderstood, informs } = takeApart(argv.slice(1));
  return {
    operands,
    isRecursive: flags.has('r') || flags.has('R'),
    takesDirectories: flags.has('d'),
    isForced: flags.has('f'),
    isVerbose: flags.has('v'),
    notUnderstood,
    informs,
  };
}

function takeApart(args: readonly string[]): {
  readonly flags: ReadonlySet<string>;
  readonly operands: readonly string[];
  readonly notUnderstood: readonly string[];
  readonly informs: boolean;
} {
  const flags = new Set<string>();
  let notUnderstood: string[] = [];
  const end = args.indexOf('--');
  const before = end === -1 ? args : args.slice(0, end);
  const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';
  for (const word of before.filter(isOption)) {
    const letters = word.startsWith('--') ? [LONG[word] ?? word] : [...word.slice(1)];
    for (const letter of letters) {
      // Of what asks and what does not the last counts.
      if (letter === 'f') notUnderstood = notUnderstood.filter((each) => !ASKS.test(each));
      if (KNOWN.has(letter)) flags.add(letter);
      else notUnderstood.push(letter.length === 1 ? `-${letter}` : letter);
    }
  }
  const informs = notUnderstood.some((word) => word === '--help' || word === '--version');
  const operands = [
    ...before.filter((word) => !isOption(word)),
    ...(end === -1 ? [] : args.slice(end + 1)),
  ];
  return { flags, operands, notUnderstood, informs };
}
