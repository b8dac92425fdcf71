/**
 * What two Holdfasts say to each other of one wrapped rsync: lines of JSON, over standard input and
 * output of the one that ssh started. The near one has the source and runs rsync; the far one has the
 * target, judges, sets aside, and remembers. docs/format/guard-far.md.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Style } from '../../../base/say.ts';
import type { TreeSight } from '../../../guard/core/eligibility.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import type { Asked } from './wrapped.ts';

export const FAR_VERSION = 0;

export interface FarHello {
  readonly version: number;
  /** As it was typed there. */
  readonly argv: readonly string[];
  readonly sourceText: string;
  readonly sourceHost: string;
  readonly sourcePath: string | undefined;
  readonly sourceIsDir: boolean;
  /** Absent: the source lies where it cannot be looked at. */
  readonly sight?: TreeSight;
  readonly style: Style;
  readonly saysWell: boolean;
  readonly asked: {
    readonly pipeline?: string;
    readonly reason?: string;
    readonly observe: boolean;
    readonly allOrNothing: boolean;
  };
}

/** `full`: without its deletes; what is overwritten goes to `backupDir`, or was copied before. */
export type FarRun =
  | { readonly how: 'full'; readonly backupDir?: string }
  | { readonly how: 'creates' }
  | { readonly how: 'as-is' };

export type ToFar =
  | { readonly hello: FarHello }
  | { readonly change: WrappedChange }
  | { readonly same: string }
  | { readonly listed: Asked }
  | { readonly ended: number };

export type ToNear =
  | { readonly begun: number }
  | { readonly ask: { readonly all: boolean } }
  | { readonly run: FarRun }
  | { readonly say: string }
  | { readonly done: { readonly code: number; readonly outcome: string; readonly json: object } }
  | {
      readonly fault: { readonly code: string; readonly message: string; readonly remedy: string };
    };

const BUFFER_SIZE = 64 * 1024;

export class JsonLines<Out, In> {
  readonly #output: Writable;
  readonly #lines: AsyncIterator<string>;
  #buffered = '';

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    // Who went away is noticed by the end of what it says.
    output.on('error', () => undefined);
    this.#lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[
      Symbol.asyncIterator
    ]();
  }

  /** Many in a row are written together. */
  add(message: Out): void {
    this.#buffered += `${JSON.stringify(message)}\n`;
    if (this.#buffered.length >= BUFFER_SIZE) this.flush();
  }

  send(message: Out): void {
    this.add(message);
    this.flush();
  }

  flush(): void {
    if (this.#buffered !== '') this.#output.write(this.#buffered);
    this.#buffered = '';
  }

  /** Undefined at the end, and where what comes is no such line. */
  async next(): Promise<In | undefined> {
    const { done, value } = await this.#lines.next();
    if (done === true) return undefined;
    try {
      const parsed: unknown = JSON.parse(value);
      return typeof parsed === 'object' && parsed !== null ? (parsed as In) : undefined;
    } catch {
      return undefined; // The greeting of a shell, or the end in the middle of a line.
    }
  }

  /** Nothing more is said. */
  end(): void {
    this.flush();
    this.#output.end();
  }
}
