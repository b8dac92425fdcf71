/** An estate in which everything that a host can name is a script. */
import { byteString } from '../../src/base/bytes.ts';
import type { Shown } from '../../src/web/shown.ts';
import { sampleShown } from './sample.ts';

/** Ends attributes, tags and comments, reorders text and rings. */
export const HOSTILE =
  '"\'><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'"><!-- \u202e\u0007';

const BYTES = byteString('/srv/"><script>document.title="owned"</script>\xff\xfe');

/** The same estate with each text that comes from a host replaced; what is ours (marks, kinds) stays. */
export function hostileShown(): Shown {
  return replaced(sampleShown(), '') as Shown;
}

const OURS: ReadonlySet<string> = new Set([
  ...[
    'mark',
    'reason',
    'kind',
    'look',
    'state',
    'seenBy',
    'section',
    'level',
    'saw',
    'style',
    'script',
  ],
  ...['csrf', 'job', 'id', 'standing', 'of', 'is', 'exists', 'topic'],
]);

function replaced(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (OURS.has(key)) return value;
    return key === 'path' ? BYTES : HOSTILE;
  }
  if (Array.isArray(value)) return value.map((each) => replaced(each, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      // An object below a key of ours has texts of its own; a text does not.
      return [name, replaced(each, name)];
    }),
  );
}
