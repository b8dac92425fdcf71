/**
 * The target is on another machine: nothing there can be looked at, set aside or put back from here.
 * What is new goes on; what would be deleted or overwritten is held, with what to do about it.
 */
import { type RunAs, type RunEnd, type RunParts, RUN_EXIT } from './run-parts.ts';
import type { Guarded } from './wrapped.ts';

export async function runRemote(parts: RunParts, command: Guarded, runAs: RunAs): Promise<RunEnd> {
  const { asked, voice } = parts;
  let deletes = 0;
  let changes = 0;
  const answer = await command.ask((change) => {
    if (change.what === 'delete') deletes += 1;
    else if (change.what === 'update' && !change.attributesOnly) changes += 1;
  }, undefined);
  if (answer.kind === 'ended') {
    voice.ended(command, answer);
    return { code: answer.code, outcome: 'not-run' };
  }
  if (asked.observe || deletes + changes === 0) {
    const { input } = command;
    const typed = { argv: asked.argv, input };
    const call = asked.observe ? typed : (command.run?.(undefined) ?? typed);
    return { code: await runAs(parts, call), outcome: 'unguarded' };
  }
  const creates = asked.allOrNothing ? undefined : command.runCreates?.();
  const isRun = creates !== undefined;
  if (isRun) await runAs(parts, creates);
  voice.remoteHeld(command, { deletes, changes, isRun });
  return { code: RUN_EXIT.held, outcome: 'held' };
}
