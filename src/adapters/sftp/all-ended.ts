/**
 * Waits until all have ended, also after a failure, and then tells the first: what is still under
 * way reads the caller's buffer, and must not outlive the call.
 */
export async function allEnded<T extends readonly unknown[]>(
  under: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(under);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Promise.all(under);
}
