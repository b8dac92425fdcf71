/** What rm, mv and find have in common: nothing is read, and what goes is named. */
import type { ByteString } from '../../../base/bytes.ts';
import type { WrappedListing } from '../../../guard/core/wrapped.ts';
import { sayText } from '../../../base/say-name.ts';
import { textOfBytes } from '../../cli/places.ts';
import type { Asked, Guarded, Unclear } from './wrapped.ts';

export interface ExplicitParts
  extends Pick<Guarded, 'name' | 'pipeline' | 'scope' | 'ask' | 'run'> {
  readonly root: ByteString;
  readonly copiesFirst?: true;
  readonly told?: Guarded['told'];
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
    ...(parts.told === undefined ? {} : { told: parts.told }),
  };
}

const NOTHING: WrappedListing = { seen: 0, sourceBytes: 0, created: 0, errors: [] };

export function nothingListed(code: number): Asked & { readonly kind: 'listed' } {
  return { kind: 'listed', listing: NOTHING, deleteMax: undefined, code, said: '' };
}

const ASKS: ReadonlySet<string> = new Set(['-i', '-I', '--interactive']);

/** Options whose effect is not covered, as they were typed. */
export function uncovered(name: string, options: readonly string[], loss: string): Unclear {
  const typed = options.map((text) => sayText(text)).join(' ');
  const isAsking = options.every((text) => ASKS.has(text.replace(/=.*$/, '')));
  const why = isAsking
    ? `${name} ${typed} asks before each file, and guard run cannot pass its questions on`
    : `guard run does not know what ${name} would do by ${typed}`;
  return {
    risk: 'unclear',
    why,
    fix: `Leave ${typed} out: what ${loss} is set aside, and holdfast undo puts it back.`,
  };
}
