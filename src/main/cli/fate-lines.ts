/** Which copies of a vault are lost with it, beside what would be lost. */
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type { SharedFate } from '../estate/shared-fate.ts';

/** Nothing where each copy lies for itself. */
export function fateLines(fates: readonly SharedFate[], style: Style): readonly string[] {
  if (fates.length === 0) return [];
  const said = fates.flatMap((fate) =>
    layoutSentence(style, {
      mark: { is: fate.by === 'unknown' || fate.by === 'host' ? 'unknown' : 'degraded' },
      text: sayText(`Copy in ${fate.copy}: ${fateWords(fate)}.`, style),
    }),
  );
  return ['', ...said];
}

function fateWords(fate: SharedFate): string {
  switch (fate.by) {
    case 'directory':
      return `the very directory of ${fate.with}, so no copy beside it`;
    case 'disk':
      return `on the same ${fate.disks.length === 1 ? 'disk' : 'disks'} as ${fate.with} (${fate.disks.join(', ')}), and lost with it`;
    case 'host':
      return `on the machine of ${fate.with}; which disks lie beneath was not seen`;
    case 'unknown':
      return `maybe on the machine of ${fate.with}: nothing tells which one it is on`;
  }
}
