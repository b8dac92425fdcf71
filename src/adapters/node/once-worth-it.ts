import { MIB } from '../../base/units.ts';

/** To load koffi and to prove what it calls takes 10 to 20 ms: what it spares of some ten MiB. */
const DONE_WITHOUT_MAX = 8 * MIB;

/**
 * What is native is loaded when that much has been done without it. A command that reads three pages of a
 * snapshot ends before; a backup does not notice.
 *
 * @param load undefined where there is none
 * @returns asked with the bytes of each thing to do; undefined: do it without
 */
export function onceWorthIt<T>(load: () => T | undefined): (sizeBytes: number) => T | undefined {
  let doneBytes = 0;
  let native: T | 'none' | undefined;
  return (sizeBytes) => {
    if (native === undefined) {
      doneBytes += sizeBytes;
      if (doneBytes <= DONE_WITHOUT_MAX) return undefined;
      native = load() ?? 'none';
    }
    return native === 'none' ? undefined : native;
  };
}
