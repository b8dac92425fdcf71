/** Whether all of it is zero, four bytes at a time where memory is aligned for that. */
export function isZeros(bytes: Uint8Array): boolean {
  if (bytes.byteOffset % 4 !== 0) return bytes.every((byte) => byte === 0);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false;
  for (let at = words.length * 4; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
