/** One command of a line of shell: words before it set variables, `>` names where its output goes. */
export interface ShellCommand {
  readonly variables: ReadonlyMap<string, string>;
  readonly words: readonly string[];
  readonly output: string | undefined;
}

const WORDS_MAX = 2000;

/** The commands of a line of shell, as well as can be told without running it. */
export function parseShellLine(line: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let output: string | undefined;
  let next: 'word' | 'output' | 'nothing' = 'word';
  const flush = (): void => {
    if (words.length > 0) commands.push(commandOf(words, output));
    words = [];
    output = undefined;
  };
  for (const { text, isOperator } of tokens(line)) {
    if (isOperator) {
      // Where errors go (`2> log`) says nothing of where the backup goes.
      next = text.startsWith('>') ? 'output' : text.includes('>') ? 'nothing' : 'word';
      if (next === 'word') flush();
      continue;
    }
    if (next === 'output') output = text;
    else if (next === 'word') words.push(text);
    next = 'word';
  }
  flush();
  return commands;
}

function commandOf(words: readonly string[], output: string | undefined): ShellCommand {
  const variables = new Map<string, string>();
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const set = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
    if (set !== null) variables.set(set[1] ?? '', set[2] ?? '');
    else if (word !== 'export' && word !== 'env') break;
  }
  return { variables, words: words.slice(at), output };
}

interface Token {
  readonly text: string;
  readonly isOperator: boolean;
}

const TOKEN =
  /\s+|(#.*$)|(&&|\|\||[;|&()]|[0-9]?>>?(?:&[0-9])?|<)|((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\;|&()<>])+)|./gsu;

function tokens(line: string): readonly Token[] {
  const found: Token[] = [];
  for (const match of line.matchAll(TOKEN)) {
    if (found.length >= WORDS_MAX || match[1] !== undefined) break;
    if (match[2] !== undefined) {
      // `2>&1` and `2>/dev/null` say nothing of where the backup goes.
      if (/^[0-9]?>>?&/.test(match[2])) continue;
      found.push({ text: match[2].replace(/^1(?=>)/, ''), isOperator: true });
    } else if (match[3] !== undefined) {
      found.push({ text: unquote(match[3]), isOperator: false });
    }
  }
  return found;
}

const QUOTED = /\\.|'[^']*'|"(?:\\.|[^"\\])*"/gs;

function unquote(word: string): string {
  return word.replaceAll(QUOTED, (quoted) => {
    const inner = quoted.slice(1, -1);
    if (quoted.startsWith("'")) return inner;
    return quoted.startsWith('"') ? inner.replaceAll(/\\(["\\$`])/g, '$1') : quoted.slice(1);
  });
}
