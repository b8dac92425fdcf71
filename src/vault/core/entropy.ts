const PLACES = 4;
const PLACE_SIZE = 1024;
const SAMPLE_SIZE = PLACES * PLACE_SIZE;
const COMPRESSIBLE_BITS_MAX = 7.85;

/** count * log2(count), for every count a sample can have. */
const WEIGHT = Float64Array.from({ length: SAMPLE_SIZE + 1 }, (_, count) =>
  count === 0 ? 0 : count * Math.log2(count),
);

const counts = new Uint32Array(256);

/**
 * Whether compressing may be worth it, from the order-0 entropy of 4 KiB taken at four places.
 * Random bytes show 7.95 bits in such a sample. Small input is always worth a try.
 */
export function mayCompress(bytes: Uint8Array): boolean {
  if (bytes.length < SAMPLE_SIZE) return true;
  counts.fill(0);
  const stride = Math.floor((bytes.length - PLACE_SIZE) / (PLACES - 1));
  for (let place = 0; place < PLACES; place++) {
    const start = place * stride;
    for (let at = start; at < start + PLACE_SIZE; at++) {
      const byte = bytes[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
  }
  let weight = 0;
  for (const count of counts) weight += WEIGHT[count] ?? 0;
  return Math.log2(SAMPLE_SIZE) - weight / SAMPLE_SIZE <= COMPRESSIBLE_BITS_MAX;
}
