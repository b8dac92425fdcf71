/**
 * Whether an object lies in a pack that stays, under whatever seal: the pack has the digest of its
 * name, the group opens by the keys in that pack, and the object has the digest of its id. Of pages
 * the clear header has to name all that they refer to as well, since who has no key goes by that.
 * docs/design/050-compaction.md
 */
import type { OpenedGroup } from '../core/group.ts';
import { memberWords, PREFIX_WORDS, referenceWords } from '../core/id-words.ts';
import { NAMES } from '../core/object-id.ts';
import { PrefixSet } from '../core/prefix-set.ts';
import type { FoundByOffset, FoundInGroup } from './names-book.ts';
import { type CollectorKeys, OpenedPack } from './opened-pack.ts';
import { readWholePack } from './pack-look.ts';
import type { MappedPack } from './vault-map.ts';
import { problemOf } from './vault-problem.ts';
import type { NamesWalk, WalkPorts } from './walk-names.ts';

export interface ObjectPlace {
  readonly pack: Pick<MappedPack, 'name' | 'sizeBytes'>;
  /** Of the group in the pack. */
  readonly offset: number;
  readonly member: number;
}

/** Of a group; it grows. */
const SAID_FIRST = 1 << 10;

export class SealedCopies {
  readonly #ports: WalkPorts;
  readonly #keys: CollectorKeys;
  readonly #walk: NamesWalk;
  readonly #isRead: boolean;
  /** By name of the pack; each is read once. */
  readonly #found = new Map<string, FoundByOffset>();

  /** @param of.isRead each pack is read now: else what was found in it before will do */
  constructor(
    ports: WalkPorts,
    keys: CollectorKeys,
    of: { readonly walk: NamesWalk; readonly isRead: boolean },
  ) {
    this.#ports = ports;
    this.#keys = keys;
    this.#walk = of.walk;
    this.#isRead = of.isRead;
  }

  /** @param id four words, from `at` on */
  async holds(
    { pack, offset, member }: ObjectPlace,
    id: Uint32Array,
    at: number,
  ): Promise<boolean> {
    const known = this.#found.get(pack.name) ?? (await this.#lookAt(pack));
    this.#found.set(pack.name, known);
    const found = known.get(offset);
    if (found?.isProven[member] !== 1) return false;
    const from = member * PREFIX_WORDS;
    for (let word = 0; word < PREFIX_WORDS; word++)
      if (found.words[from + word] !== id[at + word]) return false;
    return true;
  }

  async #lookAt({ name, sizeBytes }: ObjectPlace['pack']): Promise<FoundByOffset> {
    const before = this.#ports.book?.contents.get(name);
    if (before !== undefined && !this.#isRead) return before;
    const found = new Map<number, FoundInGroup>();
    try {
      const whole = await readWholePack(this.#ports, { name: `packs/${name}`, sizeBytes });
      if (before !== undefined) return before; // It has the digest of its name, as then.
      const opened = new OpenedPack(this.#ports.tools, this.#keys, whole);
      for (const [number, { offset }] of whole.trailer.groups.entries()) {
        const group = opened.group(number);
        const proven = group && this.#provenIn(opened, group);
        if (proven !== undefined) found.set(offset, proven);
      }
      // What counts of pages depends on what is needed of them.
      const isContent = whole.headers.every(({ kind }) => kind !== NAMES);
      if (isContent) this.#ports.book?.contents.set(name, found);
    } catch (error) {
      problemOf(`packs/${name}`, error);
    }
    return found;
  }

  #provenIn(opened: OpenedPack, group: OpenedGroup): FoundInGroup | undefined {
    const words = memberWords(group.header);
    const isProven = Uint8Array.from(group.members, (_, at) => Number(opened.isProven(group, at)));
    const found = { words, isProven };
    return group.header.kind !== NAMES || this.#saysAll(group, found) ? found : undefined;
  }

  /** A page of which something is not named would let go of it, where nobody with a key looks. */
  #saysAll(group: OpenedGroup, { words, isProven }: FoundInGroup): boolean {
    const said = new PrefixSet(this.#ports.tools.random, SAID_FIRST);
    const refs = referenceWords(group.header);
    for (let at = 0; at < refs.length; at += PREFIX_WORDS) said.add(refs, at);
    for (const [member, proven] of isProven.entries())
      if (proven === 1) said.add(words, member * PREFIX_WORDS);
    for (const [member, proven] of isProven.entries()) {
      const number = this.#walk.ids.numberOf(words, member * PREFIX_WORDS);
      if (number === -1) continue; // Nobody needs it.
      const own = this.#walk.refs[number];
      if (proven === 0 || own === undefined) return false;
      for (let at = 0; at < own.length; at += PREFIX_WORDS)
        if (said.numberOf(own, at) === -1) return false;
    }
    return true;
  }
}
