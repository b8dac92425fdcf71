import { Fault } from '../src/base/fault.ts';
import { Crash } from './volume.ts';

/** @returns what a run ended with, if it was a crash or a Fault; all else is a bug */
export async function endOf(run: Promise<void>): Promise<Crash | Fault | undefined> {
  try {
    await run;
    return undefined;
  } catch (cause) {
    if (cause instanceof Crash || cause instanceof Fault) return cause;
    throw cause;
  }
}
