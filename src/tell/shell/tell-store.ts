import type { UnixMs } from '../../base/units.ts';
import type { Alert, Confirmation, OutboxRow, TellChange } from '../core/alert.ts';

/** As `ServerStore` fails: HF_SERVER_STATE, and what failed has changed nothing. */
export interface TellStore {
  /** One transaction. Durable when it resolves: yes. */
  commit(changes: readonly TellChange[]): Promise<void>;
  /** All that are not closed. */
  openAlerts(): Promise<readonly Alert[]>;
  /** Newest first, closed ones too. */
  alerts(countMax: number): Promise<readonly Alert[]>;
  /** Waiting or sending, whose time has come, oldest first; of one channel where it is named. */
  due(now: UnixMs, countMax: number, channel?: string): Promise<readonly OutboxRow[]>;
  /** Of those that are due, for whom. */
  dueChannels(now: UnixMs): Promise<readonly string[]>;
  /** All that wait or are being sent to a channel of these alerts, due or not. */
  openOf(channel: string, alerts: readonly string[]): Promise<readonly OutboxRow[]>;
  /** Newest first. */
  rows(countMax: number): Promise<readonly OutboxRow[]>;
  confirmations(): Promise<readonly Confirmation[]>;
}
