/** The file that is sent to hosts: named, or found beside this installation. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { VERSION } from '../version.ts';

export interface DeliveredPackage {
  readonly file: string;
  readonly name: string;
  readonly by: 'tar' | 'dpkg' | 'rpm';
  readonly version: string;
  /** As Node names it. */
  readonly arch: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** `src/main/enroll` and `dist/main/enroll` both lie three below it. */
const ROOT = path.join(import.meta.dirname, '../../..');
/** Of a checkout where `npm run package` was run; beside what was unpacked. */
const FOLDERS = ['packages', '..'];
const SUMS = 'SHA256SUMS';
const NAMES: readonly { readonly pattern: RegExp; readonly by: DeliveredPackage['by'] }[] = [
  { pattern: /^holdfast-([0-9A-Za-z.+~-]+?)-linux-(x64|arm64)\.tar\.gz$/, by: 'tar' },
  { pattern: /^holdfast_([0-9A-Za-z.+~-]+?)_(amd64|arm64)\.deb$/, by: 'dpkg' },
  { pattern: /^holdfast-([0-9A-Za-z.+~]+?)-1\.(x86_64|aarch64)\.rpm$/, by: 'rpm' },
];
const ARCHES: Readonly<Record<string, string>> = { amd64: 'x64', x86_64: 'x64', aarch64: 'arm64' };
const INSTEAD =
  'Name it with --package FILE: holdfast-VERSION-linux-x64.tar.gz, or the .deb or .rpm; in a checkout `npm run package` makes them.';

/** @throws Fault HF_ENROLL_PACKAGE */
export async function packageHere(named: string | undefined): Promise<DeliveredPackage> {
  const file = named ?? foundBeside();
  if (file === undefined) {
    const message = 'no package of Holdfast lies beside this installation';
    throw new Fault('HF_ENROLL_PACKAGE', message, { instead: INSTEAD });
  }
  const name = path.basename(file);
  const kind = NAMES.find(({ pattern }) => pattern.test(name));
  const [, version = '', arch = ''] = kind?.pattern.exec(name) ?? [];
  if (kind === undefined) {
    const message = `${sayText(name)} is not called as a package of Holdfast is`;
    throw new Fault('HF_ENROLL_PACKAGE', message, { instead: INSTEAD });
  }
  const { sha256, bytes } = await digestOf(file);
  demandListed(file, sha256);
  return { file, name, by: kind.by, version, arch: ARCHES[arch] ?? arch, sha256, bytes };
}

function foundBeside(): string | undefined {
  const name = `holdfast-${VERSION}-linux-${process.arch}.tar.gz`;
  return FOLDERS.map((folder) => path.join(ROOT, folder, name)).find((file) => fs.existsSync(file));
}

async function digestOf(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(fs.createReadStream(file), async (source: AsyncIterable<Buffer>) => {
      for await (const some of source) {
        hash.update(some);
        bytes += some.length;
      }
    });
  } catch (cause) {
    const message = `the package ${sayText(file)} cannot be read`;
    const instead = 'Name one that is there and readable with --package FILE.';
    throw new Fault('HF_ENROLL_PACKAGE', message, { instead }, { cause });
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Where a list of sums lies beside it, it must be the one that was made. */
function demandListed(file: string, sha256: string): void {
  const sums = path.join(path.dirname(file), SUMS);
  if (!fs.existsSync(sums)) return;
  const lines = fs.readFileSync(sums, 'utf8').split('\n');
  const listed = lines.find((line) => line.slice(66) === path.basename(file))?.slice(0, 64);
  if (listed === undefined || listed === sha256) return;
  const message = `the package ${sayText(path.basename(file))} is not the one that ${SUMS} beside it lists`;
  throw new Fault('HF_ENROLL_PACKAGE', message, { instead: 'Bring it over again, whole.' });
}
