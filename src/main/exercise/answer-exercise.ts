/** `exercise note`, `stop` and `show`. */
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type ExerciseEvent,
  type ExerciseRecord,
  exerciseReport,
  type ExerciseReport,
} from '../../watch/core/exposure/exercise.ts';
import { renderExercise, renderExercises } from '../../watch/core/exposure/render-exercise.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import type { NoteOptions } from './exercise-options.ts';
import { EXIT } from '../cli/exit-code.ts';
import { bytesJson, timeJson } from '../cli/json-shape.ts';
import type { Settings } from '../cli/settings.ts';
import { actorHere } from '../guard/actor-here.ts';
import { type DamagedExercise, ExerciseBook } from './exercise-book.ts';
import { keepProof } from './exercise-proof.ts';

const TEXT_MAX = 4000;
const NAME_MAX = 256;

export function bookOf({ state }: Pick<Settings, 'state'>): ExerciseBook {
  return new ExerciseBook({ disk: nodeDisk(), tools: nodeTools() }, state.value);
}

/** @throws Fault HF_EXERCISE_NONE */
function openOne(book: ExerciseBook, now: UnixMs): ExerciseRecord {
  const open = book.open(now);
  if (open === undefined) throw new Fault('HF_EXERCISE_NONE', 'no exercise is open');
  return open;
}

export function noteInExercise(
  cli: Cli,
  settings: Settings,
  said: NoteOptions & { readonly text: string | undefined },
): Promise<Answer> {
  const at = cli.clock.now();
  const book = bookOf(settings);
  const events = notesOf(said, { at, who: actorHere() });
  const { number } = openOne(book, at);
  for (const event of events) book.add(number, event);
  return Promise.resolve({
    code: EXIT.done,
    say: (style) =>
      layoutSentence(style, { mark: { is: 'ok' }, text: `Noted in exercise ${number}.` }),
    json: { exercise: number, noted: events.length },
  });
}

/** @throws Fault HF_USAGE where nothing is said, or too much */
function notesOf(
  { text, pulled, putBack, byHand }: NoteOptions & { readonly text: string | undefined },
  head: { readonly at: UnixMs; readonly who: string },
): readonly ExerciseEvent[] {
  const events: ExerciseEvent[] = [
    ...(pulled === undefined ? [] : [{ ...head, event: 'pulled' as const, what: pulled }]),
    ...(putBack === undefined ? [] : [{ ...head, event: 'back' as const, what: putBack }]),
    ...(byHand === undefined ? [] : [{ ...head, event: 'hand' as const, text: byHand }]),
    ...(text === undefined ? [] : [{ ...head, event: 'note' as const, text }]),
  ];
  const isLong = [pulled, putBack].some((name) => name === '' || (name ?? '').length > NAME_MAX);
  if (isLong || [byHand, text].some((each) => (each ?? '').length > TEXT_MAX)) {
    throw usage('a note is at most 4000 characters, what was pulled 1 to 256');
  }
  if (events.length === 0) throw usage('say what: a text, --pulled, --put-back or --by-hand');
  return events;
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'exercise note' });
}

export async function stopExercise(cli: Cli, settings: Settings): Promise<Answer> {
  const at = cli.clock.now();
  const book = bookOf(settings);
  const open = openOne(book, at);
  book.add(open.number, { event: 'stop', at, who: actorHere() });
  return reported(cli, settings, book.again(open));
}

/** The report of one that has ended is kept as proof. */
export async function reported(
  cli: Cli,
  settings: Settings,
  record: ExerciseRecord,
): Promise<Answer> {
  const now = cli.clock.now();
  const report = exerciseReport(record, now);
  if (report === undefined) throw new Fault('HF_EXERCISE_NONE', 'that exercise has no start');
  await keepProof(settings.state.value, report, now);
  return {
    code: EXIT.done,
    say: (style) => renderExercise(report, style, now),
    json: { computedAt: timeJson(now), exercise: reportJson(report) },
  };
}

export async function showExercise(
  cli: Cli,
  settings: Settings,
  number: string | undefined,
): Promise<Answer> {
  const now = cli.clock.now();
  const { records, damaged } = bookOf(settings).read();
  const reports = records.flatMap((record) => exerciseReport(record, now) ?? []);
  const wanted =
    number === undefined ? records.at(-1) : records.find((each) => String(each.number) === number);
  if (wanted === undefined && number !== undefined) {
    throw new Fault('HF_EXERCISE_NONE', `there is no exercise ${sayText(number)}`);
  }
  const one = wanted === undefined ? undefined : await reported(cli, settings, wanted);
  const others = number === undefined && reports.length > 1;
  return {
    code: EXIT.done,
    say: (style) => [
      ...damagedWords(damaged, style),
      ...(one?.say(style) ?? ['There was no exercise yet: holdfast exercise start']),
      ...(others ? ['', 'All', ...renderExercises(reports, style, now)] : []),
    ],
    json: {
      computedAt: timeJson(now),
      exercises: (number === undefined
        ? reports
        : reports.filter((each) => each.number === wanted?.number)
      ).map(reportJson),
      damaged: damaged.map(({ path, why }) => ({ ...bytesJson('file', path), why })),
    },
  };
}

function damagedWords(damaged: readonly DamagedExercise[], style: Style): readonly string[] {
  return damaged.flatMap(({ path, why }) =>
    layoutSentence(style, {
      mark: { is: 'unknown' },
      text: `${sayName(path, style)} was left out: ${why}.`,
      tone: 'unknown',
    }),
  );
}

function reportJson(report: ExerciseReport): object {
  const { number, start, isOpen, endedAt, services, moved, said } = report;
  return {
    ...{ number, who: start.who, reason: start.reason, at: timeJson(start.at), isOpen },
    until: timeJson(start.until),
    ...(endedAt === undefined ? {} : { endedAt: timeJson(endedAt) }),
    pull: start.pull,
    services: services.map(({ outings, ...rest }) => ({
      ...rest,
      outings: outings.map(({ from, backAt, ...each }) => ({
        ...{ from: timeJson(from), ...each },
        ...(backAt === undefined ? {} : { backAt: timeJson(backAt) }),
      })),
    })),
    moved: moved.map((each) => ({ ...each, pulledAt: timeJson(each.pulledAt) })),
    said: said.map((each) => ({ ...each, at: timeJson(each.at) })),
  };
}
