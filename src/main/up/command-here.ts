import fs from 'node:fs';
import path from 'node:path';
import type { Cli } from '../cli/cli.ts';
import type { Opened } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { nameOfPlace } from '../vault-place.ts';

/** `src/main/up` and `dist/main/up` both lie three below it. */
const PROGRAM = path.join(import.meta.dirname, '../../../bin/holdfast');

/** A command that can be typed where `up` was started, for the vault that it uses. */
export function commandHere(cli: Cli, { settings }: Opened, verb: string): string {
  const { vault } = settings;
  const isNamed = vault?.by === '--vault';
  const named = isNamed ? ` --vault ${quoted(textOfBytes(nameOfPlace(vault.value)))}` : '';
  return `${programHere(cli)} ${verb}${named}`;
}

/** What makes a vault at another place. */
export function commandThere(cli: Cli, place: string): string {
  return `${programHere(cli)} init --vault ${quoted(place)}`;
}

/** By its name where the shell finds it, else as a path: in a checkout `bin/holdfast`. */
export function programHere(cli: Cli): string {
  const folders = (cli.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  if (folders.some((folder) => fs.existsSync(path.join(folder, 'holdfast')))) return 'holdfast';
  const near = path.relative(textOfBytes(cli.cwd), PROGRAM);
  return quoted(near.startsWith('..') ? PROGRAM : `./${near}`);
}

function quoted(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
