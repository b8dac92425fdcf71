import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { SourceFailure } from '../../host/source.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { pathOf } from '../core/stat-cache.ts';
import type { ExcludedIn } from './cache-builder.ts';
import type { CountPorts } from './count-left-out.ts';
import { countOf, noCount } from './count-left-out.ts';
import type { WalkReport } from './walk-report.ts';

export interface Recount {
  readonly cache: StatCache;
  readonly excluded: readonly ExcludedIn[];
  /** Absolute path of the cached root. */
  readonly root: ByteString;
  readonly report: WalkReport;
}

/**
 * Counts again what rules leave out in directories that were not listed: their names are as they
 * were, but what lies below may have grown.
 */
export function recountExcluded(ports: CountPorts & { readonly codec: Codec }, of: Recount): void {
  const { source } = ports;
  const byDir = Map.groupBy(of.excluded, ({ dir }) => dir);
  for (const [at, excluded] of byDir) {
    const path = pathOf(of.cache, at, ports.codec);
    const place = path === '' ? of.root : byteString(`${of.root}/${path}`);
    try {
      // By path: where it leads elsewhere by now, a figure is wrong, and nothing else.
      const dir = source.openRoot(place);
      try {
        for (const { name, rule, isDir } of excluded) {
          const entry = { dir, name, isDir, place: byteString(`${place}/${name}`) };
          of.report.excluded(rule, countOf(ports, entry));
        }
      } finally {
        source.closeDir(dir);
      }
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      for (const { rule } of excluded) of.report.excluded(rule, { ...noCount(), isAtLeast: true });
    }
  }
}
