/** The journal files of a plan: docs/format/guard-journal.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { DiskFile } from '../../host/disk.ts';
import {
  type Intent,
  type JournalLine,
  journalLine,
  parseJournalLine,
  type RunBegin,
  type RunEnd,
} from '../core/journal-line.ts';
import { invalidPlan } from '../core/plan-fields.ts';
import type { ApplyPorts } from './apply-request.ts';

export type JournalPorts = Pick<ApplyPorts, 'disk' | 'tools'>;

const NAME = /^journal-([1-9][0-9]*)\.ndjson$/;
/** Written in one call. */
const BUFFER_SIZE = 65_536;

/** Writes one run. What was added is on the medium after `durable`. */
export class Journal {
  readonly #file: DiskFile;
  readonly #ports: JournalPorts;
  #waiting = '';
  #lines = 0;
  /** A write failed, and may have left half a line: nothing may come behind it. */
  #isBroken = false;

  /** A new file, durable with its name when it returns. */
  static begin(ports: JournalPorts, planDir: ByteString, begin: RunBegin): Journal {
    const next = 1 + Math.max(0, ...runsIn(ports, planDir));
    const file = ports.disk.create(byteString(`${planDir}/journal-${next}.ndjson`));
    const journal = new Journal(ports, file);
    journal.add({ kind: 'begin', begin });
    journal.durable();
    ports.disk.syncDir(planDir);
    return journal;
  }

  private constructor(ports: JournalPorts, file: DiskFile) {
    this.#ports = ports;
    this.#file = file;
  }

  add(line: JournalLine): void {
    this.#waiting += journalLine(line);
    this.#lines += 1;
    if (this.#waiting.length >= BUFFER_SIZE) this.#flush();
  }

  durable(): void {
    this.add({ kind: 'durable', lines: this.#lines });
    this.#flush();
    this.#onFile(() => this.#file.sync());
  }

  /** Of one that could not be written to its end, it is left open, as after a kill. */
  end(end: { readonly at: UnixMs; readonly outcome: RunEnd; readonly why?: string }): void {
    if (!this.#isBroken) {
      this.add({ kind: 'end', ...end });
      this.#flush();
      this.#onFile(() => this.#file.sync());
    }
    this.#file.close();
  }

  #flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '' || this.#isBroken) return;
    this.#onFile(() => this.#file.write(this.#ports.tools.codec.bytesOf(byteString(text))));
  }

  #onFile(act: () => void): void {
    let isDone = false;
    try {
      act();
      isDone = true;
    } finally {
      this.#isBroken ||= !isDone;
    }
  }
}

/** One run as its journal has it. */
export interface ReadRun {
  readonly begin: RunBegin;
  /** By index: `.holdfast-undo/PLAN`, absolute. */
  readonly places: ReadonlyMap<number, ByteString>;
  /** By path of a place: the file system that it was on, where that was said. */
  readonly devices: ReadonlyMap<ByteString, bigint>;
  /** By operation, each as it was said last; without those that were found not to be done. */
  readonly intents: ReadonlyMap<number, Intent>;
  /** What it found not to be done, also of runs before it. */
  readonly nots: ReadonlySet<number>;
  /** Times of directories before and, of a run that came to its end, after. */
  readonly dirs: ReadonlyMap<ByteString, bigint>;
  readonly left: ReadonlyMap<ByteString, bigint>;
  readonly end:
    | { readonly at: UnixMs; readonly outcome: RunEnd; readonly why?: string }
    | undefined;
}

/**
 * All runs of a plan, in their order; none where it was never applied. One whose first line did
 * not come to the medium changed nothing, and is left out.
 *
 * @throws Fault HF_PLAN_INVALID where a line is none
 */
export function readRuns(ports: JournalPorts, planDir: ByteString): readonly ReadRun[] {
  return runsIn(ports, planDir).flatMap((run) => {
    const path = byteString(`${planDir}/journal-${run}.ndjson`);
    return readRun(ports.tools.codec.textOf(ports.disk.read(path))) ?? [];
  });
}

function readRun(text: ByteString): ReadRun | undefined {
  const places = new Map<number, ByteString>();
  const devices = new Map<ByteString, bigint>();
  const intents = new Map<number, Intent>();
  const nots = new Set<number>();
  const dirs = new Map<ByteString, bigint>();
  const left = new Map<ByteString, bigint>();
  let begin: RunBegin | undefined;
  let end: ReadRun['end'];
  for (const line of linesOf(text)) {
    if (begin === undefined && line.kind !== 'begin') throw invalidPlan('a journal begins amiss');
    if (line.kind === 'begin') begin = line.begin;
    else if (line.kind === 'place') {
      places.set(line.index, line.path);
      if (line.device !== undefined) devices.set(line.path, line.device);
    } else if (line.kind === 'intend') intents.set(line.intent.n, line.intent);
    else if (line.kind === 'not') {
      intents.delete(line.n);
      nots.add(line.n);
    } else if (line.kind === 'dir') dirs.set(line.path, line.mtimeNs);
    else if (line.kind === 'left') left.set(line.path, line.mtimeNs);
    else if (line.kind === 'end') end = line;
  }
  return begin === undefined
    ? undefined
    : { begin, places, devices, intents, nots, dirs, left, end };
}

/** A last line without its newline was cut by a crash: nothing was done on its word. */
function* linesOf(text: ByteString): Generator<JournalLine> {
  for (let at = 0; ; ) {
    const end = text.indexOf('\n', at);
    if (end < 0) return;
    yield parseJournalLine(byteString(text.slice(at, end)));
    at = end + 1;
  }
}

function runsIn({ disk }: JournalPorts, planDir: ByteString): number[] {
  const names = disk.list(planDir) ?? [];
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
