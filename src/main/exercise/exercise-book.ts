/** Exercises as they are kept: docs/format/exercise.md. Nothing in it is ever written over. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { canonicalJson, type Json } from '../../base/canonical-json.ts';
import { Fault } from '../../base/fault.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { publishFile, replaceFile, type WholeFilePorts } from '../../vault/shell/whole-file.ts';
import {
  endOfExercise,
  type ExerciseEvent,
  type ExerciseRecord,
  type ExerciseStart,
  startOf,
} from '../../watch/core/exposure/exercise.ts';
import { parseExerciseEvent, parseLooked } from '../../wire/exercise.ts';

const EVENTS_MAX = 10_000;
const EVENT_BYTES_MAX = 64 * 1024;
const DIRECTORY = /^\d{8}$/;
const EVENT = /^(\d{8})\.json$/;
const LOOKED = /^looked-(\d{1,7})\.json$/;

/** An exercise of which something cannot be read. */
export interface DamagedExercise {
  readonly path: ByteString;
  readonly why: string;
}

export class ExerciseBook {
  readonly #ports: WholeFilePorts;
  readonly #root: ByteString;

  constructor(ports: WholeFilePorts, state: ByteString) {
    this.#ports = ports;
    this.#root = byteString(`${state}/exercises`);
  }

  /** Oldest first. */
  read(): {
    readonly records: readonly ExerciseRecord[];
    readonly damaged: readonly DamagedExercise[];
  } {
    const records: ExerciseRecord[] = [];
    const damaged: DamagedExercise[] = [];
    for (const name of this.#names()) {
      const read = this.#record(name);
      if ('why' in read) damaged.push(read);
      else if (read.events.length > 0) records.push(read);
    }
    return { records, damaged };
  }

  /** The one that is open at `now`. */
  open(now: UnixMs): ExerciseRecord | undefined {
    return this.read().records.find((record) => endOfExercise(record, now) === undefined);
  }

  /**
   * Begins an exercise; durable when it returns. Of two that begin at once one is refused.
   *
   * @throws Fault HF_EXERCISE_RUNS while another is open
   */
  begin(start: ExerciseStart): ExerciseRecord {
    const other = this.open(start.at);
    if (other !== undefined) throw runs(other);
    const number = Math.max(0, ...this.#names().map(Number)) + 1;
    const path = this.#eventPath(number, 1);
    if (publishFile(this.#ports, path, bytesOf(start)) === 'exists') {
      const first = this.#record(numbered(number));
      throw runs('why' in first ? { number, events: [], lookedAt: new Map() } : first);
    }
    return { number, events: [start], lookedAt: new Map() };
  }

  /** Durable when it returns. @throws Fault HF_EXERCISE_FULL */
  add(number: number, event: ExerciseEvent): void {
    const directory = this.#directory(number);
    let next = this.#eventNames(directory).length + 1;
    while (next <= EVENTS_MAX) {
      const path = this.#eventPath(number, next);
      if (publishFile(this.#ports, path, bytesOf(event)) === 'published') return;
      next += 1;
    }
    throw new Fault('HF_EXERCISE_FULL', `exercise ${number} has ${EVENTS_MAX} events`);
  }

  /** The watch of `session` lives. */
  sign(number: number, { session, at }: { readonly session: number; readonly at: UnixMs }): void {
    const path = byteString(`${this.#directory(number)}/looked-${session}.json`);
    replaceFile(this.#ports, path, bytesOf({ at }));
  }

  /** As it is now. @throws Fault HF_EXERCISE_DAMAGED */
  again({ number }: ExerciseRecord): ExerciseRecord {
    const read = this.#record(numbered(number));
    if (!('why' in read)) return read;
    throw new Fault('HF_EXERCISE_DAMAGED', `exercise ${number} cannot be read: ${read.why}`, {
      path: read.path,
    });
  }

  #names(): readonly string[] {
    return (this.#ports.disk.list(this.#root) ?? []).filter((name) => DIRECTORY.test(name));
  }

  #directory(number: number): ByteString {
    return byteString(`${this.#root}/${numbered(number)}`);
  }

  #eventPath(number: number, event: number): ByteString {
    return byteString(`${this.#directory(number)}/${numbered(event)}.json`);
  }

  #eventNames(directory: ByteString): readonly ByteString[] {
    return (this.#ports.disk.list(directory) ?? []).filter((name) => EVENT.test(name));
  }

  #record(name: string): ExerciseRecord | DamagedExercise {
    const directory = byteString(`${this.#root}/${name}`);
    const events: ExerciseEvent[] = [];
    for (const each of this.#eventNames(directory).slice(0, EVENTS_MAX)) {
      const path = byteString(`${directory}/${each}`);
      const event = parseExerciseEvent(this.#json(path));
      if (event === undefined) return { path, why: 'it is no event' };
      if ((event.event === 'start') !== (events.length === 0)) {
        return { path, why: 'an exercise has one start, which comes first' };
      }
      events.push(event);
    }
    const lookedAt = new Map<number, UnixMs>();
    for (const each of this.#ports.disk.list(directory) ?? []) {
      const session = LOOKED.exec(each)?.[1];
      const at = session && parseLooked(this.#json(byteString(`${directory}/${each}`)));
      if (at !== undefined && at !== '') lookedAt.set(Number(session), at);
    }
    return { number: Number(name), events, lookedAt };
  }

  /** Undefined where it is none, or too large to be one of ours. */
  #json(path: ByteString): unknown {
    const { disk, tools } = this.#ports;
    if ((disk.size(path) ?? 0) > EVENT_BYTES_MAX) return undefined;
    try {
      return JSON.parse(Buffer.from(tools.codec.textOf(disk.read(path)), 'latin1').toString());
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

function numbered(number: number): string {
  return String(number).padStart(8, '0');
}

function bytesOf(event: ExerciseEvent | { readonly at: UnixMs }): Uint8Array {
  const said = Object.entries(event).filter(([, value]) => value !== undefined);
  const text = canonicalJson({ ...Object.fromEntries(said), v: 0 } as Json);
  return Buffer.from(`${text}\n`, 'utf8');
}

function runs(record: ExerciseRecord): Fault {
  const start = startOf(record);
  const who = start === undefined ? '' : ` of ${start.who}`;
  const until = new Date(start?.until ?? unixMs(0)).toISOString();
  return new Fault('HF_EXERCISE_RUNS', `exercise ${record.number}${who} is open until ${until}`, {
    number: record.number,
  });
}
