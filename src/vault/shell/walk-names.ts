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
import { CONTENT, NAMES } from '../core/object-id.ts';
import { PrefixSet } from '../core/prefix-set.ts';
import { referencesOfLine } from './check-line.ts';
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

/** What a page or a list is, from what refers to it: a depth of a list of chunks; 0 for one of holes. */
type Form = 'page' | number;

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
  ports: ReadingPorts,
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

  constructor(ports: ReadingPorts, keys: CollectorKeys, map: VaultMap) {
    this.#ports = ports;
    this.#keys = keys;
    this.#map = map;
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
    this.#seek({ words, form, tried: 0 });
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
    const { idOf } = this.#keys;
    const ids: Digest[] = below.content.map((digest) => idOf(CONTENT, digest));
    for (const [digest, formBelow] of below.names) {
      const id = idOf(NAMES, digest);
      ids.push(id);
      this.want(wordsOfDigests([id]), formBelow);
    }
    const number = this.#ids.numberOf(words, 0);
    const known = this.#refs[number] ?? new Uint32Array(0);
    const own = wordsOfDigests(ids);
    const refs = new Uint32Array(known.length + own.length);
    refs.set(known);
    refs.set(own, known.length);
    this.#refs[number] = refs;
    return true;
  }
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
