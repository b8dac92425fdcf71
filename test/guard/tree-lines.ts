/** All that a tree is, one line an entry, for comparison before and after. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { isQuarantineName } from '../../src/base/own-places.ts';
import { byteString } from '../../src/base/bytes.ts';

/** @returns lines by path; the top itself has the empty path. What was set aside is left out. */
export function treeLines(top: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  const firstNames = new Map<bigint, string>();
  const visit = (path: string): void => {
    const at = Buffer.from(path === '' ? top : `${top}/${path}`, 'latin1');
    const stat = fs.lstatSync(at, { bigint: true });
    const first = firstNames.get(stat.ino) ?? path;
    firstNames.set(stat.ino, first);
    const linkOf = stat.isDirectory() || first === path ? '' : ` = ${first}`;
    const facts = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeNs}`;
    lines.set(path, `${facts} ${contentOf(at, stat)}${linkOf}`);
    if (!stat.isDirectory()) return;
    for (const name of fs.readdirSync(at, { encoding: 'latin1' }).sort()) {
      if (!isQuarantineName(byteString(name))) visit(path === '' ? name : `${path}/${name}`);
    }
  };
  visit('');
  return lines;
}

function contentOf(at: Buffer, stat: fs.BigIntStats): string {
  if (stat.isSymbolicLink()) return `-> ${fs.readlinkSync(at, { encoding: 'latin1' })}`;
  if (!stat.isFile()) return '';
  return createHash('sha256').update(fs.readFileSync(at)).digest('hex');
}

/** The differences in words, at most ten. */
export function differences(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): readonly string[] {
  const said: string[] = [];
  for (const [path, line] of expected) {
    const other = found.get(path);
    if (other === undefined) said.push(`${JSON.stringify(path)} is missing`);
    else if (other !== line) said.push(`${JSON.stringify(path)} was ${line} and is ${other}`);
  }
  for (const path of found.keys()) {
    if (!expected.has(path)) said.push(`${JSON.stringify(path)} came from nowhere`);
  }
  return said.slice(0, 10);
}
