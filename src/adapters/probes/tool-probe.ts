import type { Found } from '../../watch/core/probes/found.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { Account } from '../engines/account.ts';
import { boundedProbe } from './bounded-probe.ts';
import { printedOf, ProbeChild } from './probe-child.ts';

export interface ToolProbeParts {
  readonly kind: string;
  readonly name: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly program: string;
  readonly args: readonly string[];
  /** Ends that are answers; else 0 only. */
  readonly statuses?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  readonly account?: Account | undefined;
  readonly judge: (text: string) => Found;
}

/** What tests may put in place of the real tool. */
export interface ToolOptions {
  readonly program?: string;
  readonly timeoutMs?: number;
}

/** A probe that asks one program once and judges what that printed. */
export function toolProbe(parts: ToolProbeParts): Probe {
  const { program, args, statuses, env, account, timeoutMs, judge } = parts;
  const child = new ProbeChild();
  return boundedProbe({
    ...parts,
    look: async (signal) => {
      const limitMs = timeoutMs - 500;
      const request = { program, args, limitMs, signal, account, ...(env && { env }) };
      const printed = printedOf(await child.run(request), program, statuses);
      return 'finding' in printed ? printed.finding : judge(printed.text);
    },
  });
}
