/** Modules of an rsync daemon, and whether a client may delete in them: rsyncd.conf(5). */
import { byteString } from '../../base/bytes.ts';
import type { Way } from '../../guard/core/ways.ts';
import type { World } from '../discovery/world.ts';

const CONFIGURATIONS = ['/etc/rsyncd.conf', '/etc/rsync/rsyncd.conf', '/etc/rsyncd/rsyncd.conf'];
const INCLUDES_MAX = 20;

/**
 * What must be refused so that a client deletes nothing, one word each, white space between. `delete`
 * stands for all its kinds, and must not be written as a pattern: beside `delete*` or `delete-*`
 * rsync lets --delete-missing-args pass (seen with 3.5.0). `remove-*` takes at the sender what was
 * fetched, `force` a directory with all in it where a file takes its name.
 */
export const REFUSED_OPTIONS: readonly string[] = ['delete', 'remove-*', 'force'];

interface Module {
  readonly name: string;
  readonly file: string;
  readonly settings: ReadonlyMap<string, string>;
}

export function rsyncdWays(world: World): readonly Way[] {
  return CONFIGURATIONS.flatMap((file) => modulesIn(world, file)).map(wayOf);
}

function modulesIn(world: World, file: string): readonly Module[] {
  const modules: Module[] = [];
  let settings = new Map<string, string>();
  const globals = settings;
  for (const line of linesOf(world, file, 0)) {
    const section = /^\[\s*(.*?)\s*\]$/.exec(line)?.[1];
    if (section !== undefined) {
      settings = section === 'global' ? globals : new Map(globals);
      if (section !== 'global') modules.push({ name: section, file, settings });
      continue;
    }
    const [, name = '', value = ''] = /^([^=]+?)\s*=\s*(.*)$/.exec(line) ?? [];
    // White space and case in names of parameters mean nothing.
    if (name !== '') settings.set(name.replaceAll(/\s+/g, '').toLowerCase(), value);
  }
  return modules;
}

function linesOf(world: World, file: string, depth: number): readonly string[] {
  const text = world.read(byteString(file)) ?? '';
  return text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line))
    .flatMap((line) => {
      const place = /^&(?:include|merge)\s+(\S+)$/.exec(line)?.[1];
      if (place === undefined || depth > 2) return [line];
      return included(world, place).flatMap((each) => linesOf(world, each, depth + 1));
    });
}

function included(world: World, place: string): readonly string[] {
  const entries = world.list(byteString(place));
  if (entries === undefined) return [place];
  const names = entries
    .map(({ name }) => String(name))
    .filter((name) => /\.(?:conf|inc)$/.test(name));
  return names.slice(0, INCLUDES_MAX).map((name) => `${place}/${name}`);
}

function wayOf({ name, file, settings }: Module): Way {
  const what = `[${name}]`;
  const target = settings.get('path');
  const of = { kind: 'rsync daemon', foundBy: 'rsyncd', where: file, what, target } as const;
  // A comma would be part of the name of an option that does not exist.
  const refused = (settings.get('refuseoptions') ?? '').split(/\s+/).filter(Boolean);
  const detail = { of: 'module', name, refused } as const;
  if (isOn(settings.get('readonly') ?? 'yes')) {
    return { ...of, detail, state: 'closed', why: 'clients can only read' };
  }
  const open = REFUSED_OPTIONS.filter((option) => !isRefused(option, refused));
  if (open.length === 0) {
    return { ...of, detail, state: 'closed', why: 'what deletes is among its refuse options' };
  }
  const why = `clients can write, and its refuse options do not cover: ${open.join(', ')}`;
  return { ...of, detail, state: 'open', why };
}

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  delete: ['delete', 'delete-missing-args'],
  'remove-*': ['remove-source-files', 'remove-sent-files'],
  force: ['force'],
};

/** Strict: what is taken back by `!`, and `delete` beside a pattern for it, does not count. */
function isRefused(option: string, refused: readonly string[]): boolean {
  const members = MEMBERS[option] ?? [];
  const takesBack = (word: string): boolean =>
    word.startsWith('!') && members.some((member) => globMatches(word.slice(1), member));
  if (refused.some(takesBack)) return false;
  if (option === 'delete') {
    const patterns = refused.filter((word) => /[*?[]/.test(word) && globMatches(word, 'delete-x'));
    return refused.includes('delete') && patterns.length === 0;
  }
  return members.every((member) => refused.some((word) => globMatches(word, member)));
}

function globMatches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}

function isOn(text: string): boolean {
  return /^(?:yes|true|1|on)$/i.test(text.trim());
}
