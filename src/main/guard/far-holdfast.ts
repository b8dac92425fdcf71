/** Holdfast on another machine, asked over ssh for what it prints. */
import { ChildLink } from '../../adapters/ssh/child-link.ts';
import { lastLine, sshFailure } from '../../adapters/ssh/ssh-failure.ts';
import { sshDestination, type SshHost } from '../../adapters/ssh/ssh-host.ts';
import { sshArguments, sshProgram } from '../../adapters/ssh/ssh-link.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { quoteWord } from '../../base/shell-word.ts';
import type { Cli } from '../cli/cli.ts';

const SSH_FAILED = 255;
/** Of a shell: there is no such program, or it cannot be run. */
const NOT_THERE = new Set([126, 127]);

export interface FarAsked {
  readonly at: SshHost;
  /** Of `holdfast` there; HOLDFAST_REMOTE is read by the shell there, as a person would type it. */
  readonly args: readonly string[];
  /** Given to its stdin. */
  readonly input?: Uint8Array;
  /** What it prints, as it comes. */
  readonly take: (bytes: Uint8Array) => void;
}

/** @throws Fault HF_SSH_*; HF_FAR_REFUSED with its last words where it did not end well */
export async function farHoldfast(cli: Cli, asked: FarAsked): Promise<void> {
  const { at, args, input, take } = asked;
  const hasTerminal = cli.terminal.canAsk;
  const { program, first } = sshProgram(cli.env);
  const command = `${cli.env.HOLDFAST_REMOTE ?? 'holdfast'} ${args.map(quoteWord).join(' ')}`;
  const link = new ChildLink({
    program,
    args: [...first, ...sshArguments(at, { request: { command }, hasTerminal })],
    environment: cli.env,
    isApart: !hasTerminal,
  });
  try {
    link.input.end(input ?? '');
    for await (const bytes of link.output as AsyncIterable<Buffer>) take(bytes);
    const end = await link.ended;
    if (end.code === 0) return;
    if (end.code === SSH_FAILED || end.code === undefined) {
      throw sshFailure({ place: at, end, wasUp: false });
    }
    const there = sshDestination(at);
    const message = NOT_THERE.has(end.code)
      ? `there is no holdfast on the path of ${there}`
      : `Holdfast on ${there} said no: ${sayText(lastLine(end.stderrTail))}`;
    throw new Fault('HF_FAR_REFUSED', message, { host: there });
  } finally {
    await link.stop();
  }
}
