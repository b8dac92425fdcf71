import assert from 'node:assert/strict';
import { Fault } from '../src/base/fault.ts';
import { sawState } from './coverage.ts';
import type { SimDisk } from './disk.ts';
import { forked } from './each-crash.ts';

export const ERRNOS = { EIO: 'HF_DISK_FAILED', ENOSPC: 'HF_DISK_FULL' } as const;
export type FailingErrno = keyof typeof ERRNOS;

export interface FailingRun {
  readonly base: SimDisk;
  readonly errno: FailingErrno;
  readonly act: (disk: SimDisk) => Promise<unknown>;
  /** @returns what is wrong on the disk after it; undefined: nothing. `call` is the one that failed. */
  readonly after: (disk: SimDisk, of: FailedRun) => Promise<string | undefined>;
  readonly where: string;
}

export interface FailedRun {
  readonly call: number;
  /** Undefined where it went on in spite of it. */
  readonly fault: Fault | undefined;
}

/**
 * The n-th writing call of `act` fails, for n = 1, 2, ... until it passes: it says so with the code of
 * that failure, or goes on.
 *
 * @returns how many failures were said
 */
export async function failEach(of: FailingRun): Promise<number> {
  const { base, errno, act, after, where } = of;
  let failures = 0;
  for (let call = 1; ; call++) {
    const disk = forked(base);
    disk.failAt(call, errno);
    const fault = await faultOf(act(disk));
    if (disk.calls < call) return failures;
    const at = `${where} ${errno} at call ${call}`;
    if (fault !== undefined) {
      assert.equal(fault.code, ERRNOS[errno], at);
      failures += 1;
    }
    sawState(disk.fingerprint());
    assert.equal(await after(disk, { call, fault }), undefined, at);
  }
}

/** @returns the Fault it ended with; anything else that it throws is a bug */
export async function faultOf(run: Promise<unknown>): Promise<Fault | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
