/**
 * A directory of many files is deleted by `guard run -- rm -r`, and put back by `undo`: wall seconds
 * of the commands, as a person waits for them. Arguments: a scratch directory, files.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HOLDFAST } from './tools.ts';

const FILES_PER_DIR = 500;
const [, , scratch = '', count = '0'] = process.argv;
const files = Number(count);
const top = join(scratch, 'undo');
const env = { ...process.env, HOLDFAST_STATE: join(top, 'state') };

for (let at = 0; at < files; at++) {
  const dir = join(top, 'tree/gone', `d${Math.floor(at / FILES_PER_DIR)}`);
  if (at % FILES_PER_DIR === 0) mkdirSync(dir, { recursive: true });
  const file = openSync(join(dir, `f${at}`), 'w');
  writeSync(file, `content ${at}`);
  closeSync(file);
}
execFileSync('sync');

const deletedWallS = wallOf(['guard', 'run', '--', 'rm', '-r', join(top, 'tree/gone')]);
const listed: unknown = JSON.parse(holdfast(['undo', '--json']));
const undoneWallS = wallOf(['undo', planOf(listed)]);
// What was to be measured happened: every file is there again.
const found = execFileSync('find', [join(top, 'tree/gone'), '-type', 'f', '-printf', '.']).length;
if (found !== files) throw new Error(`${found} of ${files} files came back`);
rmSync(top, { recursive: true });
process.stdout.write(JSON.stringify({ deletedWallS, undoneWallS }));

function wallOf(args: readonly string[]): number {
  const begun = performance.now();
  holdfast(args);
  return (performance.now() - begun) / 1000;
}

function holdfast(args: readonly string[]): string {
  return execFileSync(HOLDFAST, args, { env, encoding: 'utf8' });
}

function planOf(answer: unknown): string {
  const { plans } = answer as { readonly plans: readonly { readonly id: string }[] };
  const [first] = plans;
  if (first === undefined) throw new Error('nothing can be put back');
  return first.id;
}
