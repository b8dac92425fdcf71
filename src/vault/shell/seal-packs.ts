/**
 * With the key: what is needed of sparse packs is written anew object by object. A group of which all
 * is needed moves byte for byte; of others each object is opened, proven and sealed again, under a
 * data key of this run. Pages first: what content is needed follows from those that stay.
 * docs/design/050-compaction.md
 */
import type { ByteString } from '../../base/bytes.ts';
import {
  type CompactablePack,
  type CompactionOptions,
  planCompaction,
} from '../core/compaction-plan.ts';
import { makeDataKey, type SealedDataKey } from '../core/data-keys.ts';
import { GroupBuilder, openGroup } from '../core/group.ts';
import { parseGroupHeader } from '../core/group-header.ts';
import { memberWords, prefixOf, PREFIX_WORDS } from '../core/id-words.ts';
import { CONTENT, NAMES, type ObjectKind } from '../core/object-id.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import {
  type Compacted,
  moveAll,
  movableOf,
  Mover,
  optionsFor,
  type Picker,
  unlessFull,
} from './compact-packs.ts';
import { groupsOf, hasItsKeys, type MovedGroup, type MovedGroups } from './move-groups.ts';
import { PackNeeds } from './needs-by-key.ts';
import { type CollectorKeys, OpenedPack } from './opened-pack.ts';
import { readWholePack } from './pack-look.ts';
import { SealedCopies } from './sealed-copies.ts';
import type { CollectSurvey, Exploration, SurveyPorts } from './survey-vault.ts';
import { reachFrom } from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf } from './vault-problem.ts';
import { type NamesWalk, walkNames } from './walk-names.ts';

export interface CompactedByKey {
  readonly compacted: Compacted;
  /** With what is needed of each pack. */
  readonly survey: CollectSurvey;
}

/**
 * What of each pack is needed when each object counts alone, if what would be moved were gone.
 * @returns the survey as it is where there is no key, or something cannot be read
 */
export async function surveyByKey(
  ports: SurveyPorts,
  explored: Exploration,
  options: CompactionOptions,
): Promise<CollectSurvey> {
  const looked = await lookByKey(ports, explored);
  if (looked === undefined) return explored.survey;
  const survey = withNeeds(explored.survey, looked.names);
  const { bins } = planCompaction(movableOf(ofState(survey, 'names')), options);
  const going = bins.flat().map(({ name }) => name);
  return withNeeds(survey, await contentNeeds(ports, looked, going));
}

/** As `compactPacks`; undefined where there is no key, or something cannot be read. */
export async function compactByKey(
  ports: SurveyPorts,
  explored: Exploration,
  options: CompactionOptions,
): Promise<CompactedByKey | undefined> {
  const looked = await lookByKey(ports, explored);
  if (looked === undefined) return undefined;
  const { keys, walk } = looked;
  const sealer = new Sealer(ports, keys, walk);
  const mover = new Mover(ports, sealer);
  let survey = withNeeds(explored.survey, looked.names);
  sealer.look(NAMES, looked.names);
  const full = await unlessFull(async () => {
    await moveAll(mover, movableOf(ofState(survey, 'names')), options);
    // Where these do not go after all, the last look lets go of nothing that they refer to.
    const content = await contentNeeds(ports, looked, mover.left());
    survey = withNeeds(survey, content);
    sealer.look(CONTENT, content);
    await moveAll(mover, movableOf(ofState(survey, 'content')), optionsFor(survey, options));
  });
  // Of what was put before there was no room, the index may still have some.
  const unnamed = await unlessFull(() => mover.putIndex());
  const isFull = full === 'full' || unnamed === 'full';
  return { compacted: { ...mover.done(), isFull }, survey };
}

interface Looked {
  readonly explored: Exploration;
  readonly keys: CollectorKeys;
  readonly walk: NamesWalk;
  readonly sealed: SealedCopies;
  readonly names: PackNeeds;
}

async function lookByKey(ports: SurveyPorts, explored: Exploration): Promise<Looked | undefined> {
  const { keys } = ports;
  if (keys === undefined || explored.survey.stopped.length > 0) return undefined;
  const walk = await walkNames(ports, keys, explored);
  if (walk === undefined) return undefined;
  const sealed = new SealedCopies(ports, keys, { walk, isRead: false });
  const names = new PackNeeds(explored, 'names', walk.ids);
  await names.findHomes(sealed);
  return { explored, keys, walk, sealed, names };
}

/** What is needed of content when these packs of pages are gone. */
async function contentNeeds(
  { tools }: ReadingPorts,
  { explored, walk, sealed }: Looked,
  goingNames: readonly string[],
): Promise<PackNeeds> {
  const { map, refs, swept } = explored;
  const going = new Set([...swept, ...goingNames]);
  const refsOf = (words: Uint32Array, at: number): Uint32Array | undefined => {
    const number = walk.ids.numberOf(words, at);
    return number === -1 ? undefined : walk.refs[number];
  };
  const { ids } = reachFrom(tools.random, map, { refs, going, refsOf });
  const needs = new PackNeeds(explored, 'content', ids);
  await needs.findHomes(sealed);
  return needs;
}

function withNeeds(survey: CollectSurvey, needs: PackNeeds): CollectSurvey {
  const bytes = needs.bytes();
  return { ...survey, packs: survey.packs.map((pack) => ({ ...pack, ...bytes.get(pack.name) })) };
}

