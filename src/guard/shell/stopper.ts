/** Something that changes this host by itself, and that its owner lets a freeze stop. */

export interface StopperSight {
  /**
   * Those of its parts that run or would run by themselves: units, guests, volumes, or its one name.
   * A freeze stops these and records them first; none: it is stopped already.
   */
  readonly runs: readonly string[];
  /**
   * What it still does though none of its parts runs: a run that was under way when it was switched
   * off. Named by process or unit; it is waited for within the limit, and never killed.
   */
  readonly underWay: readonly string[];
  /** One sentence, for people; may hold what others' programs said. */
  readonly why: string;
}

export interface Stopper {
  /** As the configuration names it. */
  readonly name: string;
  readonly kind: string;
  /** For all of stopping it, and for all of starting it. */
  readonly limitMs: number;
  /** Names under which what a host does by itself is found (`cron`, `puppet`): this covers it. */
  readonly covers: readonly string[];

  /** Changes nothing. @throws StopperFailure where it cannot be told */
  look(signal: AbortSignal): Promise<StopperSight>;
  /** Asks these parts to stop; whether they did is told by `look`. @throws StopperFailure */
  stop(parts: readonly string[], freeze: StopOrder): Promise<void>;
  /** Asks these parts to run as before. @throws StopperFailure */
  start(parts: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface StopOrder {
  /** Said to others where the thing has a place for it, as puppet has. */
  readonly message: string;
  readonly signal: AbortSignal;
}

/** Why one could not be seen, stopped or started: a sentence for people, and no fault of ours. */
export class StopperFailure extends Error {
  override readonly name = 'StopperFailure';
}
