/** Runs Holdfast on another host through ssh, for one small answer. */
import { Fault } from '../../base/fault.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { ChildLink } from '../ssh/child-link.ts';
import { nextBytes } from '../ssh/node-bytes.ts';
import { lastLine, sshFailure } from '../ssh/ssh-failure.ts';
import { sshDestination } from '../ssh/ssh-host.ts';
import { sshArguments, sshProgram } from '../ssh/ssh-link.ts';
import type { TreePlace } from './tree-place.ts';

export type RemoteAnswer =
  | { readonly kind: 'done'; readonly said: string }
  | { readonly kind: 'not-installed' }
  | { readonly kind: 'failed'; readonly fault: Fault };

/** Of a shell: there is no such program, or it cannot be run. */
const NOT_THERE = new Set([126, 127]);
const SSH_FAILED = 255;
const SAID_SIZE_MAX = 1024 * 1024;

export async function remoteHoldfast(asked: {
  readonly place: TreePlace;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly mayAsk: boolean;
}): Promise<RemoteAnswer> {
  const { at } = asked.place;
  if (at === undefined) throw new Error('a place of another host is asked');
  const { program, first } = sshProgram(asked.environment);
  const command = ['holdfast', ...asked.args].map(quoteWord).join(' ');
  const args = [...first, ...sshArguments(at, { request: { command }, hasTerminal: asked.mayAsk })];
  const link = new ChildLink({
    program,
    args,
    environment: asked.environment,
    isApart: !asked.mayAsk,
  });
  link.input.end();
  let said = '';
  for (;;) {
    const part = await nextBytes(link.output);
    if (part === undefined || said.length > SAID_SIZE_MAX) break;
    said += Buffer.from(part).toString('latin1');
  }
  const end = await link.ended;
  await link.stop();
  if (end.code === 0) return { kind: 'done', said };
  if (end.code !== undefined && NOT_THERE.has(end.code)) return { kind: 'not-installed' };
  if (end.code === SSH_FAILED || end.code === undefined) {
    return { kind: 'failed', fault: sshFailure({ place: at, end, wasUp: false }) };
  }
  const why = lastLine(end.stderrTail);
  const message = `Holdfast on ${sshDestination(at)} said no: ${why}`;
  return {
    kind: 'failed',
    fault: new Fault('HF_TREE_NOT_PROMOTED', message, { instead: 'Do there what it says.' }),
  };
}
