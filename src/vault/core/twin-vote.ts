/** Of what lies twice, in one place or in two: which bytes are right. */

/** Bytes under one of the names, whole so far as anybody without a key can tell. */
export interface Sighting {
  /** In the place that is looked at first, or in the other. */
  readonly at: 'here' | 'there';
  readonly bytes: Uint8Array;
}

/**
 * The bytes that all are, or that most are. What is whole here is never overruled by what lies there
 * alone: whoever keeps that place could take the last good key away. Undefined: they differ and nothing
 * tells which is right, or there is none.
 */
export function rightTwin(sightings: readonly Sighting[]): Uint8Array | undefined {
  const sorts: { readonly bytes: Uint8Array; count: number; here: number }[] = [];
  for (const { at, bytes } of sightings) {
    let sort = sorts.find((each) => isSame(each.bytes, bytes));
    if (sort === undefined) {
      sort = { bytes, count: 0, here: 0 };
      sorts.push(sort);
    }
    sort.count += 1;
    if (at === 'here') sort.here += 1;
  }
  const agreed = sorts.find(({ here }) => here > 1);
  if (agreed !== undefined) return agreed.bytes;
  const [first, second] = sorts.sort((one, other) => other.count - one.count);
  if (first === undefined || first.count <= (second?.count ?? 0)) return undefined;
  const isOverruled = first.here === 0 && sorts.some(({ here }) => here > 0);
  return isOverruled ? undefined : first.bytes;
}

export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
