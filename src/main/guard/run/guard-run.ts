/** `holdfast guard run -- COMMAND`: understood, then run as it deserves; docs/design/020-guard-run.md. */
import { isInQuarantine } from '../../../base/own-places.ts';
import type { LocalCommand } from './make-plan.ts';
import { runAs } from './run-as.ts';
import { RUN_EXIT, type RunEnd, type RunParts } from './run-parts.ts';
import { understand } from './understand.ts';
import type { Guarded, Unclear } from './wrapped.ts';

export async function guardRun(parts: RunParts): Promise<RunEnd> {
  const { cli, asked, voice } = parts;
  const wrapped = await understand(asked.argv, { cwd: cli.cwd, env: cli.env });
  if (wrapped.risk === 'none') {
    voice.unguarded(wrapped.notes);
    return { code: await runAs(parts, { argv: asked.argv }), outcome: 'unguarded' };
  }
  if (wrapped.risk === 'unclear') {
    voice.unclear(wrapped);
    return { code: RUN_EXIT.notRun, outcome: 'not-run' };
  }
  if (isOfQuarantine(wrapped)) {
    voice.unclear(OF_QUARANTINE);
    return { code: RUN_EXIT.notRun, outcome: 'not-run' };
  }
  const command = asked.pipeline === undefined ? wrapped : { ...wrapped, pipeline: asked.pipeline };
  const { target } = command;
  if (target !== 'remote') return runEarly(parts, { ...command, target });
  const { runThere } = await import('./near-side.ts');
  const { runRemote } = await import('./remote-target.ts');
  const there = await runThere(parts, command, runAs);
  return there ?? runRemote(parts, command, runAs);
}

/** The dry run is begun first of all: what else is needed is loaded while it looks. */
async function runEarly(parts: RunParts, command: LocalCommand): Promise<RunEnd> {
  command.early?.begin();
  try {
    const { runHere } = await import('./run-here.ts');
    return await runHere(parts, command);
  } finally {
    await command.early?.leave();
  }
}

const OF_QUARANTINE: Unclear = {
  risk: 'unclear',
  why: 'what is named is, or lies in, what holdfast undo can put back',
  fix: 'holdfast undo says what it is, and until when; holdfast undo --release removes what is over.',
};

function isOfQuarantine({ target, scope }: Guarded): boolean {
  if (target === 'remote') return false;
  return isInQuarantine(target) || scope.some(isInQuarantine);
}
