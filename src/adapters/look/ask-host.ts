/** Starts the script on a host: through the system's `ssh`, or on this machine by its own shell. */
import { ChildLink } from '../ssh/child-link.ts';
import { sshArguments, sshProgram } from '../ssh/ssh-link.ts';
import type { AskedHost } from './asked-host.ts';

export interface AskHost {
  readonly host: AskedHost;
  readonly script: string;
  /** Somebody sits there whom ssh may ask; without, it fails where it would have to. */
  readonly mayAsk: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Every login shell can read this, also one that is not POSIX. */
const COMMAND = 'exec sh -s';
/** A host that is up accepts long before; one that accepts and says nothing is noticed too. */
const CONNECT_S = 15;

/** @returns at once; that nothing could be started is said by its end */
export function askHost({ host, script, mayAsk, environment }: AskHost): ChildLink {
  const link = new ChildLink({ ...commandOf(host, { mayAsk, environment }), environment });
  link.input.end(script);
  return link;
}

function commandOf(
  { at, config }: AskedHost,
  { mayAsk, environment }: Pick<AskHost, 'mayAsk' | 'environment'>,
): { readonly program: string; readonly args: readonly string[]; readonly isApart: boolean } {
  if (at === undefined) return { program: '/bin/sh', args: ['-s'], isApart: true };
  const { program, first } = sshProgram(environment);
  const request = { command: COMMAND };
  const args = [
    ...first,
    ...(config === undefined ? [] : ['-F', config]),
    ...sshArguments(at, { request, hasTerminal: mayAsk, connectS: CONNECT_S }),
  ];
  return { program, args, isApart: !mayAsk };
}
