/** Configuration files as their Debian package brought them: nobody here wrote what they delete. */
import { createHash } from 'node:crypto';
import { byteString } from '../../base/bytes.ts';
import type { World } from '../discovery/world.ts';

const STATUS = '/var/lib/dpkg/status';
const STATUS_SIZE_MAX = 64 * 1024 * 1024;
const CONFFILE = /^ (\/etc\/cron\S+) ([0-9a-f]{32})(?: obsolete)?$/gm;

/** Paths below /etc/cron* that are unchanged. */
export function packagedFiles(world: World): ReadonlySet<string> {
  const status = world.read(byteString(STATUS), STATUS_SIZE_MAX) ?? '';
  const found = [...status.matchAll(CONFFILE)].filter(([, path = '', md5]) => {
    const text = world.read(byteString(path));
    if (text === undefined) return false;
    return createHash('md5').update(Buffer.from(text, 'latin1')).digest('hex') === md5;
  });
  return new Set(found.map(([, path = '']) => path));
}
