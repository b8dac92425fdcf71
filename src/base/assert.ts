/**
 * States what the code relies on. A failed assertion is a bug: it stops the process, it is never
 * retried, and no shell turns it into an ordinary failure.
 */
export function assert(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new AssertionFailed(reason);
}

/** Closes a `switch` over a union: the compiler objects when a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable: ${JSON.stringify(value)}`);
}

export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}
