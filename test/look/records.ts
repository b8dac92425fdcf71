/** Records of a look as a host would send them. */
import { unixMs } from '../../src/base/units.ts';
import { readSight } from '../../src/adapters/look/read-sight.ts';
import type { HostSight } from '../../src/watch/core/look/host-sight.ts';

export const LOOKED_AT = unixMs(1_795_000_000_000);

/** One line; characters stand for bytes. */
export function recordLine(...items: readonly (string | number)[]): string {
  return `${JSON.stringify(items)}\n`;
}

export const FIRST = recordLine('look', 1, LOOKED_AT / 1000, 0, 'root');
export const LAST = recordLine('end', 3, '');

export async function* chunksOf(text: string, size = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** What is seen of a host that sends these lines between its first record and its last. */
export function sightOfLines(lines: readonly string[], first = FIRST): Promise<HostSight> {
  const sent = chunksOf([first, ...lines, LAST].join(''));
  const answeredAt = unixMs(LOOKED_AT + 400);
  const host = 'st1.example';
  const asRoot = `holdfast look root@${host}`;
  return readSight(sent, { host, asRoot, askedAt: LOOKED_AT, answeredAt });
}
