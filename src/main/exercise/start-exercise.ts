/** `exercise start`: announces one, watches until it ends, and reports. */
import { Fault } from '../../base/fault.ts';
import { sayMessage, sayText } from '../../base/say-name.ts';
import { days, hours, seconds, unixMs, type UnixMs } from '../../base/units.ts';
import {
  type ExerciseRecord,
  type ExerciseSaw,
  startOf,
} from '../../watch/core/exposure/exercise.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import type { StartOptions } from './exercise-options.ts';
import type { Settings } from '../cli/settings.ts';
import { parseTimeLimit } from '../cli/time-limit.ts';
import { actorHere } from '../guard/actor-here.ts';
import { bookOf, reported } from './answer-exercise.ts';
import type { ExerciseBook } from './exercise-book.ts';
import { watchExercise, type WatchSaid } from './watch-exercise.ts';
import { type Watched, watchedServices } from './watched-services.ts';

const SPAN_HABIT = hours(1);
const SPAN_MAX = days(1);
const EVERY_HABIT = seconds(1);
const LIMIT_HABIT = seconds(2);

const WORDS: Readonly<Record<ExerciseSaw, string>> = {
  healthy: 'is well',
  impaired: 'works in part',
  broken: 'is out',
  unreadable: 'could not be looked at',
};

export async function startExercise(
  cli: Cli,
  settings: Settings,
  options: StartOptions,
): Promise<Answer> {
  const book = bookOf(settings);
  const isGoingOn = options.goOn === true;
  const open = isGoingOn ? book.open(cli.clock.now()) : undefined;
  if (isGoingOn && open === undefined) throw new Fault('HF_EXERCISE_NONE', 'no exercise is open');
  const asked = open === undefined ? (options.watch ?? []) : againAsked(open, options);
  const watched = watchedServices(asked, settings.config.exercise);
  const record = open ?? begun(cli, { book, watched, options });
  const { everyMs = EVERY_HABIT, limitMs = LIMIT_HABIT } = startOf(record) ?? {};
  const stopped = new AbortController();
  cli.stop.note(
    `Exercise ${record.number} is open still: holdfast exercise stop, or start --go-on.`,
  );
  const watching = watchExercise(
    {
      ...{ book, clock: cli.clock, record, everyMs, limitMs, tell: (said) => tell(cli, said) },
      probes: new Map(watched.map(({ service, probe }) => [service, probe])),
    },
    stopped.signal,
  );
  const release = cli.stop.onStop(() => {
    stopped.abort();
    // Its failure is thrown below.
    return Promise.allSettled([watching]).then(() => undefined);
  });
  try {
    await watching;
  } finally {
    release();
  }
  return reported(cli, settings, book.again(record));
}

function begun(
  cli: Cli,
  of: {
    readonly book: ExerciseBook;
    readonly watched: readonly Watched[];
    readonly options: StartOptions;
  },
): ExerciseRecord {
  const { book, watched, options } = of;
  const span =
    options.for === undefined ? SPAN_HABIT : parseTimeLimit(options.for, 'exercise start', '--for');
  const every =
    options.every === undefined
      ? EVERY_HABIT
      : parseTimeLimit(options.every, 'exercise start', '--every');
  if (span > SPAN_MAX) throw usage('an exercise is announced for 24h at most');
  if (
    (options.reason ?? '').length > 4000 ||
    (options.pull ?? []).some((each) => each === '' || each.length > 256)
  ) {
    throw usage('a reason is at most 4000 characters, what is pulled 1 to 256');
  }
  const at = cli.clock.now();
  const record = book.begin({
    ...{ event: 'start', at, who: actorHere(), reason: options.reason ?? '' },
    ...{ until: unixMs(at + span), pull: options.pull ?? [], everyMs: every },
    limitMs: Math.max(...watched.map(({ limitMs }) => limitMs)),
    watch: Object.fromEntries(watched.map(({ service, asked }) => [service, asked])),
  });
  const until = new Date(at + span).toISOString();
  cli.terminal.err(
    `Exercise ${record.number} is open until ${until}. Note what is pulled, from another terminal:\n  holdfast exercise note --pulled ${sayText(options.pull?.[0] ?? 'host:HOST')}\n`,
  );
  return record;
}

/** What was asked from the command line stands in the record; what holdfast.yaml says is read anew. */
function againAsked(record: ExerciseRecord, options: StartOptions): readonly string[] {
  const watch = Object.entries(startOf(record)?.watch ?? {});
  const own = watch.filter(([, asked]) => /^(?:https?:\/\/|tcp:)/.test(asked));
  return [...own.map(([service, asked]) => `${service}=${asked}`), ...(options.watch ?? [])];
}

function tell({ terminal, wantsJson }: Cli, { at, service, saw, why }: WatchSaid): void {
  if (wantsJson) return;
  const time = timeOf(at);
  terminal.err(`${time}  ${sayText(service)} ${WORDS[saw]}: ${sayMessage(why)}\n`);
}

function timeOf(at: UnixMs): string {
  return new Date(at).toISOString().slice(11, 19);
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'exercise start' });
}
