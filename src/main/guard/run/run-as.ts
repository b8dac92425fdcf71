/** A command in the place of the person who typed it. */
import { runChild } from './child.ts';
import type { RunParts } from './run-parts.ts';
import type { CommandCall } from './wrapped.ts';

/** @returns its own exit code */
export async function runAs(parts: RunParts, call: CommandCall): Promise<number> {
  const code = call.argv.length === 0 ? 0 : await runCall(parts, call);
  const next = call.otherwise?.(code);
  if (next !== undefined) return runAs(parts, next);
  parts.ran.code = code;
  return code;
}

async function runCall(
  { cli, runElsewhere }: RunParts,
  { argv, input }: CommandCall,
): Promise<number> {
  const [program = '', ...args] = argv;
  cli.stop.leaveToCommand();
  try {
    if (runElsewhere !== undefined) return await runElsewhere(argv);
    const call = { program, args, env: cli.env, input };
    return await runChild(call, cli.wantsJson ? 2 : 1);
  } finally {
    cli.stop.takeBack();
  }
}
