/** One connection through the system's `ssh`, asked for the subsystem `sftp`. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endsToo } from './node-bytes.ts';
import type { LinkEnd, RemoteLink } from './remote-store.ts';
import { sshFailure } from './ssh-failure.ts';
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

const STDERR_SIZE_MAX = 4096;
/** How long what was asked to end may take before it is made to. */
const PATIENCE_MS = 2000;

/** A link that is dead is noticed after 15 * 3 seconds. */
const OPTIONS: readonly string[] = [
  'ServerAliveInterval=15',
  'ServerAliveCountMax=3',
  'ConnectTimeout=30',
  'Compression=no', // Packs are compressed.
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'ControlMaster=no', // A master that is there is used; becoming one would outlive this run.
  'RemoteCommand=none', // Of the user's configuration; it excludes a subsystem.
];

/** @returns at once; that no connection comes about is said by `ended` and `failure` */
export function openLink({ place, hasTerminal, environment }: OpenLink): SshLink {
  const [program = 'ssh', ...first] = (environment.HOLDFAST_SSH ?? '').split(/\s+/).filter(Boolean);
  const child = spawn(program, [...first, ...sshArguments(place, hasTerminal)], {
    stdio: 'pipe',
    // ssh runs programs of the user's configuration, and sends variables that it names.
    env: { ...environment, HOLDFAST_PASSPHRASE: undefined },
    // Without a terminal, Ctrl-C of somebody's shell is for Holdfast, which then ends it in order.
    detached: !hasTerminal,
  });
  return new ChildLink(child, { place, program });
}

export function sshArguments(place: SshPlace, hasTerminal: boolean): readonly string[] {
  const options = hasTerminal ? OPTIONS : ['BatchMode=yes', ...OPTIONS];
  return [
    ...['-T', '-a', '-x', '-s'],
    ...options.flatMap((option) => ['-o', option]),
    ...(place.user === undefined ? [] : ['-l', place.user]),
    ...(place.port === undefined ? [] : ['-p', String(place.port)]),
    ...['--', place.host, 'sftp'],
  ];
}

class ChildLink implements SshLink {
  readonly input: ChildProcessWithoutNullStreams['stdin'];
  readonly output: ChildProcessWithoutNullStreams['stdout'];
  readonly ended: Promise<LinkEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #place: SshPlace;
  #wasUp = false;
  #said = '';

  constructor(
    child: ChildProcessWithoutNullStreams,
    { place, program }: { readonly place: SshPlace; readonly program: string },
  ) {
    this.#child = child;
    this.#place = place;
    this.input = child.stdin;
    this.output = child.stdout;
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', endsToo);
    child.stderr.on('data', (some: Buffer) => {
      this.#said = (this.#said + some.toString('latin1')).slice(-STDERR_SIZE_MAX);
    });
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#said = `${program}: ${error.message}`;
        resolve({ code: undefined, stderrTail: this.#said });
      });
      child.on('exit', (code) => {
        void this.#lastWords().then(() =>
          resolve({ code: code ?? undefined, stderrTail: this.#said }),
        );
      });
    });
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

  async close(): Promise<void> {
    this.input.end();
    this.output.resume();
    const term = setTimeout(() => this.#child.kill('SIGTERM'), PATIENCE_MS);
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 2 * PATIENCE_MS);
    await this.ended;
    clearTimeout(term);
    clearTimeout(kill);
    this.output.destroy();
    this.#child.stderr.destroy();
  }

  /** What it said at its end may be on its way; a child of its own may hold the stream for ever. */
  async #lastWords(): Promise<void> {
    const { stderr } = this.#child;
    if (stderr.readableEnded || stderr.destroyed) return;
    const patience = setTimeout(() => stderr.destroy(), PATIENCE_MS);
    await once(stderr, 'close');
    clearTimeout(patience);
  }
}
