/** How a plan ended, beside it: docs/format/guard-journal.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { maybe, numberAt, objectOf, textAt, timeAt, wordAt } from '../core/plan-fields.ts';
import type { ApplyPorts } from './apply-request.ts';
import { readFileIfThere, replaceFile } from '../../vault/shell/whole-file.ts';

export type PlanOutcome = 'applied' | 'stopped' | 'undone' | 'released';

const OUTCOMES: readonly PlanOutcome[] = ['applied', 'stopped', 'undone', 'released'];

export interface PlanResult {
  readonly at: UnixMs;
  readonly outcome: PlanOutcome;
  /** Operations, over all runs. */
  readonly done: number;
  readonly waiting: number;
  readonly asideEntries: number;
  readonly asideBytes: number;
  readonly until: UnixMs;
  /** Why it stopped, for people. */
  readonly why?: string;
  /** The plan that took it back. */
  readonly undoneBy?: string;
}

type ResultPorts = Pick<ApplyPorts, 'disk' | 'tools'>;

export function writeResult(ports: ResultPorts, planDir: ByteString, result: PlanResult): void {
  const { asideBytes, asideEntries, at, done, outcome, undoneBy, until, waiting, why } = result;
  const ordered = { asideBytes, asideEntries, at, done, outcome, undoneBy, until, waiting, why };
  const bytes = ports.tools.codec.bytesOf(bytesOfUtf8(`${JSON.stringify(ordered)}\n`));
  replaceFile(ports, fileOf(planDir), bytes);
}

/** Undefined where it waits, runs, or was killed. @throws Fault HF_PLAN_INVALID */
export function readResult(ports: ResultPorts, planDir: ByteString): PlanResult | undefined {
  const bytes = readFileIfThere(ports, fileOf(planDir));
  if (bytes === undefined) return undefined;
  const raw = objectOf(utf8Of(ports.tools.codec.textOf(bytes)), 'its result');
  return {
    ...{ at: unixMs(timeAt(raw, 'at')), outcome: wordAt(raw, 'outcome', OUTCOMES) },
    ...{ done: numberAt(raw, 'done'), waiting: numberAt(raw, 'waiting') },
    ...{ asideEntries: numberAt(raw, 'asideEntries'), asideBytes: numberAt(raw, 'asideBytes') },
    until: unixMs(timeAt(raw, 'until')),
    ...maybe(raw, 'why', textAt),
    ...maybe(raw, 'undoneBy', textAt),
  };
}

function fileOf(planDir: ByteString): ByteString {
  return byteString(`${planDir}/result.json`);
}
