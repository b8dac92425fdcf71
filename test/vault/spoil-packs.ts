/** Rot in a vault, for tests. */
import fs from 'node:fs';
import path from 'node:path';

/** Packs of the vault in `dir`, absolute. */
export function packsIn(dir: string): string[] {
  const packs = path.join(dir, 'packs');
  return fs
    .readdirSync(packs, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(packs, name))
    .filter((each) => fs.statSync(each).isFile());
}

/** One byte at a third of it: neither in the header nor in what stands at its end. */
export function spoilPack(file: string): void {
  const bytes = fs.readFileSync(file);
  const at = Math.trunc(bytes.length / 3);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 0xff, at);
  fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, bytes);
}
