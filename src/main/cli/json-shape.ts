/** How bytes, times and paths stand in `--json`: as in manifests, so that one reader reads both. */
import type { ByteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import { isUtf8 } from '../../manifest/core/utf8.ts';
import type { EngineOutcome } from '../../recover/core/drill-result.ts';
import { textOfBytes } from './places.ts';

/** `path`, or `pathB64` where it is no UTF-8. */
export function bytesJson(name: string, bytes: ByteString): Record<string, string> {
  if (isUtf8(bytes)) return { [name]: textOfBytes(bytes) };
  return { [`${name}B64`]: Buffer.from(bytes, 'latin1').toString('base64') };
}

export function timeJson(at: UnixMs): string {
  return new Date(at).toISOString();
}

export function pathsWhy(
  each: readonly { readonly path: ByteString; readonly why: string }[],
): readonly object[] {
  return each.map(({ path, why }) => ({ ...bytesJson('path', path), why }));
}

/** `isUsable` is null where it could not be tried. */
export function enginesJson(engines: readonly EngineOutcome[]): readonly object[] {
  return engines.map(({ path, isUsable = null, ...rest }) => ({
    ...bytesJson('path', path),
    ...rest,
    isUsable,
  }));
}
