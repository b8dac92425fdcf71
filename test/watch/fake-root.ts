import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Paths to content; a path that ends in `/` is a directory. Names are bytes, one character each. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** A tree that stands for a machine's root; gone when the test ends. */
export function fakeRoot(t: TestContext, files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-watch-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    const at = Buffer.from(root + path, 'latin1');
    const parent = path.endsWith('/') ? path : path.slice(0, path.lastIndexOf('/'));
    mkdirSync(Buffer.from(root + parent, 'latin1'), { recursive: true });
    if (path.endsWith('/')) continue;
    writeFileSync(at, content);
    utimesSync(at, 1_700_000_000, 1_700_000_000);
  }
  return root;
}
