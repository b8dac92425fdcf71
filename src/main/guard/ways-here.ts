/** The ways to delete on this host, and what the kit needs to know of it. */
import fs from 'node:fs';
import path from 'node:path';
import { LocalWorld } from '../../adapters/discovery/local-world.ts';
import { findWays, type WaysFound } from '../../adapters/ways/find-ways.ts';
import type { KitOptions } from '../../guard/core/kit.ts';

/** `src/main/guard` and `dist/main/guard` both lie three below it. */
const OWN = path.join(import.meta.dirname, '../../../bin/holdfast');
const DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const PROGRAMS = ['rsync', 'rclone', 'rrsync'];

export async function waysHere(): Promise<WaysFound> {
  return findWays(new LocalWorld('/'), holdfastHere());
}

export function kitOptionsHere(group: string): KitOptions {
  const found = PROGRAMS.flatMap((name) => {
    const at = foundIn(name);
    return at === undefined ? [] : [[name, at] as const];
  });
  return {
    holdfast: holdfastHere(),
    group,
    hasSudo: fs.existsSync('/etc/sudoers'),
    programs: Object.fromEntries(found),
  };
}

/** As root's scripts find it; else this very one. */
function holdfastHere(): string {
  return foundIn('holdfast') ?? OWN;
}

function foundIn(name: string): string | undefined {
  return DIRECTORIES.map((directory) => `${directory}/${name}`).find((file) => fs.existsSync(file));
}
