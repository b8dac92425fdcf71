import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { durationMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import { isUtf8 } from '../../manifest/core/utf8.ts';
import { type Ended, runProgram, whyOf } from '../engines/program.ts';

/** A program of the system with its arguments. */
export type Argv = readonly [string, ...string[]];
export type RunTool = (argv: Argv) => Promise<Ended>;

export interface SnapshotPorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly run: RunTool;
  /** Text of /proc/self/mountinfo. */
  readonly mountinfo: () => string;
  /** Directory in which file systems may be mounted; made when it is needed. */
  readonly mountDir: ByteString;
}

/** What is to lie still. */
export interface FrozenPaths {
  readonly dataSet: string;
  readonly roots: readonly FrozenPath[];
}

export interface FrozenPath {
  readonly name: ByteString;
  /** Absolute. */
  readonly path: ByteString;
}

/** Who asks a snapshot of a file system of us waits longer than this for nothing good. */
const TOOL_LIMIT = durationMs(5 * 60_000);
/** Where daemons' tools lie; a timer's PATH does not always say. */
const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/sbin:/sbin';

export const runTool: RunTool = ([program, ...args]) =>
  runProgram({
    program,
    args,
    env: { PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:${SYSTEM_FOLDERS}`, LC_ALL: 'C' },
    limitMs: TOOL_LIMIT,
  });

/** Runs it, and gives what it printed. @throws Fault HF_FREEZE_FAILED, HF_TOOL_MISSING */
export async function demandTool(run: RunTool, method: string, argv: Argv): Promise<string> {
  const ended = await run(argv);
  if (ended.isOk) return ended.stdout;
  const [tool] = argv;
  if (ended.isMissing) {
    throw new Fault('HF_TOOL_MISSING', `${tool} is not installed on this host`, { tool });
  }
  throw freezeFailed(method, `${sayText(argv.join(' '))} ${whyOf(ended)}`);
}

/** What the system refuses while a view is made is no bug of ours. @throws Fault HF_FREEZE_FAILED */
export async function orFreezeFailed<T>(method: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Fault || !(error instanceof Error && 'code' in error)) throw error;
    throw freezeFailed(method, sayText(error.message));
  }
}

export function freezeFailed(method: string, why: string): Fault {
  return new Fault('HF_FREEZE_FAILED', `${method} gave no frozen view: ${why}`, { method });
}

/** @param undo what a person types to remove it */
export function thawFailed(why: string, undo: string): Fault {
  const left = `It takes room until it is gone; the next run tries again. By hand: \`${undo}\`.`;
  return new Fault('HF_THAW_FAILED', `a snapshot was left behind: ${why}`, { left });
}

/**
 * What fails does not hide what failed before it.
 * @returns why, undefined where it ended well
 */
export async function tryTool(run: RunTool, argv: Argv): Promise<string | undefined> {
  const ended = await run(argv);
  return ended.isOk ? undefined : `${sayText(argv.join(' '))} ${whyOf(ended)}`;
}

/** Programs are given text; a path that is none cannot be given to them. @throws Fault HF_FREEZE_FAILED */
export function textPath(method: string, path: ByteString): string {
  if (isUtf8(path)) return Buffer.from(path, 'latin1').toString();
  throw freezeFailed(method, 'the name of a path is no UTF-8');
}
