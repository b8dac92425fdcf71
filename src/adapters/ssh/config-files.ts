/** A file of ssh_config(5), and those that it includes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type KnownMachine, machinesOfConfig } from './known-machines.ts';

const SYSTEM = '/etc/ssh/ssh_config';
/** As ssh has it. */
const DEPTH_MAX = 16;
const FILES_MAX = 1000;

export function readTextFile(file: string, sizeMax: number): string {
  if (fs.statSync(file).size > sizeMax) throw new Error('it is too large');
  return fs.readFileSync(file, 'utf8');
}

/**
 * Names of one machine each, in the order in which ssh reads them.
 *
 * @throws where `file` cannot be read; an included one that cannot is left out, as ssh does
 */
export function machinesOfConfigFile(file: string, text: string): readonly KnownMachine[] {
  const seen = new Set<string>();
  const read = (at: string, content: string, depth: number): readonly KnownMachine[] => {
    seen.add(at);
    const included = includesOf(content).flatMap((pattern) => filesOf(pattern, at));
    return [
      ...machinesOfConfig(content),
      ...included.flatMap((each) => {
        if (depth === DEPTH_MAX || seen.has(each) || seen.size >= FILES_MAX) return [];
        const more = readable(each);
        return more === undefined ? [] : read(each, more, depth + 1);
      }),
    ];
  };
  return read(path.resolve(file), text, 0);
}

/** Whether ssh reads it without being told to. */
export function isReadBySsh(file: string): boolean {
  // ssh takes the home directory of the account, whatever HOME says.
  const own = path.join(os.userInfo().homedir, '.ssh', 'config');
  return [own, SYSTEM].some((each) => realPath(each) === realPath(file));
}

function includesOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, rest = ''] = /^\s*include(?:\s*=\s*|\s+)(.*)$/i.exec(line) ?? [];
    return [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  });
}

/** What does not begin with a slash lies beside the user's or the system's configuration. */
function filesOf(pattern: string, includedBy: string): readonly string[] {
  const isSystem = includedBy.startsWith(`${path.dirname(SYSTEM)}/`);
  const { homedir } = os.userInfo();
  const base = isSystem ? path.dirname(SYSTEM) : path.join(homedir, '.ssh');
  return fs.globSync(path.resolve(base, pattern.replace(/^~(?=\/)/, homedir))).sort();
}

const INCLUDED_SIZE_MAX = 1 << 20;

function readable(file: string): string | undefined {
  try {
    return readTextFile(file, INCLUDED_SIZE_MAX);
  } catch {
    return undefined;
  }
}

function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined; // It is not there.
  }
}
