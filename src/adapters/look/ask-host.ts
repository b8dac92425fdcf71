/** Starts the script on a host: through the system's `ssh`, or on this machine by its own shell. */
import type { DurationMs } from '../../base/units.ts';
import { ChildLink } from '../ssh/child-link.ts';
import { sshArguments, sshProgram } from '../ssh/ssh-link.ts';
import type { AskedHost } from './asked-host.ts';

export interface AskHost {
  readonly host: AskedHost;
  readonly script: string;
  /** After so long it ends by itself. */
  readonly scriptLimit: DurationMs;
  /** Somebody sits there whom ssh may ask; without, it fails where it would have to. */
  readonly mayAsk: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A host that is up accepts long before; one that accepts and says nothing is noticed too. */
const CONNECT_S = 15;

/** @returns at once; that nothing could be started is said by its end */
export function askHost(asked: AskHost): ChildLink {
  const link = new ChildLink({ ...commandOf(asked), environment: asked.environment });
  link.input.end(asked.script);
  return link;
}

function commandOf(asked: AskHost): {
  readonly program: string;
  readonly args: readonly string[];
  readonly isApart: boolean;
} {
  const { mayAsk, environment, scriptLimit } = asked;
  const { at, config } = asked.host;
  const shell = ['-s', String(Math.ceil(scriptLimit / 1000))];
  if (at === undefined) return { program: '/bin/sh', args: shell, isApart: true };
  // Every login shell can read this, also one that is not POSIX.
  const request = { command: ['exec sh', ...shell].join(' ') };
  const { program, first } = sshProgram(environment);
  const args = [
    ...first,
    ...(config === undefined ? [] : ['-F', config]),
    ...sshArguments(at, { request, hasTerminal: mayAsk, connectS: CONNECT_S }),
  ];
  return { program, args, isApart: !mayAsk };
}
