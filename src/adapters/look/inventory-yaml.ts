/** An Ansible inventory in its YAML form. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { sayText } from '../../base/say-name.ts';
import type { HostList } from './asked-host.ts';
import { Inventory } from './inventory.ts';

const PARTS = ['hosts', 'children', 'vars'];
const INSTEAD = 'Below a group stand hosts:, children: and vars:, each a map.';
/** More is no nesting that people write. */
const DEPTH_MAX = 64;

/**
 * @param file for what is said of it
 * @throws Fault HF_LOOK_FROM
 */
export function parseYamlInventory(text: string, file: string): HostList {
  const reader = new Reader(text, file);
  return reader.read();
}

interface Pair {
  readonly key: string;
  readonly value: Node | undefined;
  readonly line: number;
}

class Reader {
  readonly #inventory: Inventory;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument<ParsedNode>>;
  /** Of what is read, each part of the file at most so often: aliases repeat parts without end. */
  #left: number;

  constructor(text: string, file: string) {
    this.#inventory = new Inventory(file);
    this.#left = text.length + 1;
    this.#document = parseDocument(text, { lineCounter: this.#lines, logLevel: 'error' });
  }

  read(): HostList {
    const [broken] = this.#document.errors;
    if (broken !== undefined) {
      const { line } = this.#lines.linePos(broken.pos[0]);
      const what = broken.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? 'it is no YAML';
      throw this.#inventory.fault(line, what, 'Write it as YAML.');
    }
    const top = this.#pairs(this.#document.contents, { line: 1, what: 'this' });
    for (const pair of top) this.#readGroup(pair, 0);
    return this.#inventory.list();
  }

  #readGroup({ key: group, value, line }: Pair, depth: number): void {
    if (depth > DEPTH_MAX) throw this.#inventory.fault(line, 'groups nest too deep', INSTEAD);
    for (const part of this.#pairs(value, { line, what: `group ${sayText(group)}` })) {
      if (!PARTS.includes(part.key)) {
        const what = `there is no ${sayText(part.key)} below group ${sayText(group)}`;
        throw this.#inventory.fault(part.line, what, INSTEAD);
      }
      const below = this.#pairs(part.value, { line: part.line, what: part.key });
      for (const pair of below) this.#readPart(part.key, { group, pair, depth });
    }
  }

  #readPart(part: string, of: { group: string; pair: Pair; depth: number }): void {
    const { group, pair, depth } = of;
    const { key, value, line } = pair;
    if (part === 'vars') {
      const text = this.#text(value);
      if (text !== undefined) this.#inventory.setGroup(group, key, text);
      return;
    }
    if (part === 'children') {
      this.#inventory.addChild(group, key);
      this.#readGroup(pair, depth + 1);
      return;
    }
    const hosts = this.#inventory.addHosts(key, { group, line });
    for (const { key: name, value: held } of this.#pairs(value, { line, what: sayText(key) })) {
      const text = this.#text(held);
      if (text !== undefined) for (const host of hosts) this.#inventory.setHost(host, name, text);
    }
  }

  /** Of a map, with what it merges by `<<`; none of nothing. */
  #pairs(node: unknown, of: { readonly line: number; readonly what: string }): readonly Pair[] {
    const map = this.#resolved(node);
    if (map === undefined || (isScalar(map) && map.value === null)) return [];
    if (!isMap(map)) throw this.#inventory.fault(of.line, `${of.what} is no map`, INSTEAD);
    return (map as YAMLMap<unknown, unknown>).items.flatMap(({ key, value }) => {
      this.#left -= 1;
      if (this.#left < 0)
        throw this.#inventory.fault(of.line, 'it repeats itself too often', INSTEAD);
      const line = this.#lineOf(key) ?? of.line;
      const name = isScalar(key) ? String(key.value) : '';
      if (name === '<<') return this.#pairs(value, { line, what: name });
      return [{ key: name, value: isNode(value) ? value : undefined, line }];
    });
  }

  #resolved(node: unknown): Node | undefined {
    if (isAlias(node)) return node.resolve(this.#document);
    return isNode(node) ? node : undefined;
  }

  /** Of a plain value; lists and maps mean nothing here. */
  #text(node: unknown): string | undefined {
    const scalar = this.#resolved(node);
    return isScalar(scalar) && scalar.value !== null ? String(scalar.value) : undefined;
  }

  #lineOf(key: unknown): number | undefined {
    const start = isNode(key) ? key.range?.[0] : undefined;
    return start === undefined ? undefined : this.#lines.linePos(start).line;
  }
}
