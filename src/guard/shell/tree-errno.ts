/** What the ports to trees throw, told apart from bugs. */
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';

/** The system's error name. A bug, and a Fault, is thrown on. */
export function errnoOf(error: unknown): string {
  if (error instanceof TreeFailure || error instanceof SourceFailure) return error.errno;
  throw error;
}

const NOT_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** Undefined where there is no such thing, or no such way to it. */
export function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (NOT_THERE.has(errnoOf(error))) return undefined;
    throw error;
  }
}

/** The error name where the system refused; undefined where it did not. */
export function refusalOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}
