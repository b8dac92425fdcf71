import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../golden/watch');

/** Compares with test/golden/watch/NAME; `SNAP_UPDATE=1` writes it, and the diff is reviewed. */
export function assertGolden(name: string, text: string): void {
  const path = join(FOLDER, name);
  if (process.env.SNAP_UPDATE === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  assert.equal(text, readFileSync(path, 'utf8'), `${name} differs; SNAP_UPDATE=1 writes it anew`);
}
