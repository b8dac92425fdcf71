import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runTool } from '../fidelity/python.ts';

const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** What a program that is not ours computes of a file. */
export interface FileDigests {
  /** Null of files over 64 MiB. */
  readonly sha256: string | null;
  /** Null of an empty file. */
  readonly blocks: string | null;
  readonly holes: readonly (readonly [offset: string, length: string])[];
}

/** @param paths below `dir`, one character a byte */
export async function digestFiles(
  dir: string,
  paths: readonly string[],
): Promise<readonly FileDigests[]> {
  const script = fileURLToPath(new URL('digest-files.py', import.meta.url));
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const { status, stdout, stderr } = await runTool({
    file: PYTHON,
    args: ['-I', script, dir],
    input,
  });
  if (status !== 0) throw new Error(stderr);
  const lines = stdout.toString('ascii').split('\n').filter(Boolean);
  return lines.map((line): FileDigests => JSON.parse(line));
}
