/** Work in pieces: between two of them whoever runs it may do something else. Its return is what it made. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** All at once, for whoever holds up nobody. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
