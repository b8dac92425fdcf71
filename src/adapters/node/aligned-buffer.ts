import { MIB } from '../../base/units.ts';

/** The part that is needed of what TypeScript knows from the browser's library only. */
declare const WebAssembly: {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
};

const WASM_PAGE_SIZE = 64 * 1024;

/**
 * Zeroed memory that begins on a page of the machine, as O_DIRECT wants it, and that threads can
 * share. Node promises no alignment for other buffers. Keep it and use it again: each one holds a
 * reservation of addresses until it is collected.
 */
export function alignedBuffer(sizeBytes: number): Uint8Array {
  const pages = Math.max(1, Math.ceil(sizeBytes / WASM_PAGE_SIZE));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return new Uint8Array(memory.buffer, 0, sizeBytes);
}

/** Where going past the page cache pays. */
const DIRECT_SIZE_MIN = MIB;
/** Of memory, of positions and of lengths: no medium in use has larger sectors. */
export const DIRECT_ALIGNMENT = 4096;

/**
 * How many of the first bytes may go to `position` by O_DIRECT; 0: none. Addresses cannot be seen
 * from here, so this only says where a try is worth it: the kernel answers EINVAL if it is not.
 */
export function directSize(bytes: Uint8Array, position: number): number {
  if (bytes.length < DIRECT_SIZE_MIN || !(bytes.buffer instanceof SharedArrayBuffer)) return 0;
  if (bytes.byteOffset % DIRECT_ALIGNMENT !== 0 || position % DIRECT_ALIGNMENT !== 0) return 0;
  return bytes.length - (bytes.length % DIRECT_ALIGNMENT);
}
