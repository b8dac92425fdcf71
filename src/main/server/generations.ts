/**
 * How far the state of this server has come, told to its agents; and what they have heard of it from
 * a later state than this one: docs/format/generation.md, docs/design/029-server-state.md.
 */
import path from 'node:path';
import type { GenerationDesk } from '../../adapters/http/agent-routes.ts';
import type { GenerationSeal } from '../../adapters/http/generation-seal.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import type { ServerState, StateChange } from '../../adapters/sqlite/open-server-state.ts';
import { Fault } from '../../base/fault.ts';
import { minutes, seconds } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Random } from '../../host/random.ts';
import { readFileIfThere, replaceFile } from '../../vault/shell/whole-file.ts';
import {
  type Generation,
  generationText,
  parseGeneration,
  type SaidGeneration,
} from '../../wire/agent/generation.ts';
import { bytesOfText } from '../cli/places.ts';
import { randomId } from '../tell/random-id.ts';
import { LATER_NAME, STATE_NAME } from './server-names.ts';

/** What was acknowledged before that is missed in a copy from before it. */
const EVERY_MS = minutes(10);
/** Who was put out has a line in the log, also where it was done on the terminal. */
const AFTER_A_LINE_MS = seconds(10);

interface GenerationParts {
  readonly directory: string;
  readonly state: Pick<ServerState, 'commit' | 'generations' | 'auditHead'>;
  readonly seal: GenerationSeal;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly random: Random;
  /** This state is an older copy, and that is on the disk: nothing is to be done with it. */
  readonly onOlder: (fault: Fault) => void;
}

export class Generations implements GenerationDesk {
  readonly #parts: GenerationParts;
  readonly #ours = new Map<number, string>();
  #newest: Generation | undefined;
  #text: string | undefined;
  #beganAtMs = 0;
  #isOlder = false;
  #hasNews = false;
  #lineN = 0;

  private constructor(parts: GenerationParts) {
    this.#parts = parts;
  }

  /** With a new one for this start. @throws Fault HF_SERVER_STATE */
  static async open(parts: GenerationParts): Promise<Generations> {
    const made = new Generations(parts);
    for (const each of await parts.state.generations()) made.#note(each);
    await made.#begin();
    return made;
  }

  get text(): string | undefined {
    return this.#text;
  }

  get isOlder(): boolean {
    return this.#isOlder;
  }

  /** Of what was committed just now. */
  follow(changes: readonly StateChange[]): void {
    if (changes.some((each) => each.do !== 'generation')) this.#hasNews = true;
  }

  /** @throws Fault HF_SERVER_STATE: tried again at the next one */
  async beat(): Promise<void> {
    const agoMs = this.#parts.clock.monotonic() - this.#beganAtMs;
    if (agoMs < AFTER_A_LINE_MS) return;
    const { n } = await this.#parts.state.auditHead();
    if (n !== this.#lineN || (this.#hasNews && agoMs >= EVERY_MS)) await this.#begin();
  }

  hear(text: string): void {
    if (this.#isOlder || text === this.#text) return;
    const said = parseGeneration(text);
    const { seal, directory, onOlder } = this.#parts;
    if (said === undefined || this.#holds(said) || !seal.isOurs(said)) return;
    this.#isOlder = true;
    try {
      const line = Buffer.from(`${generationText(said)}\n`, 'latin1');
      replaceFile(portsHere(), bytesOfText(path.join(directory, LATER_NAME)), line);
    } catch (error) {
      // Not on the disk: the next start hears it again from an agent.
      if (!(error instanceof Fault)) throw error;
    }
    onOlder(olderState(directory, said));
  }

  /** Whether this state may well be the one that said so. */
  #holds({ n, id }: Generation): boolean {
    const oldest = this.#ours.keys().next().value;
    return (oldest !== undefined && n < oldest) || this.#ours.get(n) === id;
  }

  async #begin(): Promise<void> {
    const { state, clock, random, seal } = this.#parts;
    const n = this.#newest === undefined ? clock.now() : this.#newest.n + 1;
    const generation = { n, id: randomId(random) };
    const isFirst = this.#newest === undefined;
    // What comes while it is written is of the next.
    const { n: lineN } = await state.auditHead();
    const hadNews = this.#hasNews;
    this.#hasNews = false;
    try {
      await state.commit([{ do: 'generation', generation, isFirst }]);
    } catch (error) {
      this.#hasNews = hadNews;
      throw error;
    }
    this.#lineN = lineN;
    this.#note(generation);
    this.#text = seal.sealed(generation);
    this.#beganAtMs = clock.monotonic();
  }

  #note(generation: Generation): void {
    this.#ours.set(generation.n, generation.id);
    this.#newest = generation;
  }
}

/** @throws Fault HF_RECOVER_NEEDED where agents were told of a later state than this one */
export async function refuseOlder(
  directory: string,
  of: { readonly state: Pick<ServerState, 'generations'>; readonly seal: GenerationSeal },
): Promise<void> {
  const later = laterIn(directory, of.seal);
  if (later !== undefined && !isOf(later, await of.state.generations())) {
    throw olderState(directory, later);
  }
}

/** What is not signed by our own key was written by somebody else, and says nothing. */
export function laterIn(directory: string, seal: GenerationSeal): SaidGeneration | undefined {
  const bytes = readFileIfThere(portsHere(), bytesOfText(path.join(directory, LATER_NAME)));
  if (bytes === undefined) return undefined;
  const said = parseGeneration(Buffer.from(bytes).toString('latin1').trimEnd());
  return said !== undefined && seal.isOurs(said) ? said : undefined;
}

export function isOf(said: Generation, ours: readonly Generation[]): boolean {
  const [oldest] = ours;
  if (oldest === undefined) return false;
  return said.n < oldest.n || ours.some(({ n, id }) => n === said.n && id === said.id);
}

/** Behind all that was ever told, as far as is known here. */
export function firstAgain(
  of: Pick<GenerationParts, 'random'> & {
    readonly now: number;
    readonly later: Generation | undefined;
  },
): Generation {
  return { n: Math.max(of.now, (of.later?.n ?? 0) + 1), id: randomId(of.random) };
}

export function forgetLater(directory: string): void {
  const at = bytesOfText(path.join(directory, LATER_NAME));
  const disk = nodeDisk();
  if (disk.size(at) !== undefined) disk.unlink(at);
}

function olderState(directory: string, { n }: Generation): Fault {
  const file = path.join(directory, STATE_NAME);
  const why = `it is an older copy, or another one: its agents were told of generation ${n}, which it does not have`;
  return new Fault('HF_RECOVER_NEEDED', `${file} cannot be used: ${why}`, { path: file });
}

function portsHere() {
  return { disk: nodeDisk(), tools: nodeTools() };
}
