/** What rm, mv and find have in common: nothing is read, and what goes is named. */
import type { ByteString } from '../../../base/bytes.ts';
import type { WrappedListing } from '../../../guard/core/wrapped.ts';
import { textOfBytes } from '../../cli/places.ts';
import type { Asked, Guarded } from './wrapped.ts';

export interface ExplicitParts
  extends Pick<Guarded, 'name' | 'pipeline' | 'scope' | 'ask' | 'run'> {
  readonly root: ByteString;
  readonly copiesFirst?: true;
}

export function explicitly(parts: ExplicitParts): Guarded {
  const { name, pipeline, root, scope, ask, run } = parts;
  return {
    ...{ risk: 'guarded', name, pipeline, scope, ask, run, target: root },
    ...{ sourceText: undefined, sourcePlace: undefined, targetText: textOfBytes(root) },
    ...{ deletes: true, cause: 'explicit', filter: null, filterNarrowsDeletes: true },
    ...{ copiesFirst: parts.copiesFirst === true, input: undefined, runCreates: undefined },
    endedWell: (code) => code === 0,
    sourceFile: () => undefined,
  };
}

const NOTHING: WrappedListing = { seen: 0, sourceBytes: 0, created: 0, errors: [] };

export function nothingListed(code: number): Asked & { readonly kind: 'listed' } {
  return { kind: 'listed', listing: NOTHING, deleteMax: undefined, code, said: '' };
}
