/** An Ansible inventory in its INI form. */
import { sayText } from '../../base/say-name.ts';
import type { HostList } from './asked-host.ts';
import { ALL, Inventory, UNGROUPED } from './inventory.ts';

const SECTION = /^\[([^\]\s]+?)(?::([a-z]+))?\]\s*(?:[#;].*)?$/;
const INSTEAD = 'See how Ansible reads it: `ansible-inventory -i FILE --list --yaml`.';

/**
 * @param file for what is said of it
 * @throws Fault HF_LOOK_FROM
 */
export function parseIniInventory(text: string, file: string): HostList {
  const inventory = new Inventory(file);
  let group = UNGROUPED;
  let part = 'hosts';
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = at + 1;
    const said = raw.trim();
    if (said === '' || /^[#;]/.test(said)) continue;
    const section = SECTION.exec(said);
    if (section !== null) {
      [, group = UNGROUPED, part = 'hosts'] = section;
      if (!['hosts', 'children', 'vars'].includes(part)) {
        const what = `a section of a group is :children or :vars, and no :${sayText(part)}`;
        throw inventory.fault(line, what, INSTEAD);
      }
      continue;
    }
    if (part === 'vars') {
      const [, name, value] = /^([^\s=]+)\s*=\s*(.*)$/.exec(said) ?? [];
      if (name === undefined)
        throw inventory.fault(line, 'this is no variable', 'Write name=value.');
      inventory.setGroup(group, name, unquoted(value ?? ''));
      continue;
    }
    const words = wordsOf(said);
    if (words === undefined) throw inventory.fault(line, 'a quote is not closed', INSTEAD);
    const [name = '', ...vars] = words;
    if (part === 'children') {
      inventory.addChild(group, name);
      continue;
    }
    const hosts = inventory.addHosts(name, { group, line });
    for (const word of vars) {
      const [, key, value = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
      if (key === undefined) {
        throw inventory.fault(line, `${sayText(word)} is no variable`, 'Write name=value.');
      }
      for (const host of hosts) inventory.setHost(host, key, value);
    }
  }
  inventory.addChild(ALL, UNGROUPED);
  return inventory.list();
}

function unquoted(value: string): string {
  return /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
}

/** As a shell splits them, up to a comment; undefined where a quote is not closed. */
function wordsOf(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let rest = line;
  while (rest !== '' && !rest.startsWith('#')) {
    const word = /^(?:[^\s"'\\]|"(?:[^"\\]|\\.)*"|'[^']*'|\\.)+/.exec(rest)?.[0];
    if (word === undefined) return undefined;
    words.push([...word.matchAll(PIECE)].map(pieceText).join(''));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

const PIECE = /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)/g;

function pieceText([, double, single, escaped, bare]: RegExpExecArray): string {
  return double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? bare ?? '';
}
