import type { ByteString } from '../../base/bytes.ts';
import type { Clock } from '../../host/clock.ts';

/** What every method of an engine is given. */
export interface EnginePorts {
  readonly clock: Clock;
  /** A directory for what cannot be a stream; made when it is needed. */
  readonly scratch: ByteString;
  /** `--min-free` in bytes; undefined for the usual floor. */
  readonly minFree: number | undefined;
}
