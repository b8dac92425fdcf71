/** What one pipeline did, and what it owns: `guard/pipelines/KEY/`, docs/format/guard-history.md. */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { days, MIB, type UnixMs, unixMs } from '../../base/units.ts';
import { factsOf, type PipelinePast, type RunRecord } from '../core/history.ts';
import { OwnedPaths } from '../core/owned-paths.ts';
import { joinRuns, readRunLines, runLine, type RunsRead } from '../core/run-line.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import {
  drawnHex,
  type WholeFilePorts,
  publishFile,
  readFileIfThere,
  replaceFile,
} from '../../vault/shell/whole-file.ts';

/** Single runs are joined when so many lie there. */
const JOIN_FROM = 64;
const JOINED_MAX = 512;
const KEPT_FOR = days(100);
const FILE_SIZE_MAX = 16 * MIB;
const SINGLE = /^(\d{13})-p-[0-9a-f]{8}-[0-9a-f]{6}\.run$/;
const JOINED = /^(\d{13})-[0-9a-f]{6}\.runs$/;

export interface BookPorts extends WholeFilePorts {
  /** The state directory; the book lies below `guard/` in it. */
  readonly stateDir: ByteString;
}

export class PipelineBook {
  readonly pipeline: string;
  readonly #ports: BookPorts;
  readonly #dir: ByteString;
  #owned: OwnedPaths | undefined;
  #read: RunsRead | undefined;

  /** Nothing is made before something is recorded. */
  constructor(ports: BookPorts, pipeline: string) {
    this.#ports = ports;
    this.pipeline = pipeline;
    this.#dir = byteString(`${pipelinesDir(ports)}/${keyOf(ports, pipeline)}`);
  }

  past(now: UnixMs): PipelinePast {
    return factsOf(this.runs(), now);
  }

  /** Oldest first. */
  runs(): readonly RunRecord[] {
    return this.#history().runs;
  }

  /** Lines of the history that could not be read. */
  get damagedLines(): number {
    return this.#history().damaged;
  }

  /** Whether the pipeline made or adopted `path`, which lies below the target. */
  owns(path: ByteString): boolean {
    return this.#ownedPaths().has(path);
  }

  /** What `owns` will want is read now: somebody else is waited for anyway. */
  readAhead(): void {
    this.#ownedPaths();
  }

  get ownedCount(): number {
    return this.#ownedPaths().count;
  }

  /** Some are its own from now on, others no longer. Durable when it returns. */
  exchange(come: Iterable<ByteString>, gone: Iterable<ByteString>): void {
    this.#keepOwned(this.#ownedPaths().with(come).without(gone));
  }

  /** After a run that listed the whole target: these are its own, and no others. */
  replaceOwned(paths: Iterable<ByteString>): void {
    this.#keepOwned(OwnedPaths.none(this.#ports.tools.hash).with(paths));
  }

  /** Durable when it returns. The `id` is drawn here. */
  record(run: Omit<RunRecord, 'v' | 'id'>): RunRecord {
    const made: RunRecord = { v: 0, id: drawnHex(this.#ports, 12), ...run };
    const time = timeName(made.at);
    const name = `${time}-${made.plan}-${drawnHex(this.#ports, 6)}.run`;
    publishFile(this.#ports, this.#inRuns(name), this.#ports.tools.codec.bytesOf(runLine(made)));
    this.#read = undefined;
    this.#nameItself();
    this.#tidy(made.at);
    return made;
  }

  #inRuns(name: string): ByteString {
    return byteString(`${this.#dir}/runs/${name}`);
  }

  #names(): readonly ByteString[] {
    return this.#ports.disk.list(byteString(`${this.#dir}/runs`)) ?? [];
  }

  #history(): RunsRead {
    this.#read ??= this.#readAll(this.#names().filter((name) => timeOf(name) !== undefined));
    return this.#read;
  }

  #readAll(names: readonly string[]): RunsRead {
    const read = names.map((name) => this.#readOne(name));
    return {
      runs: joinRuns(read.flatMap(({ runs }) => runs)),
      damaged: read.reduce((sum, { damaged }) => sum + damaged, 0),
    };
  }

