import type { Decision } from '../../base/plan.ts';
import { EXIT, type ExitCode } from '../cli/exit-code.ts';

const CODES: Readonly<Record<Decision, ExitCode>> = {
  allow: EXIT.done,
  // What it left undone waits for somebody.
  'additive-only': EXIT.held,
  hold: EXIT.held,
  deny: EXIT.denied,
};

/** What a command ends with that was decided so. */
export function exitCodeOfDecision(decision: Decision): ExitCode {
  return CODES[decision];
}
