/** Between a walk and the thread that reads directories ahead of it. */
import type { MessagePort } from 'node:worker_threads';
import type { ListedDir } from '../../recover/shell/listed-dir.ts';
import type { DirHandle } from '../../host/source.ts';

/** Names as one text: a list of strings is copied one by one. */
export interface SentDir extends Omit<ListedDir, 'names'> {
  /** Each ended by NUL. */
  readonly text: string;
}

export interface ListAsk {
  readonly top: DirHandle;
  readonly control: SharedArrayBuffer;
  /** Where `SentDir`s go, many at once. */
  readonly port: MessagePort;
}

/** Words of control: messages sent and taken; whether nobody wants more; whether no more comes. */
export const SENT = 0;
export const TAKEN = 1;
export const STOPPED = 2;
export const ENDED = 3;
export const CONTROL_WORDS = 4;
