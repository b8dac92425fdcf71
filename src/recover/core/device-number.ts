/** `st_rdev` as glibc makes it of a major and a minor number: 64 bits. */
export function deviceNumber(device: { readonly major: number; readonly minor: number }): bigint {
  const [major, minor] = [BigInt(device.major), BigInt(device.minor)];
  return (
    (minor & 0xffn) |
    ((major & 0xfffn) << 8n) |
    ((minor & ~0xffn) << 12n) |
    ((major & ~0xfffn) << 32n)
  );
}
