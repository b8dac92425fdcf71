import { Fault } from '../../base/fault.ts';
import { ProgramFailed } from './program.ts';

/** What a failure of a program is to whoever wanted a frozen view; other errors pass through. */
export function freezeFault(error: unknown, of: { method: string; tool: string }): unknown {
  if (!(error instanceof ProgramFailed)) return error;
  const { method, tool } = of;
  if (error.isMissing) return toolMissing(tool);
  return freezeFailed(method, error.message);
}

export function freezeFailed(method: string, why: string): Fault {
  return new Fault('HF_FREEZE_FAILED', `${method} gave no copy: ${why}`, { method });
}

export function toolMissing(tool: string): Fault {
  return new Fault('HF_TOOL_MISSING', `${tool} is not installed on this host`, { tool });
}
