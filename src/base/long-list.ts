/**
 * What is said of lists of any length. As arguments of a call, `Math.max(...list)`, some 100 000 entries
 * are more than the stack takes: whoever makes a list long ends the process.
 */

/** `Math.min` of all; of none, and of what is not below it, `atMost`. */
export function smallest(values: Iterable<number>, atMost = Number.POSITIVE_INFINITY): number {
  let least = atMost;
  for (const value of values) least = Math.min(least, value);
  return least;
}

/** `Math.max` of all; of none, and of what is not above it, `atLeast`. */
export function largest(values: Iterable<number>, atLeast = Number.NEGATIVE_INFINITY): number {
  let most = atLeast;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** `push` of all. */
export function addAll<T>(to: T[], more: Iterable<T>): void {
  for (const each of more) to.push(each);
}
