import fs from 'node:fs';
import { found } from '../../watch/core/probes/found.ts';
import type { ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';

/** A table of the kernel, which answers at once; else why it cannot be read. */
export function readKernelFile(
  file: string,
): { readonly text: string } | { readonly finding: ProbeFinding } {
  try {
    return { text: fs.readFileSync(file, 'latin1') };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { finding: found('unreadable', `${file} cannot be read (${errno})`) };
  }
}

/** As above, for what is only looked for; undefined where it is not there. */
export function kernelFileIfThere(file: string): string | undefined {
  const read = readKernelFile(file);
  return 'text' in read ? read.text : undefined;
}

export function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