  /** One that another process has joined meanwhile is in the joined file, or read the next time. */
  #readOne(name: string): RunsRead {
    const path = this.#inRuns(name);
    try {
      if ((this.#ports.disk.size(path) ?? 0) > FILE_SIZE_MAX) return { runs: [], damaged: 1 };
      return readRunLines(this.#ports.tools.codec.textOf(this.#ports.disk.read(path)));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      return { runs: [], damaged: 0 };
    }
  }

  #tidy(now: UnixMs): void {
    const names = this.#names();
    const singles = names.filter((name) => SINGLE.test(name));
    if (singles.length < JOIN_FROM) return;
    const { runs } = this.#readAll(singles);
    const newest = runs.at(-1)?.at ?? now;
    const text = byteString(runs.map(runLine).join(''));
    const joined = `${timeName(newest)}-${drawnHex(this.#ports, 6)}.runs`;
    publishFile(this.#ports, this.#inRuns(joined), this.#ports.tools.codec.bytesOf(text));
    const old = names.filter((name) => JOINED.test(name));
    const limit = old.length + 1 - JOINED_MAX;
    const aged = old.filter((name, at) => at < limit || (timeOf(name) ?? 0) < now - KEPT_FOR);
    for (const name of [...singles, ...aged]) this.#letGo(name);
  }

  #letGo(name: string): void {
    try {
      this.#ports.disk.unlink(this.#inRuns(name));
    } catch (error) {
      if (!isAbsent(error)) throw error; // Another process joined the same ones.
    }
  }

  #ownedPath(): ByteString {
    return byteString(`${this.#dir}/owned`);
  }

  #ownedPaths(): OwnedPaths {
    const { tools } = this.#ports;
    if (this.#owned === undefined) {
      const bytes = readFileIfThere(this.#ports, this.#ownedPath());
      this.#owned =
        bytes === undefined ? OwnedPaths.none(tools.hash) : OwnedPaths.parse(tools, bytes);
    }
    return this.#owned;
  }

  #keepOwned(owned: OwnedPaths): void {
    replaceFile(this.#ports, this.#ownedPath(), owned.bytes(this.#ports.tools));
    this.#owned = owned;
    this.#nameItself();
  }

  /** The name of the directory is a digest: this says of what. */
  #nameItself(): void {
    const path = byteString(`${this.#dir}/name`);
    if (this.#ports.disk.size(path) !== undefined) return;
    const text = byteString(`${bytesOfUtf8(this.pipeline)}\n`);
    publishFile(this.#ports, path, this.#ports.tools.codec.bytesOf(text));
  }
}

/** All that have a history or own something, in no order that means anything. */
export function pipelineNames(ports: BookPorts): readonly string[] {
  const dir = pipelinesDir(ports);
  return (ports.disk.list(dir) ?? []).flatMap((key) => {
    const bytes = readFileIfThere(ports, byteString(`${dir}/${key}/name`));
    if (bytes === undefined) return [];
    const name = utf8Of(ports.tools.codec.textOf(bytes)).replace(/\n$/, '');
    return keyOf(ports, name) === key ? [name] : [];
  });
}

function pipelinesDir({ stateDir }: BookPorts): ByteString {
  return byteString(`${stateDir}/guard/pipelines`);
}

function keyOf({ tools }: BookPorts, pipeline: string): string {
  return hexOf(tools.hash.sha256Text(bytesOfUtf8(pipeline))).slice(0, 16);
}

function timeName(at: UnixMs): string {
  return String(at).padStart(13, '0');
}

function timeOf(name: string): UnixMs | undefined {
  const digits = (SINGLE.exec(name) ?? JOINED.exec(name))?.[1];
  return digits === undefined ? undefined : unixMs(Number(digits));
}

function isAbsent(error: unknown): boolean {
  return error instanceof Fault && error.code === 'HF_DISK_ABSENT';
}
