/**
 * All pages and lists that snapshots reach, and what each refers to, by its own bytes: clear headers
 * only say what a whole group refers to, and nobody without a key can prove even that.
 * docs/design/050-compaction.md
 */
import type { Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Codec } from '../../host/codec.ts';
import { isLeaf, parsePage } from '../../manifest/core/page.ts';
import { referencesOfList } from '../../manifest/core/references.ts';
import type { OpenedGroup } from '../core/group.ts';
import { memberWords, PREFIX_WORDS, wordsOfDigests } from '../core/id-words.ts';
import { NAMES } from '../core/object-id.ts';
import { PrefixSet } from '../core/prefix-set.ts';
import { referencesOfLine } from './check-line.ts';
import { ContentIds, type Form, type KnownRefs, NamesBook } from './names-book.ts';
import { type CollectorKeys, OpenedPack } from './opened-pack.ts';
import { readWholePack } from './pack-look.ts';
import type { VaultMap } from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf } from './vault-problem.ts';

export interface NamesWalk {
  /** Of all pages and lists that are reached. */
  readonly ids: PrefixSet;
  /** By number of the id: four words for each id that it refers to. */
  readonly refs: readonly Uint32Array[];
}

export interface WalkPorts extends ReadingPorts {
  /** Of this vault: what stands in it is not opened again. */
  readonly book?: NamesBook | undefined;
}

interface Wanted {
  readonly words: Uint32Array;
  readonly form: Form;
  /** Groups that say they hold it and were looked into. */
  readonly tried: number;
}

/**
 * @param refs four words for each id, as snapshots refer to them
 * @returns undefined where something of it cannot be read
 */
export async function walkNames(
  ports: WalkPorts,
  keys: CollectorKeys,
  of: { readonly map: VaultMap; readonly refs: Uint32Array },
): Promise<NamesWalk | undefined> {
  const walk = new Walk(ports, keys, of.map);
  for (let at = 0; at < of.refs.length; at += PREFIX_WORDS)
    walk.want(of.refs.slice(at, at + PREFIX_WORDS), 'page');
  while (walk.isOpen) if (!(await walk.step())) return undefined;
  return walk.done();
}

class Walk {
  readonly #ports: ReadingPorts;
  readonly #keys: CollectorKeys;
  readonly #map: VaultMap;
  readonly #book: NamesBook;
  readonly #contentIds: ContentIds;
  readonly #places: PrefixSet;
  /** By number in `places`: groups of pages that say they hold it. */
  readonly #groups: number[][] = [];
  readonly #ids: PrefixSet;
  readonly #refs: Uint32Array[] = [];
  /** By number of the id: in which forms it was asked for. */
  readonly #forms: Set<Form>[] = [];
  /** By name of the pack where it is looked for next. */
  #open = new Map<string, Wanted[]>();
  #isLost = false;

  constructor(ports: WalkPorts, keys: CollectorKeys, map: VaultMap) {
    this.#ports = ports;
    this.#keys = keys;
    this.#map = map;
    this.#book = ports.book ?? new NamesBook(ports.tools.random);
    this.#contentIds = new ContentIds(keys.idOf);
    this.#ids = new PrefixSet(ports.tools.random);
    this.#places = new PrefixSet(ports.tools.random);
    for (const [group, { header }] of map.namesGroups.entries()) {
      const words = memberWords(header);
      for (let at = 0; at < words.length; at += PREFIX_WORDS) {
        const number = this.#places.add(words, at);
        const there = this.#groups[number];
        if (there === undefined) this.#groups[number] = [group];
        else there.push(group);
      }
    }
  }

  get isOpen(): boolean {
    return this.#open.size > 0 || this.#isLost;
  }

  done(): NamesWalk {
    return { ids: this.#ids, refs: this.#refs };
  }

  want(words: Uint32Array, form: Form): void {
    const number = this.#ids.add(words, 0);
    const forms = this.#forms[number] ?? new Set();
    this.#forms[number] = forms;
    if (forms.has(form)) return;
    forms.add(form);
    const wanted = { words, form, tried: 0 };
    const known = this.#book.get(wanted);
    // What is known of a page that is nowhere helps nobody.
    if (known === undefined || this.#groupOf(wanted) === undefined) this.#seek(wanted);
    else this.#take(wanted, known);
  }

  #seek(wanted: Wanted): void {
    const group = this.#groupOf(wanted);
    const pack = this.#map.namesGroups[group ?? -1]?.pack;
    const open = this.#open.get(pack ?? '');
    if (pack === undefined) this.#isLost = true;
    else if (open === undefined) this.#open.set(pack, [wanted]);
    else open.push(wanted);
  }

  #groupOf({ words, tried }: Wanted): number | undefined {
    const number = this.#places.numberOf(words, 0);
    return number === -1 ? undefined : this.#groups[number]?.[tried];
  }

