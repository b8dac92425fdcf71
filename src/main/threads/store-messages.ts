/** What the thread that owns a connection is asked, and what it answers. */
import type { MessagePort } from 'node:worker_threads';
import type { RemoteSpace, RemoteStore } from '../../adapters/ssh/remote-store.ts';
import type { Digest } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ByteRange, StoredObject } from '../../vault/shell/store.ts';
import type { ExpectedRange } from '../../vault/shell/vault-reader.ts';
import type { BufferPoolShare } from './buffer-pool.ts';
import type { SentFault } from './thread-messages.ts';

/** What a store on another machine says of itself when it was opened. */
export type RemoteFacts = Pick<RemoteStore, 'promises' | 'kind' | 'says' | 'directoryId'>;

/** `task` numbers the answer. */
export type StoreAsk =
  | { readonly kind: 'facts'; readonly task: number }
  | {
      readonly kind: 'get';
      readonly task: number;
      readonly name: string;
      readonly range?: ByteRange;
    }
  | { readonly kind: 'list'; readonly task: number; readonly prefix: string }
  | {
      readonly kind: 'put';
      readonly task: number;
      readonly name: string;
      readonly bytes: Uint8Array;
      readonly sha256: Digest;
    }
  | { readonly kind: 'space'; readonly task: number }
  | { readonly kind: 'roundTrips'; readonly task: number }
  | { readonly kind: 'bytesMoved'; readonly task: number }
  /** Which machine it is, where that can be seen. */
  | { readonly kind: 'machine'; readonly task: number }
  /** What killed puts left, where that is ours to remove. */
  | { readonly kind: 'sweep'; readonly task: number; readonly now: UnixMs }
  | { readonly kind: 'close'; readonly task: number }
  /** A thread that reads ranges, and waits for each. */
  | { readonly kind: 'reader'; readonly port: MessagePort; readonly signal: SharedArrayBuffer }
  /** A run that stores packs: their buffers, and where it is told that each is stored. */
  | { readonly kind: 'packs'; readonly pool: BufferPoolShare; readonly answers: MessagePort }
  /** One that hands over packs of that run. */
  | { readonly kind: 'packs-from'; readonly port: MessagePort };

/** What two machines do not share, and one machine has whatever it is called: machine-id.ts. */
export interface MachineId {
  readonly machineId: string;
}

export type StoreValue =
  | RemoteFacts
  | RemoteSpace
  | Uint8Array
  | readonly StoredObject[]
  | 'stored'
  | 'present'
  | MachineId
  | number
  | undefined;

export type StoreAnswer =
  | { readonly kind: 'done'; readonly task: number; readonly value: StoreValue }
  | { readonly kind: 'failed'; readonly task: number; readonly fault: SentFault };

export type RangeAsk =
  | ({ readonly kind: 'read' } & ExpectedRange)
  | { readonly kind: 'expect'; readonly ranges: readonly ExpectedRange[] };

export type RangeAnswer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly fault: SentFault };

/** Words of a reader's signal: how often it was woken, and whether the connection's thread ended. */
export const WOKEN = 0;
export const ENDED = 1;
export const SIGNAL_WORDS = 2;
