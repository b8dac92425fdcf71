/** What stands of a rollout in the state directory: docs/format/rollout.md. */
import fs from 'node:fs';
import { nodeDisk } from '../../../adapters/node/disk.ts';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { canonicalJson } from '../../../base/canonical-json.ts';
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import type { UnixMs } from '../../../base/units.ts';
import { drawnHex, replaceFile } from '../../../vault/shell/whole-file.ts';
import { nodePorts } from '../../vault-session.ts';
import type { Phase } from './rollout-target.ts';

export const ROLLOUT_FORMAT = 'holdfast-rollout/0';

export interface RolloutRecord {
  readonly id: string;
  readonly begun: UnixMs;
  readonly pid: number;
  readonly bootId: string;
  readonly end: string | undefined;
  readonly targets: readonly {
    readonly name: string;
    readonly phase: Phase;
    readonly pooled: boolean;
  }[];
}

export type Word = 'pause' | 'stop';

/** One of this state directory. */
export class RolloutFiles {
  readonly #root: ByteString;

  constructor(state: ByteString) {
    this.#root = byteString(`${state}/guard/rollouts`);
  }

  newId(): string {
    return `r-${drawnHex(nodePorts(), 8)}`;
  }

  /** Whole or not at all: it is read after a kill. */
  put(record: RolloutRecord): void {
    const ports = nodePorts();
    const { end, ...rest } = record;
    const json = { format: ROLLOUT_FORMAT, ...rest, ...(end === undefined ? {} : { end }) };
    const file = byteString(`${this.#dir(record.id)}/state.json`);
    replaceFile(ports, file, Buffer.from(`${canonicalJson(json)}\n`));
  }

  /** Whether a person said so, from another terminal or by hand. */
  has(id: string, word: Word): boolean {
    return fs.existsSync(fsPath(byteString(`${this.#dir(id)}/${word}`)));
  }

  /** @throws Fault HF_ROLLOUT_ABSENT */
  say(given: string | undefined, word: Word | 'resume'): string {
    const id = this.#chosen(given);
    const pause = byteString(`${this.#dir(id)}/pause`);
    if (word === 'resume' && this.has(id, 'pause')) nodeDisk().unlink(pause);
    if (word !== 'resume')
      fs.closeSync(fs.openSync(fsPath(byteString(`${this.#dir(id)}/${word}`)), 'a', 0o600));
    return id;
  }

  running(): readonly RolloutRecord[] {
    return this.#all().filter((record) => record.end === undefined && isAlive(record));
  }

  /** Targets that a killed one left out of service. */
  leftOut(): readonly { readonly id: string; readonly name: string }[] {
    return this.#all()
      .filter((record) => record.end === undefined && !isAlive(record))
      .flatMap(({ id, targets }) =>
        targets.filter(({ pooled }) => !pooled).map(({ name }) => ({ id, name })),
      );
  }

  /** Of the killed ones, once their targets were named: nobody is told twice. */
  settle(): void {
    for (const record of this.#all()) {
      if (record.end === undefined && !isAlive(record)) this.put({ ...record, end: 'killed' });
    }
  }

  #chosen(given: string | undefined): string {
    const running = this.running();
    const one = given === undefined ? running : running.filter(({ id }) => id === given);
    const [first] = one;
    if (first !== undefined && one.length === 1) return first.id;
    const named = running.map(({ id }) => id).join(', ');
    const message =
      running.length === 0
        ? 'no rollout is running'
        : `which one: ${named}${given === undefined ? '' : `; not ${sayText(given)}`}`;
    throw new Fault('HF_ROLLOUT_ABSENT', message);
  }

  #all(): readonly RolloutRecord[] {
    const names = nodeDisk().list(this.#root) ?? [];
    return names.flatMap((name) => recordIn(byteString(`${this.#root}/${name}/state.json`)) ?? []);
  }

  #dir(id: string): ByteString {
    return byteString(`${this.#root}/${id}`);
  }
}

export function bootIdHere(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return ''; // No /proc: a number of a process is all there is.
  }
}

/** A number of a process is of one boot; that it was given anew meanwhile only delays what is said. */
function isAlive({ pid, bootId }: RolloutRecord): boolean {
  return bootId === bootIdHere() && fs.existsSync(`/proc/${pid}`);
}

function recordIn(file: ByteString): RolloutRecord | undefined {
  const disk = nodeDisk();
  if (disk.size(file) === undefined) return undefined;
  try {
    const given = JSON.parse(Buffer.from(disk.read(file)).toString()) as RolloutRecord & {
      readonly format?: string;
    };
    return given.format === ROLLOUT_FORMAT ? given : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // Not ours: it says nothing.
    throw error;
  }
}
