/** Vaults that were written by a released format and are read for ever: test/golden/vaults. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import type { Bench, SaidSnapshot } from '../cli/run-cli.ts';

export const GOLDEN_VAULTS = path.join(import.meta.dirname, '../golden/vaults');
export const GOLDEN_PASSPHRASE = 'correct horse battery staple';

/** SHA-256 of the content of each file by its path, and where each link leads. */
export type Digests = Readonly<Record<string, string>>;

export interface GoldenVault {
  readonly folder: string;
  readonly vault: string;
  /** Opens all of it, and what only reads. */
  readonly keys: readonly [string, string];
  /** What the first and the last snapshot restore to. */
  readonly content: { readonly first: Digests; readonly latest: Digests };
}

export function goldenVaults(): readonly GoldenVault[] {
  return fs.readdirSync(GOLDEN_VAULTS).map((name) => {
    const folder = path.join(GOLDEN_VAULTS, name);
    const said = fs.readFileSync(path.join(folder, 'content.json'), 'utf8');
    return {
      ...{ folder, vault: path.join(folder, 'vault') },
      keys: [path.join(folder, 'key'), path.join(folder, 'reading-key')],
      content: JSON.parse(said) as GoldenVault['content'],
    };
  });
}

export function digestsBelow(root: string): Digests {
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const file = path.join(root, name);
      const stat = fs.lstatSync(file);
      if (stat.isDirectory()) return [];
      const what = stat.isSymbolicLink()
        ? `-> ${fs.readlinkSync(file)}`
        : createHash('sha256').update(fs.readFileSync(file)).digest('hex');
      return [[name, what]];
    }),
  );
}

/** The oldest first. */
export function snapshotsOf(bench: Bench, secret: readonly string[] = []): readonly SaidSnapshot[] {
  const { snapshots = [] } = bench.json(['snapshots', ...secret]).said;
  return snapshots.toSorted((one, other) => (one.started ?? '').localeCompare(other.started ?? ''));
}
