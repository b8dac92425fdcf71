/** An expected outcome as a value: parsers return it, callers must look at it. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };
