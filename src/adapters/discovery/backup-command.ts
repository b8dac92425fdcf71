import { type BackupCommand, describe, expand, type Said, toolOf } from './backup-claims.ts';
import { parseShellLine, type ShellCommand } from './shell-words.ts';

/** Programs that run another one, with how many words of their own they take after options. */
const RUNNERS: Readonly<Record<string, number>> = {
  sudo: 0,
  nice: 0,
  ionice: 0,
  chronic: 0,
  exec: 0,
  time: 0,
  command: 0,
  nohup: 0,
  setsid: 0,
  'systemd-inhibit': 0,
  'systemd-cat': 0,
  timeout: 1,
  flock: 1,
  chrt: 1,
  su: 1,
  runuser: 0,
  bash: 0,
  sh: 0,
  dash: 0,
};

const DEPTH_MAX = 3;

/** The backups that a line of shell would make. Variables known from elsewhere come in `known`. */
export function backupsInLine(
  line: string,
  known: ReadonlyMap<string, string> = new Map(),
): readonly BackupCommand[] {
  const isWanted = (program: string): boolean => toolOf(program) !== undefined;
  return commandsInLine(line, { variables: known, isWanted }).flatMap((said) => {
    const tool = toolOf(said.program);
    return (tool && describe(tool, said)) ?? [];
  });
}

export interface Wanted {
  /** Known from elsewhere. */
  readonly variables: ReadonlyMap<string, string>;
  readonly isWanted: (program: string) => boolean;
}

/** The programs that a line of shell would run, of those that are wanted. */
export function commandsInLine(line: string, wanted: Wanted, depth = 0): readonly Said[] {
  if (depth > DEPTH_MAX) return [];
  let { variables } = wanted;
  return parseShellLine(line).flatMap((command) => {
    if (command.variables.size > 0) variables = new Map([...variables, ...command.variables]);
    return commandsIn(command, { ...wanted, variables }, depth);
  });
}

function commandsIn(command: ShellCommand, at: Wanted, depth: number): readonly Said[] {
  const words = withoutRunners(command.words);
  // `bash -c "..."` and `su user -c "..."` hold a line of their own.
  const inner = command.words.indexOf('-c');
  const first = basename(command.words[0] ?? '');
  if (inner > 0 && /^(?:ba|da|z|k)?sh$|^su$|^sudo$|^runuser$/.test(first)) {
    const line = command.words[inner + 1] ?? '';
    return commandsInLine(line, at, depth + 1);
  }
  const program = basename(words[0] ?? '');
  if (!at.isWanted(program)) return [];
  const args = words.slice(1).map((word) => expand(word, at.variables));
  const output = command.output === undefined ? undefined : expand(command.output, at.variables);
  return [{ program, args, output, variables: at.variables }];
}

function withoutRunners(words: readonly string[]): readonly string[] {
  let rest = words;
  for (let hops = 0; hops < 8; hops++) {
    const own = RUNNERS[basename(rest[0] ?? '')];
    if (own === undefined) return rest;
    let at = 1;
    while (rest[at]?.startsWith('-') || /^[A-Za-z_]\w*=/.test(rest[at] ?? '')) {
      // `-n 19` and `-u ann`: an option of one letter takes the next word unless that is a program.
      const takesNext = /^-[a-zA-Z]$/.test(rest[at] ?? '') && !isProgram(rest[at + 1]);
      at += takesNext && !(rest[at + 1] ?? '-').startsWith('-') ? 2 : 1;
    }
    rest = rest.slice(at + (isProgram(rest[at]) ? 0 : own));
  }
  return rest;
}

function isProgram(word: string | undefined): boolean {
  const name = basename(word ?? '');
  return toolOf(name) !== undefined || RUNNERS[name] !== undefined;
}

function basename(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}
