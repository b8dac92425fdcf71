/**
 * What capture does with the detector, in miniature: begin, tell the telling names of each tree,
 * end. As a program it prints the findings, for a look from within other namespaces.
 */
import * as fs from 'node:fs';
import path from 'node:path';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeInUse } from '../../src/adapters/node/in-use.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { SeenFile, UseWatch } from '../../src/host/in-use.ts';
import { isEngineFile } from '../../src/vault/core/torn-layout.ts';

export interface LookOptions {
  /** Told by the walk; else only what the machine says counts. */
  readonly tellsNames?: boolean;
  /** The kernel is asked as this user. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly meanwhile?: () => Promise<void> | void;
}

/** @returns `engine path` of each finding; `.` for the whole root */
export async function lookAt(root: string, options: LookOptions = {}): Promise<readonly string[]> {
  const files = options.tellsNames === false ? [] : tellingFiles(root);
  const inUse = nodeInUse(nodeClock());
  const watch = as(options.user, () => inUse.begin([byteString(root)]));
  await options.meanwhile?.();
  return as(options.user, () => ended(watch, files));
}

function ended(watch: UseWatch, files: readonly SeenFile[]): readonly string[] {
  for (const file of files) watch.sawFile(file);
  return watch.end().map(({ path: at, engine }) => `${engine} ${at === '' ? '.' : at}`);
}

function tellingFiles(root: string): readonly SeenFile[] {
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile() && isEngineFile(byteString(entry.name)))
    .map((entry) => {
      const at = path.join(entry.parentPath, entry.name);
      const stat = fs.lstatSync(at, { bigint: true });
      const below = byteString(path.relative(root, at));
      return { root: byteString(root), path: below, device: stat.dev, inode: stat.ino };
    });
}

/** Rights go by the effective user; capabilities are gone with it. */
function as<T>(user: LookOptions['user'], act: () => T): T {
  if (user === undefined) return act();
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([]);
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}

if (import.meta.main) {
  process.stdout.write(JSON.stringify(await lookAt(process.argv[2] ?? '')));
}
