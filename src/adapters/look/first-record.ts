/** Where a look begins: what a login shell prints before it (motd, .bashrc) is passed over. */

export type Beginning =
  | { readonly kind: 'begun'; readonly first: Uint8Array }
  /** It ended, or went on and on, without a record. */
  | { readonly kind: 'none'; readonly isTooLong: boolean; readonly noise: string };

const FIRST = '["look"';
export const NOISE_SIZE_MAX = 64 * 1024;

/** @param read the next bytes; undefined at the end */
export async function findFirstRecord(
  read: () => Promise<Uint8Array | undefined>,
): Promise<Beginning> {
  let noise = '';
  for (;;) {
    const some = await read();
    if (some === undefined) return { kind: 'none', isTooLong: false, noise };
    noise += Buffer.from(some).toString('latin1');
    const at = noise.indexOf(FIRST);
    if (at !== -1) return { kind: 'begun', first: Buffer.from(noise.slice(at), 'latin1') };
    if (noise.length > NOISE_SIZE_MAX) return { kind: 'none', isTooLong: true, noise };
  }
}
