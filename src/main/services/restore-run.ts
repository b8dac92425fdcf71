/** One run of a service put back: every data set under its name, and of no other run. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import {
  listSnapshots,
  readSnapshotContent,
  type ListedSnapshot,
} from '../../vault/shell/snapshot-store.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import { bytesOfText, textOfBytes } from '../cli/places.ts';
import type { VaultSession } from '../vault-session.ts';
import { findRun, type RunWanted, type ServiceRun, type ServiceSnapshot } from './service-runs.ts';

/** Names the run that a directory is being filled with, until all of it is there. */
const MARKER = byteString('.holdfast-service');
/** Every file system of the ext family has the first; the other is of a run killed at its mark. */
const OF_NOBODY: readonly string[] = ['lost+found', `${MARKER}.part`];

export interface RestoredPart<Put> {
  readonly dataSet: string;
  readonly put: Put;
  readonly target: ByteString;
}

/** @throws Fault HF_SNAPSHOT_ABSENT, HF_SNAPSHOT_AMBIGUOUS */
export async function chosenRun(vault: Vault, wanted: RunWanted): Promise<ServiceRun> {
  const { snapshots } = await listSnapshots(vault);
  return findRun(
    snapshots.flatMap((listed) => read(vault, listed)),
    wanted,
  );
}

/** What cannot be read is of no run: whoever asks for that run hears that one is missing. */
function read(vault: Vault, listed: ListedSnapshot): readonly ServiceSnapshot[] {
  try {
    return [{ listed, content: readSnapshotContent(vault, listed.record) }];
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

export interface RestoreRun<Put> {
  readonly run: ServiceRun;
  readonly target: ByteString;
  /** Other things may lie there. */
  readonly inPlace: boolean;
  /** @param part what is `isFilled` was whole already, of a run that was interrupted */
  readonly put: (part: {
    readonly snapshot: ListedSnapshot;
    readonly target: ByteString;
    readonly isFilled: boolean;
  }) => Promise<Put>;
}

/** @throws Fault HF_TARGET_NOT_EMPTY where something else lies there, another run too; of the disk */
export async function restoreRun<Put extends { readonly isWhole: boolean }>(
  session: VaultSession,
  of: RestoreRun<Put>,
): Promise<readonly RestoredPart<Put>[]> {
  const { run, target, inPlace } = of;
  const filled = new FilledTarget(session, target, run);
  filled.begin(inPlace);
  const parts: RestoredPart<Put>[] = [];
  for (const { listed, content } of run.snapshots) {
    const { dataSet } = content;
    const place = byteString(`${target}/${bytesOfText(dataSet)}`);
    // Of a run that was interrupted what was whole is only looked through again.
    const isFilled = filled.has(dataSet);
    const put = await of.put({ snapshot: listed, target: place, isFilled });
    parts.push({ dataSet, put, target: place });
    if (put.isWhole) filled.add(dataSet);
  }
  if (parts.every(({ put }) => put.isWhole)) filled.end();
  return parts;
}

interface Begun {
  readonly service: string;
  readonly run: string;
  readonly done: readonly string[];
}

/** The directory that one run is put into, and how far that has come. */
class FilledTarget {
  readonly #ports: Pick<VaultSession, 'disk' | 'tools'>;
  readonly #target: ByteString;
  readonly #run: ServiceRun;
  readonly #marker: ByteString;
  #done: readonly string[] = [];

  constructor(ports: Pick<VaultSession, 'disk' | 'tools'>, target: ByteString, run: ServiceRun) {
    this.#ports = ports;
    this.#target = target;
    this.#run = run;
    this.#marker = byteString(`${target}/${MARKER}`);
  }

  /** @throws Fault HF_TARGET_NOT_EMPTY */
  begin(inPlace: boolean): void {
    const { disk } = this.#ports;
    const { service, run } = this.#run;
    const names = disk.list(this.#target) ?? [];
    if (disk.list(this.#target) === undefined) disk.makeDir(this.#target);
    const begun = names.includes(MARKER) ? this.#begun() : undefined;
    const isSame = begun?.service === service && begun.run === run;
    const isEmpty = names.every((name) => OF_NOBODY.includes(name));
    if (!isSame && (begun !== undefined || !(isEmpty || inPlace))) {
      const what = begun === undefined ? '' : `; it holds part of run ${begun.run}`;
      const path = textOfBytes(this.#target);
      throw new Fault('HF_TARGET_NOT_EMPTY', `${path} is not empty${what}`, { path });
    }
    this.#mark(isSame ? begun.done : []);
  }

  has(dataSet: string): boolean {
    return this.#done.includes(dataSet);
  }

  add(dataSet: string): void {
    this.#mark([...this.#done, dataSet]);
  }

  /** All of it is there. */
  end(): void {
    this.#ports.disk.unlink(this.#marker);
  }

  #mark(done: readonly string[]): void {
    const { disk, tools } = this.#ports;
    const { service, run } = this.#run;
    const begun: Begun = { service, run, done };
    const temporary = byteString(`${this.#marker}.part`);
    if (disk.size(temporary) !== undefined) disk.unlink(temporary);
    const file = disk.create(temporary);
    file.write(tools.codec.bytesOf(bytesOfText(`${JSON.stringify(begun)}\n`)));
    file.sync();
    file.close();
    disk.move(temporary, this.#marker);
    this.#done = done;
  }

  #begun(): Begun {
    const { disk, tools } = this.#ports;
    const unknown: Begun = { service: '', run: 'unknown', done: [] };
    try {
      const raw: unknown = JSON.parse(textOfBytes(tools.codec.textOf(disk.read(this.#marker))));
      if (typeof raw !== 'object' || raw === null) return unknown;
      const { service, run, done } = raw as Readonly<Record<string, unknown>>;
      const isOurs = typeof service === 'string' && typeof run === 'string' && Array.isArray(done);
      return isOurs ? { service, run, done: done.map(String) } : unknown;
    } catch (error) {
      if (error instanceof SyntaxError) return unknown;
      throw error;
    }
  }
}
