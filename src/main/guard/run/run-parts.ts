/** What a guarded run is given, and what it ends with. */
import type { ByteString } from '../../../base/bytes.ts';
import type { RunOutcome } from '../../../guard/core/history.ts';
import type { ApplyReport } from '../../../guard/shell/apply-request.ts';
import type { Cli } from '../../cli/cli.ts';
import type { GuardSession } from '../guard-session.ts';
import type { MadePlan } from './make-plan.ts';
import type { RunVoice } from './run-voice.ts';
import type { CommandCall } from './wrapped.ts';

/** Of `guard run` alone: all other codes are the child's own. */
export const RUN_EXIT = { held: 120, denied: 121, stale: 122, notRun: 123 } as const;

export interface RunAsked {
  readonly argv: readonly string[];
  readonly pipeline: string | undefined;
  readonly reason: string | undefined;
  readonly observe: boolean;
  /** Where it is held, not even what is new is created. */
  readonly allOrNothing: boolean;
  readonly breakGlass: string | undefined;
}

export interface RunParts {
  readonly cli: Cli;
  readonly asked: RunAsked;
  readonly voice: RunVoice;
  /** Opened only where something could be lost. */
  readonly openSession: () => Promise<GuardSession>;
  readonly stateDir: () => Promise<ByteString>;
  /** Runs the command somewhere else than here. @returns its exit code */
  readonly runElsewhere?: (argv: readonly string[]) => Promise<number>;
  /** What the command itself ended with; absent: it has not run. */
  readonly ran: { code?: number };
}

export interface RunEnd {
  readonly code: number;
  readonly outcome: RunOutcome | 'unguarded' | 'not-run' | 'elsewhere';
  /** What the machine with the target answers. */
  readonly there?: object;
  readonly made?: MadePlan | undefined;
  readonly report?: ApplyReport | undefined;
}

/** Runs the command. @returns its own exit code */
export type RunAs = (parts: RunParts, call: CommandCall) => Promise<number>;
