import type { Mount } from '../../../watch/core/look/host-sight.ts';
import { classOf, type MountLine } from '../../discovery/mount-table.ts';
import { wordsOf } from '../words.ts';

const SECRET = /^(pass|password|passwd|secret|credentials?)=.*/i;

/** What holds or may hold data, with what it was mounted with. */
export function mountsOf(table: readonly MountLine[]): readonly Mount[] {
  return table
    .filter(({ type, device }) => !['kernel', 'memory'].includes(classOf(type, device)))
    .map(({ mountPoint, device, type, options }) => ({
      mountPoint,
      device,
      type: wordsOf(type),
      options: [...new Set(options)]
        .filter((option) => option !== '')
        .map((option) => wordsOf(option.replace(SECRET, '$1=***'))),
    }));
}
