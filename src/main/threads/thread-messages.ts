import type { MessagePort } from 'node:worker_threads';
import type { FaultCode, FaultFacts } from '../../base/fault.ts';
import { Fault } from '../../base/fault.ts';
import type { IndexedPack } from '../../vault/core/index-builder.ts';
import type { CaptureResult } from '../../vault/shell/capture-work.ts';
import type { BatchItem } from '../../vault/shell/walk-item.ts';
import type { FileRange, RangeResult } from '../../vault/shell/capture-range.ts';
import type { CrewRun } from '../../vault/shell/crew.ts';
import type { ScanRange } from '../../vault/shell/scan-unchanged.ts';
import type { BufferPoolShare } from './buffer-pool.ts';

/** What a capture thread is asked. `task` numbers the answer. */
export type CaptureAsk =
  | {
      readonly kind: 'begin';
      readonly run: CrewRun;
      readonly pool: BufferPoolShare;
      readonly packs: MessagePort;
    }
  | { readonly kind: 'segment'; readonly buffer: ArrayBufferLike }
  | { readonly kind: 'held'; readonly buffer: ArrayBufferLike }
  | { readonly kind: 'cache'; readonly file: Uint8Array }
  | { readonly kind: 'scan'; readonly task: number; readonly range: ScanRange }
  | { readonly kind: 'capture'; readonly task: number; readonly items: readonly BatchItem[] }
  | { readonly kind: 'range'; readonly task: number; readonly range: FileRange }
  | { readonly kind: 'finish'; readonly task: number }
  | { readonly kind: 'end' };

export type TaskValue = number | number[] | CaptureResult | RangeResult;

export type CaptureAnswer =
  | { readonly kind: 'done'; readonly task: number; readonly value: TaskValue }
  | { readonly kind: 'pack'; readonly pack: IndexedPack }
  | { readonly kind: 'failed'; readonly fault: SentFault };

/** A finished pack on its way to the pack writer. */
export interface PackAsk {
  readonly index: number;
  readonly name: string;
  readonly sizeBytes: number;
}

export type PackAnswer =
  | { readonly kind: 'stored'; readonly name: string }
  | { readonly kind: 'failed'; readonly fault: SentFault };

/** A fault as it crosses between threads; anything that is no Fault is a bug. */
export type SentFault =
  | { readonly code: FaultCode; readonly message: string; readonly facts: FaultFacts }
  | { readonly bug: string };

export function sentFault(error: unknown): SentFault {
  if (error instanceof Fault) {
    return { code: error.code, message: error.message, facts: error.facts };
  }
  return { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function receivedFault(sent: SentFault): Error {
  if ('bug' in sent) return new Error(`a thread stopped: ${sent.bug}`);
  return new Fault(sent.code, sent.message, sent.facts);
}

/** The fault that says why, rather than the one that says that there was one. */
export function isAfterthought(sent: SentFault): boolean {
  return 'code' in sent && sent.code === 'HF_RUN_STOPPED';
}
