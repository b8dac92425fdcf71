import type { ByteString } from '../../base/bytes.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import type { RestoreFailure } from '../core/restore-tally.ts';

/** Nothing more can be written: going on would only fail on every further entry. */
const FATAL: Readonly<Record<string, FaultCode>> = {
  ENOSPC: 'HF_DISK_FULL',
  EDQUOT: 'HF_DISK_FULL',
  EROFS: 'HF_DISK_DENIED',
};

/** Why one entry could not be put back. What ends the run, and a bug, is thrown on. */
export function failureOf(path: ByteString, error: unknown): RestoreFailure {
  if (error instanceof Fault) {
    if (error.code === 'HF_DISK_FULL' || error.kind === 'transient') throw error;
    return { path, code: error.code, why: error.message };
  }
  const code = errnoOf(error);
  if (code === 'EEXIST') return { path, code, why: 'something else lies there' };
  const fatal = FATAL[code];
  if (fatal !== undefined) throw fullFault(fatal, path, error);
  return { path, code, why: `could not be written: ${code}` };
}

/** The system's error name. A bug is thrown on. */
export function errnoOf(error: unknown): string {
  if (error instanceof TreeFailure || error instanceof SourceFailure) return error.errno;
  throw error;
}

/** Undefined where nothing is there. */
export function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function fullFault(code: FaultCode, path: ByteString, cause: unknown): Fault {
  const facts = { path: utf8Of(path), errno: errnoOf(cause) };
  return new Fault(code, `${facts.path}: ${facts.errno}`, facts, { cause });
}
