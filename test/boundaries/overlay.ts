import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../..');

/** What the tools read besides the sources. */
const CONFIGURATION = [
  '.dependency-cruiser.cjs',
  'biome.json',
  'eslint.config.js',
  'knip.json',
  'package.json',
  'tsconfig.json',
  'tsconfig.core.json',
];

/** A checkout in miniature: our configuration over planted sources. The live tree is not touched. */
export interface Overlay {
  /** @returns what the tool said on stdout; its exit code does not matter here */
  readonly run: (program: string, ...args: readonly string[]) => string;
  readonly remove: () => void;
}

/** @param sources file to text, relative to the checkout */
export function overlayOf(sources: Readonly<Record<string, string>>): Overlay {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'overlay-'));
  for (const file of CONFIGURATION) fs.copyFileSync(path.join(ROOT, file), path.join(root, file));
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
  for (const [file, text] of Object.entries(sources)) {
    fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  }
  return {
    run: (program, ...args) => {
      const at = path.join(ROOT, 'node_modules/.bin', program);
      const run = spawnSync(at, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
      if (run.error !== undefined) throw run.error;
      return run.stdout;
    },
    remove: () => fs.rmSync(root, { recursive: true }),
  };
}
