/** What a repository takes up: by its files where it lies here, else as its own tool says. */
import fs from 'node:fs/promises';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type DurationMs, durationMs, minutes } from '../../base/units.ts';
import { addressOf } from '../../watch/core/repository-address.ts';
import type { RepositorySize } from '../../watch/core/repository-size.ts';
import { bytesOfText } from '../cli/places.ts';
import type { ConnectParts } from './connect-parts.ts';
import type { OpenedRepository } from './open-repository.ts';

/** A figure is worth no more: what takes longer is unknown. */
const LIMIT: DurationMs = minutes(2);

/** Or why that is not known, in words. */
export async function measureSize(
  { cli, limit }: Pick<ConnectParts, 'cli' | 'limit'>,
  { kind, repository, place }: OpenedRepository,
): Promise<RepositorySize | string> {
  const at = cli.clock.now();
  const atMost = durationMs(Math.min(limit, LIMIT));
  const address = addressOf(place.shown);
  if (address.kind === 'path') {
    const endsAt = cli.clock.monotonic() + atMost;
    const isLate = (): boolean => cli.clock.monotonic() > endsAt;
    const bytes = await bytesBelow(bytesOfText(address.path), isLate);
    return typeof bytes === 'string' ? bytes : { at, bytes, by: 'disk' };
  }
  if (kind === 'clusters') return 'pgBackRest says it of backups, and not of WAL';
  try {
    const bytes = await repository.storedBytes(atMost);
    return typeof bytes === 'string' ? bytes : { at, bytes, by: 'tool' };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${place.shown} could be listed, and its size not told`;
  }
}

/** On disk, as `du` counts it. What cannot be seen makes all of it unknown. */
async function bytesBelow(root: ByteString, isLate: () => boolean): Promise<number | string> {
  let bytes = 0;
  const seen = new Set<string>();
  const waiting = [root];
  try {
    for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
      const entries = await fs.readdir(fsPath(dir), { withFileTypes: true, encoding: 'latin1' });
      for (const entry of entries) {
        if (isLate()) return 'counting its files takes too long';
        const path = byteString(`${dir}/${entry.name}`);
        if (entry.isDirectory()) waiting.push(path);
        const stat = await fs.lstat(fsPath(path));
        const name = `${stat.dev} ${stat.ino}`;
        if (stat.nlink > 1 && !entry.isDirectory() && seen.has(name)) continue;
        if (stat.nlink > 1) seen.add(name);
        bytes += stat.blocks * 512;
      }
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return 'not all of its files could be seen';
  }
  return bytes;
}
