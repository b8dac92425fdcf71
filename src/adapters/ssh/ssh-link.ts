/** One connection through the system's `ssh`. */
import { ChildLink } from './child-link.ts';
import type { RemoteLink } from './remote-store.ts';
import { sshFailure } from './ssh-failure.ts';
import type { SshHost } from './ssh-host.ts';
import type { SshPlace } from './ssh-place.ts';

export interface OpenLink {
  readonly place: SshPlace;
  /** Somebody sits there whom ssh may ask. */
  readonly hasTerminal: boolean;
  /** HOLDFAST_SSH: another ssh and its first arguments, split at spaces. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface SshLink extends RemoteLink {
  /** A server has answered: from now on a failure is a link that was lost. */
  answered(): void;
}

/** What is asked for over there: a subsystem, or a command that the login shell there reads. */
export type SshRequest = { readonly subsystem: string } | { readonly command: string };

/** A link that is dead is noticed after 15 * 3 seconds. */
const OPTIONS: readonly string[] = [
  'ServerAliveInterval=15',
  'ServerAliveCountMax=3',
  'Compression=no', // Packs are compressed.
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'ControlMaster=no', // A master that is there is used; becoming one would outlive this run.
  'RemoteCommand=none', // Of the user's configuration; it excludes a subsystem.
];
const CONNECT_S = 30;

/** @returns at once; that no connection comes about is said by `ended` and `failure` */
export function openLink({ place, hasTerminal, environment }: OpenLink): SshLink {
  const { program, first } = sshProgram(environment);
  const args = sshArguments(place, { request: { subsystem: 'sftp' }, hasTerminal });
  return new PlaceLink(place, { program, args: [...first, ...args], environment, hasTerminal });
}

/** HOLDFAST_SSH, or ssh. */
export function sshProgram({ HOLDFAST_SSH }: Readonly<Record<string, string | undefined>>): {
  readonly program: string;
  readonly first: readonly string[];
} {
  const [program = 'ssh', ...first] = (HOLDFAST_SSH ?? '').split(/\s+/).filter(Boolean);
  return { program, first };
}

export function sshArguments(
  to: SshHost,
  of: {
    readonly request: SshRequest;
    readonly hasTerminal: boolean;
    readonly connectS?: number;
  },
): readonly string[] {
  const { request, hasTerminal, connectS = CONNECT_S } = of;
  const options = [
    ...(hasTerminal ? [] : ['BatchMode=yes']),
    `ConnectTimeout=${connectS}`,
    ...OPTIONS,
  ];
  return [
    ...['-T', '-a', '-x'],
    ...('subsystem' in request ? ['-s'] : []),
    ...options.flatMap((option) => ['-o', option]),
    ...(to.user === undefined ? [] : ['-l', to.user]),
    ...(to.port === undefined ? [] : ['-p', String(to.port)]),
    ...['--', to.host, 'subsystem' in request ? request.subsystem : request.command],
  ];
}

class PlaceLink extends ChildLink implements SshLink {
  readonly #place: SshPlace;
  #wasUp = false;

  constructor(
    place: SshPlace,
    child: {
      readonly program: string;
      readonly args: readonly string[];
      readonly environment: OpenLink['environment'];
      readonly hasTerminal: boolean;
    },
  ) {
    super({ ...child, isApart: !child.hasTerminal });
    this.#place = place;
  }

  answered(): void {
    this.#wasUp = true;
  }

  async failure(): ReturnType<RemoteLink['failure']> {
    // Its output has ended: if it has not, it was not said to end yet.
    this.input.end();
    const end = await this.ended;
    return sshFailure({ place: this.#place, end, wasUp: this.#wasUp });
  }
}
