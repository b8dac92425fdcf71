/**
 * States what the code relies on. A failed assertion is a bug: it stops the process, it is never
 * retried, and no shell turns it into an ordinary failure.
 */
export function assert(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new AssertionFailed(reason);
}

export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}
