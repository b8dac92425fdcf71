/** What the snapshots of a vault say of what they cost, and how much room is where it lies. */
import type { Capture } from '../../watch/core/exposure/cost.ts';
import type { SpaceRoom } from '../../watch/core/vault-space.ts';
import type { Opened } from '../cli/open.ts';
import type { Settings } from '../cli/settings.ts';
import { type Floor, floorBytes, parseFloor } from '../cli/sizes.ts';
import type { ReadSnapshot } from './points.ts';

export function captureOf({ content }: ReadSnapshot): Capture {
  const { dataSet, host, started, finished, roots, stats } = content;
  const figure = (name: string): number | undefined => {
    const given = stats[name];
    const value = typeof given === 'string' ? Number(given) : given;
    return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  return {
    ...{ dataSet, host, startedAt: started, tookMs: Math.max(0, finished - started) },
    bytes: Number(roots.reduce((sum, root) => sum + root.bytes, 0n)),
    readBytes: figure('readBytes'),
    newBytes: figure('newBytes'),
  };
}

/** Undefined: the other side does not tell. */
export async function roomThere({ session, settings }: Opened): Promise<SpaceRoom | undefined> {
  const space = await session.line.space();
  if (space === undefined) return undefined;
  const { freeBytes, totalBytes } = space;
  return { freeBytes, totalBytes, floorBytes: floorBytes(floorOf(settings), totalBytes) };
}

function floorOf({ config }: Settings): Floor | undefined {
  const said = config['min-free'];
  return said === undefined ? undefined : parseFloor(String(said), 'cost');
}
