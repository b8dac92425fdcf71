/**
 * What pages and lists refer to, by their ids, and what lies in packs of them. It is proven once and
 * never changes, so who looks again reads nothing again; whether something is still there and whole
 * it does not say.
 * docs/design/050-compaction.md
 */
import type { Digest } from '../../base/bytes.ts';
import type { Random } from '../../host/random.ts';
import { wordsOfDigests } from '../core/id-words.ts';
import { CONTENT, type IdOf } from '../core/object-id.ts';
import { PrefixSet } from '../core/prefix-set.ts';
import type { KnownPack } from './vault-map.ts';

/** What a page or a list is, from what refers to it: a depth of a list of chunks; 0 for one of holes. */
export type Form = 'page' | number;

export interface Named {
  /** Four words. */
  readonly words: Uint32Array;
  readonly form: Form;
}

export interface KnownRefs {
  /** Four words for each id that it refers to. */
  readonly refs: Uint32Array;
  /** Of them, pages and lists. */
  readonly names: readonly Named[];
}

/** What was found in a group: ids of its members, and which of them are what they say. */
export interface FoundInGroup {
  readonly words: Uint32Array;
  readonly isProven: Uint8Array;
}

/** Of the groups of one pack that open. */
export type FoundByOffset = ReadonlyMap<number, FoundInGroup>;

/** Of one vault. */
export class NamesBook {
  /** Of pages, by name. */
  readonly packs = new Map<string, KnownPack>();
  /** Of content, by name. */
  readonly contents = new Map<string, FoundByOffset>();
  readonly #ids: PrefixSet;
  /** By number of the id. */
  readonly #known: Map<Form, KnownRefs>[] = [];

  constructor(random: Random) {
    this.#ids = new PrefixSet(random);
  }

  get({ words, form }: Named): KnownRefs | undefined {
    const number = this.#ids.numberOf(words, 0);
    return number === -1 ? undefined : this.#known[number]?.get(form);
  }

  /** @param known follows from bytes that have the digest of this id */
  note({ words, form }: Named, known: KnownRefs): void {
    const number = this.#ids.add(words, 0);
    const forms = this.#known[number] ?? new Map<Form, KnownRefs>();
    this.#known[number] = forms.set(form, known);
  }
}

/** 16 MB of memory; what comes after them is computed each time. */
const CONTENT_IDS_MAX = 1 << 17;

/** Ids of content as four words: most lines stand in the pages of many snapshots. */
export class ContentIds {
  readonly #idOf: IdOf;
  readonly #known = new Map<Digest, Uint32Array>();

  constructor(idOf: IdOf) {
    this.#idOf = idOf;
  }

  wordsOf(digest: Digest): Uint32Array {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const words = wordsOfDigests([this.#idOf(CONTENT, digest)]);
    if (this.#known.size < CONTENT_IDS_MAX) this.#known.set(digest, words);
    return words;
  }
}
