/** What a command line of find means, only as far as it is safe to say. Pure. */

export interface FindCommand {
  /**
   * `none`: no action that changes anything; `delete`: what it finds, one by one; `files`: the same by
   * `rm`, which takes no directory; `tree`: `rm -r`.
   */
  readonly takes: 'none' | 'delete' | 'files' | 'tree';
  /** What `rm` refuses is told by the exit code: `-exec ... +`. */
  readonly tellsRefusals: boolean;
  readonly starts: readonly string[];
  /** The same question, its answer ended by zero bytes. */
  readonly asked: readonly string[];
  /** What it prints besides, with nothing taken away; undefined: it prints nothing. */
  readonly printed: readonly string[] | undefined;
  readonly notUnderstood: readonly string[];
}

/** Actions that run or write what we do not know. */
const OTHER_ACTIONS = new Set([
  '-exec',
  '-execdir',
  '-ok',
  '-okdir',
  '-fprint',
  '-fprint0',
  '-fprintf',
  '-fls',
]);
/** No trouble where nothing is taken away. */
const DOUBTFUL = new Set(['-print0', '-files0-from']);
const PRINTING: Readonly<Record<string, number>> = { '-print': 0, '-ls': 0, '-printf': 1 };
const RM = /^(?:\/(?:usr\/)?bin\/)?rm$/;
const RM_PLAIN = /^-[fv]+$|^--(?:force|verbose)?$/;
const RM_TREE = /^-[fvrR]+$|^--recursive$/;
/** Tests and options whose next word is a value, so that no value is taken for an action. */
const VALUED = new Set(
  `-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -xtype -size -mtime
  -atime -ctime -mmin -amin -cmin -newer -anewer -cnewer -user -group -uid -gid -perm -links -inum -samefile
  -maxdepth -mindepth -fstype -used -context -regextype -D -files0-from`.split(/\s+/),
);

export function parseFind(argv: readonly string[]): FindCommand {
  const words = argv.slice(1);
  const begin = beginOfExpression(words);
  const expression = rewrite(words.slice(begin));
  const head = words.slice(0, begin);
  const starts = head.filter((word) => !word.startsWith('-'));
  const early = head.filter((word) => word === '-L' || word === '-H');
  const isDelete = expression.takes !== 'none';
  const follows = isDelete ? [...early, ...words.filter((word) => word === '-follow')] : [];
  const program = argv[0] ?? 'find';
  const depth = isDelete && expression.takes === 'delete' && expression.isDepth ? ['-depth'] : [];
  return {
    takes: expression.takes,
    tellsRefusals: expression.tellsRefusals,
    starts: starts.length === 0 ? ['.'] : starts,
    asked: [program, ...head, ...depth, ...expression.asked],
    printed: expression.prints ? [program, ...head, ...depth, ...expression.printed] : undefined,
    notUnderstood: [...expression.unknown, ...follows],
  };
}

function beginOfExpression(words: readonly string[]): number {
  let at = 0;
  while (at < words.length && /^-[HLP]$|^-O[0-9]$/.test(words[at] ?? '')) at += 1;
  while (at < words.length && !/^[-(!,]/.test(words[at] ?? '')) at += 1;
  return at;
}

interface Rewritten {
  takes: FindCommand['takes'];
  isDepth: boolean;
  tellsRefusals: boolean;
  prints: boolean;
  readonly asked: string[];
  readonly printed: string[];
  readonly unknown: string[];
}

function rewrite(words: readonly string[]): Rewritten {
  const out: Rewritten = {
    ...{
      takes: 'none',
      isDepth: false,
      tellsRefusals: false,
      prints: false,
      asked: [],
      printed: [],
      unknown: [],
    },
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (VALUED.has(word) || word.startsWith('-newer')) {
      // Where it begins is not on the command line then.
      if (word === '-files0-from') out.unknown.push(word);
      const pair = words.slice(at, at + 2);
      out.asked.push(...pair);
      out.printed.push(...pair);
      at += 1;
    } else if (word === '-delete') {
      take(out, 'delete');
      out.isDepth = true;
    } else if (word === '-exec') {
      at = takeExec(out, words, at);
    } else if (word === '-print0') {
      // It prints where the question answers; rare, and not worth a guess.
      out.unknown.push(word);
    } else if (word in PRINTING) {
      const values = words.slice(at + 1, at + 1 + (PRINTING[word] ?? 0));
      out.prints = true;
      out.asked.push('-true');
      out.printed.push(word, ...values);
      at += values.length;
    } else {
      if (OTHER_ACTIONS.has(word)) out.unknown.push(word);
      out.asked.push(word);
      out.printed.push(word);
    }
  }
  if (out.takes === 'none')
    out.unknown.splice(0, Infinity, ...out.unknown.filter((w) => !DOUBTFUL.has(w)));
  return out;
}

function take(out: Rewritten, takes: 'delete' | 'files' | 'tree'): void {
  // Two kinds in one expression: what goes by which is not to be told.
  if (out.takes !== 'none' && out.takes !== takes) out.unknown.push('two ways to delete');
  out.takes = takes;
  out.asked.push('-print0');
  out.printed.push('-true');
}

/** @returns where the action ends */
function takeExec(out: Rewritten, words: readonly string[], at: number): number {
  const semicolon = words.findIndex(
    (word, place) => place > at && (word === ';' || (word === '+' && words[place - 1] === '{}')),
  );
  const end = semicolon === -1 ? words.length - 1 : semicolon;
  const [program = '', ...args] = words.slice(at + 1, end);
  const options = args.slice(0, -1);
  const isPlain = options.every((option) => RM_PLAIN.test(option));
  const isTree = options.every((option) => RM_PLAIN.test(option) || RM_TREE.test(option));
  if (!RM.test(program) || args.at(-1) !== '{}' || !isTree) {
    out.unknown.push(`-exec ${program}`);
    out.asked.push('-true');
    out.printed.push('-true');
  } else {
    out.tellsRefusals ||= words[end] === '+';
    take(out, isPlain ? 'files' : 'tree');
  }
  return end;
}
