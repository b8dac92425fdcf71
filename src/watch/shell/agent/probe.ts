import type { Detail, ItemSaw } from '../../core/agent/messages.ts';

/** What a probe saw of one item. */
export interface ProbeFinding {
  readonly saw: ItemSaw;
  /** One sentence, for people: what was seen, with its figure. */
  readonly why: string;
  readonly detail: Detail;
}

/** Looks at one thing again and again. What it looks at is named by its host, never by the server. */
export interface Probe {
  /** `KIND:NAME`, as docs/format/agent.md has it. */
  readonly item: string;
  readonly kind: string;
  readonly everyMs: number;
  /** It is ended after this, and the item is `unreadable`. */
  readonly timeoutMs: number;

  /**
   * Never changes what it looks at. Whatever cannot be looked at is `unreadable` and says why.
   *
   * @throws nothing but a bug, which its caller takes for `unreadable`
   */
  look(signal: AbortSignal): Promise<ProbeFinding>;
}
