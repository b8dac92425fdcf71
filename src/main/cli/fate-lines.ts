/** Which copies of a vault are lost with it, beside what would be lost. */
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type { FateShared, SharedFate } from '../estate/shared-fate.ts';

/** Nothing where each copy lies for itself. */
export function fateLines(fates: readonly SharedFate[], style: Style): readonly string[] {
  if (fates.length === 0) return [];
  const said = fates.flatMap((fate) =>
    layoutSentence(style, {
      mark: { is: fate.by === 'unknown' || fate.by === 'host' ? 'unknown' : 'degraded' },
      text: sayText(`Copy in ${fate.copy}: ${sharedWords(fate, fate.with)}.`, style),
    }),
  );
  return ['', ...said];
}

/** @param other the vault, or another copy, in words */
export function sharedWords({ by, disks }: FateShared, other: string): string {
  switch (by) {
    case 'directory':
      return `in the very directory of ${other}, so it is no copy beside it`;
    case 'disk':
      return `on the same ${disks.length === 1 ? 'disk' : 'disks'} as ${other} (${disks.join(', ')}), and is lost with it`;
    case 'host':
      return `on the machine of ${other}; which disks lie beneath was not seen`;
    case 'unknown':
      return `maybe on the machine of ${other}: which one it is on was not told`;
  }
}
