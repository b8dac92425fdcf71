/** What every channel needs to make its own text of a row. */
import type { OutboxRow } from '../../tell/core/alert.ts';
import type { Message } from '../../tell/core/message.ts';
import { messageLines } from '../../tell/core/message-text.ts';
import type { Sent } from '../../tell/shell/channel.ts';
import { readMessage } from '../../wire/tell-message.ts';

/** Links for the person who reads a channel; undefined where no address of this server is known. */
export interface Links {
  ack(alert: string): string | undefined;
  confirm(): string | undefined;
  page(): string | undefined;
}

export const NO_LINKS: Links = {
  ack: () => undefined,
  confirm: () => undefined,
  page: () => undefined,
};

export interface Composed {
  readonly message: Message;
  readonly lines: readonly string[];
  readonly ackLink: string | undefined;
}

export const UNREADABLE: Sent = {
  outcome: 'refused',
  why: 'its text cannot be read: another version of Holdfast wrote it, or it is damaged',
};

/** Undefined where the row holds no message. */
export function compose(row: OutboxRow, links: Links): Composed | undefined {
  const message = readMessage(row.body);
  if (message === undefined) return undefined;
  const ackLink = message.alert === undefined ? undefined : links.ack(message.alert);
  const confirmLink = message.what === 'test' ? links.confirm() : undefined;
  const isRepeat = row.what === 'repeat';
  const given = { ackLink, confirmLink, pageLink: links.page() };
  return { message, ackLink, lines: messageLines(message, { ...given, isRepeat }) };
}
