/** What a server keeps of what agents showed; what is in a frame is read elsewhere. */
import type { UnixMs } from '../../../base/units.ts';
import type { AgentId, ShowKind } from '../agent/messages.ts';
import type { Change } from '../look/compare-sights.ts';

/** The newest of its kind. Whether it counts is known only by the server that was shown it. */
export interface StoredShown {
  readonly agent: AgentId;
  readonly kind: ShowKind;
  /** Of its frame. */
  readonly sha256: string;
  readonly bytes: number;
  /** By the server's wall clock, for people. */
  readonly seenAt: UnixMs;
  /** How far the host's wall clock was ahead of the server's; never negative. */
  readonly aheadMs: number;
}

/** Something of a host that is not as it was in the sight before. */
export interface StoredHostChange {
  readonly host: string;
  /** When the later one was seen. */
  readonly at: UnixMs;
  /** When the one before was. */
  readonly notBefore: UnixMs;
  readonly change: Change;
}

export interface HeldShown {
  readonly stored: StoredShown;
  /** Not before this moment; absent: not in this start of the server. */
  readonly seenAtMs: number | undefined;
}
