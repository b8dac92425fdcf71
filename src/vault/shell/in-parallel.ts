/** Some stores answer in microseconds, some in tens of milliseconds; none likes a thousand calls. */
const AT_ONCE_MAX = 8;

/** Results in the order of `items`. The first failure ends it, once what had begun has ended. */
export async function inParallel<T, R>(
  items: readonly T[],
  act: (item: T) => Promise<R>,
  atOnceMax = AT_ONCE_MAX,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const [at, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[at] = await act(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