  /** One pack, as long as something in it is wanted. False: something is nowhere. */
  async step(): Promise<boolean> {
    const [pack] = this.#open.keys();
    if (this.#isLost || pack === undefined) return false;
    const opened = await this.#openPack(pack);
    const groups = new Map<number, OpenedGroup | undefined>();
    for (let all = this.#open.get(pack); all !== undefined; all = this.#open.get(pack)) {
      this.#open.delete(pack);
      for (const wanted of all) {
        const number = this.#groupOf(wanted) ?? -1;
        if (!groups.has(number)) groups.set(number, opened && this.#groupIn(opened, number));
        const group = groups.get(number);
        const isFound =
          opened !== undefined && group !== undefined && this.#found(wanted, opened, group);
        if (!isFound) this.#seek({ ...wanted, tried: wanted.tried + 1 });
      }
    }
    return !this.#isLost;
  }

  async #openPack(pack: string): Promise<OpenedPack | undefined> {
    const sizeBytes = this.#map.packs.get(pack)?.sizeBytes ?? 0;
    try {
      const whole = await readWholePack(this.#ports, { name: `packs/${pack}`, sizeBytes });
      return new OpenedPack(this.#ports.tools, this.#keys, whole);
    } catch (error) {
      problemOf(`packs/${pack}`, error);
      return undefined;
    }
  }

  #groupIn(opened: OpenedPack, group: number): OpenedGroup | undefined {
    const offset = this.#map.namesGroups[group]?.offset;
    return opened.group(opened.whole.trailer.groups.findIndex((each) => each.offset === offset));
  }

  /** Whether it is in there and what it should be; what it refers to is wanted next. */
  #found({ words, form }: Wanted, opened: OpenedPack, group: OpenedGroup): boolean {
    const there = memberWords(group.header);
    let member = 0;
    const isThere = (): boolean =>
      words.every((word, at) => there[member * PREFIX_WORDS + at] === word);
    while (member < group.members.length && !isThere()) member += 1;
    const object = group.members[member];
    if (object === undefined || !opened.isProven(group, member)) return false;
    const below = partsOf(this.#ports.tools.codec, form, group.bytesOf(object));
    if (below === undefined) return false;
    const known = this.#knownOf(below);
    this.#book.note({ words, form }, known);
    this.#take({ words }, known);
    return true;
  }

  #knownOf({ content, names }: Parts): KnownRefs {
    const refs = new Uint32Array((content.length + names.length) * PREFIX_WORDS);
    for (const [at, digest] of content.entries())
      refs.set(this.#contentIds.wordsOf(digest), at * PREFIX_WORDS);
    const named = names.map(([digest, form], at) => {
      const words = wordsOfDigests([this.#keys.idOf(NAMES, digest)]);
      refs.set(words, (content.length + at) * PREFIX_WORDS);
      return { words, form };
    });
    return { refs, names: named };
  }

  #take({ words }: Pick<Wanted, 'words'>, { refs, names }: KnownRefs): void {
    const number = this.#ids.numberOf(words, 0);
    const before = this.#refs[number];
    this.#refs[number] = before === undefined ? refs : joined(before, refs);
    for (const { words: below, form } of names) this.want(below, form);
  }
}

/** Of one that was asked for in two forms. */
function joined(one: Uint32Array, other: Uint32Array): Uint32Array {
  const all = new Uint32Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

interface Parts {
  readonly content: readonly Digest[];
  readonly names: readonly (readonly [Digest, Form])[];
}

/** Undefined where it is not what it should be. */
function partsOf(codec: Codec, form: Form, bytes: Uint8Array): Parts | undefined {
  try {
    if (form === 'page') return partsOfPage(codec, bytes);
    if (form === 0) return { content: [], names: [] };
    const digests = referencesOfList(bytes, form).map(({ digest }) => digest);
    return form === 1
      ? { content: digests, names: [] }
      : { content: [], names: digests.map((digest) => [digest, form - 1] as const) };
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function partsOfPage(codec: Codec, bytes: Uint8Array): Parts {
  const page = parsePage(codec.textOf(bytes));
  if (!isLeaf(page))
    return { content: [], names: page.refs.map(({ digest }) => [digest, 'page'] as const) };
  const content: Digest[] = [];
  const names: (readonly [Digest, Form])[] = [];
  for (const line of page.lines) {
    const { chunks, list, holeLists } = referencesOfLine(line);
    for (const digest of chunks) content.push(digest);
    if (list !== undefined) names.push([list.digest, list.depth]);
    for (const digest of holeLists) names.push([digest, 0]);
  }
  return { content, names };
}
