import type { Show, ShowKind, Shown } from '../../core/agent/messages.ts';

/** Something that this host shows its server, as it was made by one look. */
export interface Showing {
  readonly kind: ShowKind;
  readonly frame: Uint8Array;
  /** Of the frame, hexadecimal. */
  readonly sha256: string;
  /** Of what matters in it: sizes and times change all the while. */
  readonly same: string;
  /** When the look began. */
  readonly upMs: number;
}

export interface ShowAsked {
  /** The frame of a sight: then the host is not looked at again, the ledger only is read. */
  readonly known?: Uint8Array | undefined;
  /** For a server that reads nothing of what was added since: an older one refuses it all. */
  readonly isPlain: boolean;
}

export interface ShowSource {
  /** Looks now. What could not be made is not in it; it fails by a bug only. */
  look(
    signal: AbortSignal,
    of: ShowAsked,
  ): Promise<{
    readonly showings: readonly Showing[];
    /** Why something is not in it; empty: all is. */
    readonly trouble: string;
  }>;
  /** Another text where there is a reason to look again before its time. */
  hint(): string;
}

/** As ServerLink; docs/format/agent.md, `show`. */
export interface ShowLink {
  /**
   * @param frame undefined: it is offered
   * @returns undefined where the server knows no such request: it is an older one
   */
  show(
    message: Show,
    frame: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Shown | undefined>;
}

/** Plans of this host: looked at by themselves, since somebody waits for what becomes of them. */
export interface PlanSource {
  look(signal: AbortSignal): ReturnType<ShowSource['look']>;
  /** Another text where a plan came, went, or was signed. */
  hint(): string;
}

export interface ShowParts {
  readonly link: ShowLink;
  readonly source: ShowSource;
  readonly plans?: PlanSource | undefined;
}