function ofState(survey: CollectSurvey, state: 'names' | 'content'): CollectSurvey {
  return { ...survey, packs: survey.packs.filter((pack) => pack.state === state) };
}

class Sealer implements Picker {
  readonly #ports: ReadingPorts;
  readonly #keys: CollectorKeys;
  readonly #walk: NamesWalk;
  #needs: PackNeeds | undefined;
  #group = new GroupBuilder(CONTENT);
  #key: SealedDataKey | undefined;
  #references: ByteString[] = [];
  /** Sealed for the pack that is being filled. */
  #sealed: MovedGroup[] = [];
  /** Numbers of ids that are in a new pack, and in the one that is being filled. */
  #taken = new Set<number>();
  #taking = new Set<number>();
  sealedBytes = 0;

  constructor(ports: ReadingPorts, keys: CollectorKeys, walk: NamesWalk) {
    this.#ports = ports;
    this.#keys = keys;
    this.#walk = walk;
  }

  /** From here on packs of this kind are taken. */
  look(kind: ObjectKind, needs: PackNeeds): void {
    this.#needs = needs;
    this.#group = new GroupBuilder(kind);
    this.#key = undefined;
    this.#taken = new Set();
  }

  begin(): void {
    this.#group.clear();
    this.#references = [];
    this.#sealed = [];
    this.#taking = new Set();
  }

  async take({ name, sizeBytes }: CompactablePack): Promise<MovedGroups | undefined> {
    const object = { name: `packs/${name}`, sizeBytes };
    try {
      const whole = await readWholePack(this.#ports, object);
      const opened = new OpenedPack(this.#ports.tools, this.#keys, whole);
      const asTheyAre: number[] = [];
      for (const number of whole.headers.keys()) {
        const needed = this.#neededIn(name, opened, number);
        if (needed.size === 0) continue;
        if (needed.size === whole.headers[number]?.memberCount) {
          asTheyAre.push(number);
          for (const id of needed.values()) this.#taking.add(id);
        } else if (!this.#takeObjects(opened, number, needed)) return undefined;
      }
      const part = groupsOf(whole, asTheyAre);
      return hasItsKeys(part) ? part : undefined;
    } catch (error) {
      problemOf(object.name, error);
      return undefined;
    }
  }

  /** By number of the member the number of its id. */
  #neededIn(name: string, { whole }: OpenedPack, number: number): ReadonlyMap<number, number> {
    const needed = new Map<number, number>();
    const header = whole.headers[number];
    const words = header === undefined ? new Uint32Array(0) : memberWords(header);
    for (let at = 0; at < words.length; at += PREFIX_WORDS) {
      const id = this.#needs?.neededFrom(name, words, at);
      if (id === undefined || this.#taken.has(id) || this.#taking.has(id)) continue;
      needed.set(at / PREFIX_WORDS, id);
    }
    return needed;
  }

  /** False where one of them is not what its id says: then the pack stays for who looks into it. */
  #takeObjects(opened: OpenedPack, number: number, needed: ReadonlyMap<number, number>): boolean {
    const group = opened.group(number);
    if (group === undefined) return false;
    const words = memberWords(group.header);
    for (const [member, id] of needed) {
      const object = group.members[member];
      if (object === undefined || !opened.isProven(group, member)) return false;
      if (this.#taking.has(id)) continue; // It stands twice in this group.
      if (!this.#group.takes(object.length)) this.#seal();
      this.#group.add(object.id, group.bytesOf(object));
      this.#taking.add(id);
      this.#refer(words, member * PREFIX_WORDS);
    }
    return true;
  }

  #refer(words: Uint32Array, at: number): void {
    if (this.#group.kind !== NAMES) return;
    const own = this.#walk.refs[this.#walk.ids.numberOf(words, at)] ?? new Uint32Array(0);
    for (let from = 0; from < own.length; from += PREFIX_WORDS)
      this.#references.push(prefixOf(own, from));
  }

  /** What is about to be put must open and be what was asked for: memory and code fail too. */
  #seal(): void {
    const { tools } = this.#ports;
    this.#key ??= makeDataKey(tools, this.#keys, this.#group.kind);
    const { dataKey } = this.#key;
    const { header, body } = this.#group.seal(tools, dataKey, this.#references);
    const bytes = new Uint8Array(header.length + body.length);
    bytes.set(header);
    bytes.set(body, header.length);
    const keys = new Map([[tools.codec.textOf(dataKey.id), dataKey.key]]);
    this.#group.checkSame(tools, openGroup(tools, keys, bytes));
    this.#sealed.push({ header: parseGroupHeader(header), bytes });
    this.#group.clear();
    this.#references = [];
  }

  rest(): MovedGroups {
    if (this.#group.memberCount > 0) this.#seal();
    const sealedKeys = this.#sealed.length === 0 ? [] : this.#keysSealed();
    return { groups: this.#sealed, sealedKeys };
  }

  #keysSealed(): MovedGroups['sealedKeys'] {
    return this.#key === undefined ? [] : parseSealedKeys(this.#key.sealed);
  }

  end(): void {
    for (const id of this.#taking) this.#taken.add(id);
    this.sealedBytes += this.#sealed.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.begin();
  }
}
