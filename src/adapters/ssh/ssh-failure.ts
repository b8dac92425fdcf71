/** What ssh says when it ends, as a Fault that says what to do. ssh speaks English everywhere. */
import type { FaultCode } from '../../base/fault.ts';
import { Fault } from '../../base/fault.ts';
import { linesSaid } from '../../base/lines-said.ts';
import { sayText } from '../../base/say-name.ts';
import type { LinkEnd } from './remote-store.ts';
import type { SshHost } from './ssh-host.ts';
import { sshByHand, sshDestination } from './ssh-host.ts';

/** The first that fits counts; a changed host key is also one that is not verified. */
const SAID: readonly (readonly [RegExp, FaultCode])[] = [
  [/Could not resolve hostname|no address associated with/i, 'HF_SSH_HOST_UNKNOWN'],
  [
    /HOST IDENTIFICATION HAS CHANGED|host key .* has (?:just been )?changed/i,
    'HF_SSH_HOST_KEY_CHANGED',
  ],
  [/revoked/i, 'HF_SSH_HOST_KEY_CHANGED'],
  [/Host key verification failed|host key is known for/i, 'HF_SSH_HOST_KEY_UNKNOWN'],
  // With a bracket: programs on the other side may be denied something too.
  [/Permission denied \(|Too many authentication failures/i, 'HF_SSH_DENIED'],
  [
    /^ssh: connect to |Connection timed out during|kex_exchange_identification/im,
    'HF_SSH_UNREACHABLE',
  ],
  [
    /Connection closed by|closed by remote host|Connection reset|Broken pipe|not responding/i,
    'HF_STORE_LINK_LOST',
  ],
];
const SSH_PORT = 22;
/** The exit code of ssh itself; any other is that of the program on the other side. */
const OWN_FAILURE = 255;
const LINE_SIZE_MAX = 300;
/** Of a host behind a jump host that failed: why it did stands before. */
const BEHIND_JUMP = /closed by UNKNOWN port 65535|^kex_exchange_identification: /;

export interface FailedLink {
  readonly place: SshHost;
  readonly end: LinkEnd;
  /** A server had answered: then the link is lost, whatever is said. */
  readonly wasUp: boolean;
}

export function sshFailure({ place, end, wasUp }: FailedLink): Fault {
  const to = sshDestination(place);
  const last = lastLine(end.stderrTail);
  const facts = {
    host: place.host,
    port: place.port ?? SSH_PORT,
    ssh: sshByHand(place),
    known: place.port === undefined ? place.host : `'[${place.host}]:${place.port}'`,
  };
  if (wasUp) {
    const said = last === '' ? '' : `: ${last}`;
    return new Fault('HF_STORE_LINK_LOST', `the connection to ${to} broke${said}`, facts);
  }
  const code = SAID.find(([words]) => words.test(end.stderrTail))?.[1] ?? 'HF_SSH_FAILED';
  return new Fault(code, `no connection to ${to}: ${last === '' ? sayEnd(end) : last}`, facts);
}

/** sshd passes on nothing that the program of a subsystem says besides its answers. */
function sayEnd({ code }: LinkEnd): string {
  if (code === undefined) return 'ssh was ended';
  if (code === OWN_FAILURE || code === 0) return `ssh ended with ${code}`;
  const isMissing = code === 126 || code === 127;
  const why = isMissing ? 'cannot be run there' : 'failed';
  return `the command that the key is for ${why} (it ended with ${code})`;
}

/** The last thing it said, fit for a terminal. */
export function lastLine(said: string): string {
  const lines = linesSaid(Buffer.from(said, 'latin1').toString());
  const last = lines.findLast((line) => !BEHIND_JUMP.test(line)) ?? lines.at(-1) ?? '';
  return sayText(last.slice(0, LINE_SIZE_MAX));
}
