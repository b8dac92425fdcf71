import type { UnixMs } from '../../../base/units.ts';
import type { HistoryStep, StoredSpan } from '../../core/history/history-line.ts';
import type { HistorySpan, HistorySubject } from '../../core/history/history-span.ts';

/** What was looked at within one hour of UTC; it is added to what is kept of that hour and its day. */
export interface HistoryChange {
  readonly do: 'history';
  readonly of: HistorySubject;
  readonly hour: UnixMs;
  readonly span: HistorySpan;
}

/** Every method fails with HF_SERVER_STATE (unavailable), and nothing else. */
export interface HistoryStore {
  /** Oldest first; the newest `countMax` that begin at `now` or before. */
  history(of: {
    readonly of: HistorySubject;
    readonly step: HistoryStep;
    readonly now: UnixMs;
    readonly countMax: number;
  }): Promise<readonly StoredSpan[]>;
}
