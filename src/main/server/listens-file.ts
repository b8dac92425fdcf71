/** Where the server that runs now listens, for commands of its machine: `listens.json` beside its state. */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../../adapters/node/errno.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import { bytesOfText } from '../cli/places.ts';
import { LOCK_NAME } from './server-names.ts';

const listens = z.strictObject({
  v: z.literal(0),
  url: z.string().max(2048),
  /** For browsers of this machine, without TLS; only of `up`. */
  page: z.string().max(2048).optional(),
});
type Listens = z.output<typeof listens>;

const SIZE_MAX = 8192;

const fileIn = (directory: string): string => path.join(directory, 'listens.json');

export function noteListens(directory: string, at: Omit<Listens, 'v'>): void {
  const text = `${JSON.stringify({ v: 0, ...at })}\n`;
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  replaceFile(ports, bytesOfText(fileIn(directory)), Buffer.from(text, 'utf8'));
}

/** Of the one that runs; undefined: none does, or it did not say. */
export function listensNow(directory: string): Omit<Listens, 'v'> | undefined {
  const noted = readNoted(directory);
  if (noted === undefined) return undefined;
  const lock = takeStateLock(path.join(directory, LOCK_NAME));
  if (!('release' in lock)) return noted;
  // What one that was killed has left says nothing of now.
  lock.release();
  return undefined;
}

function readNoted(directory: string): Listens | undefined {
  try {
    const text = fs.readFileSync(fileIn(directory), 'utf8').slice(0, SIZE_MAX);
    return listens.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
