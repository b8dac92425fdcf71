/** Where a command speaks: its words go to stdout, progress, questions and failures to stderr. */
import type { WriteStream } from 'node:tty';
import type { Style } from '../../base/say.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Terminal {
  /** Of stdout. */
  readonly style: Style;
  /** Of stderr. */
  readonly errorStyle: Style;
  /** Whether progress can be redrawn on stderr. */
  readonly isLive: boolean;
  /** Whether somebody is there to be asked. */
  readonly canAsk: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const WIDTH = 80;
const WIDTH_MIN = 40;
/** Beyond this lines are harder to read, and no screen of ours uses more. */
const WIDTH_MAX = 160;

export interface NodeTerminal extends Terminal {
  /**
   * What was said is in the hands of the system: a pipe takes 64 KiB, and the rest waits in this process
   * and would end with it.
   *
   * @returns why stdout did not take it. That whoever read has gone (`| head`) is no failure
   */
  readonly drained: () => Promise<Error | undefined>;
}

export function nodeTerminal(env: Environment): NodeTerminal {
  let failed: Error | undefined;
  process.stderr.on('error', () => undefined);
  // What is being done goes on.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failed ??= error;
  });
  const isDumb = env.TERM === 'dumb';
  return {
    style: styleOf(process.stdout, env),
    errorStyle: styleOf(process.stderr, env),
    isLive: process.stderr.isTTY && !isDumb,
    canAsk: process.stdin.isTTY && process.stderr.isTTY,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    async drained() {
      for (const stream of [process.stderr, process.stdout]) {
        await new Promise<void>((resolve) => {
          stream.write('', () => resolve());
        });
      }
      return failed;
    },
  };
}

export function styleOf(
  stream: Partial<Pick<WriteStream, 'isTTY' | 'columns'>>,
  env: Environment,
): Style {
  const isTerminal = stream.isTTY === true;
  const columns = isTerminal ? (stream.columns ?? WIDTH) : (countIn(env.COLUMNS) ?? WIDTH);
  const hasColor = isTerminal && env.TERM !== 'dumb' && (env.NO_COLOR ?? '') === '';
  return {
    width: Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, columns)),
    color: hasColor,
    utf8: isUtf8Locale(env),
  };
}

/** A locale that is not named at all is C, in which only ASCII can be shown. */
function isUtf8Locale(env: Environment): boolean {
  const named = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((name) => (name ?? '') !== '');
  return named !== undefined && /utf-?8/i.test(named);
}

function countIn(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : undefined;
}
