/** Runs scripts of ours on a host as root: through the system's `ssh`, or here by its own shell. */
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { AskedHost } from '../look/asked-host.ts';
import { ChildLink } from '../ssh/child-link.ts';
import { nextBytes } from '../ssh/node-bytes.ts';
import type { LinkEnd } from '../ssh/remote-store.ts';
import { lastLine, sshFailure } from '../ssh/ssh-failure.ts';
import { sshArguments, sshProgram } from '../ssh/ssh-link.ts';

export interface HostShellOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Somebody sits there whom ssh may ask. */
  readonly mayAsk: boolean;
  /** Told of each link, to end it when the command is stopped. @returns what takes it back */
  readonly onStop: (end: () => Promise<void>) => () => void;
  /** After which a host that hangs is given up. */
  readonly limitMs?: number;
}

/** More than any script of ours prints. */
const OUTPUT_SIZE_MAX = 1 << 20;
/** Of one script, or one file: a slow line of 1 Mbit/s brings 60 MB in eight minutes. */
const LIMIT_MS = 20 * 60_000;
/** The exit code of ssh itself. */
const SSH_FAILED = 255;
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+~-]*$/;

export const INCOMING = '/var/lib/holdfast/incoming';

/** It stands beside this file, as it is sent. */
export function ownScript(name: 'survey' | 'prelude'): string {
  return fs.readFileSync(path.join(import.meta.dirname, `${name}.sh`), 'utf8');
}

export class HostShell {
  readonly host: AskedHost;
  readonly #options: HostShellOptions;

  constructor(host: AskedHost, options: HostShellOptions) {
    this.host = host;
    this.#options = options;
  }

  /**
   * @returns what it printed
   * @throws Fault HF_SSH_..., HF_ENROLL_ROOT; HF_ENROLL_STEP where the script ended with a failure
   */
  async run(script: string, words: readonly string[] = []): Promise<string> {
    return this.#over(`sh -s ${words.join(' ')}`.trimEnd(), async (link) => {
      link.input.end(script);
      const parts: Buffer[] = [];
      let size = 0;
      for (let some = await nextBytes(link.output); some; some = await nextBytes(link.output)) {
        size += some.length;
        if (size > OUTPUT_SIZE_MAX) throw this.#failed('it says more than any script of ours does');
        parts.push(Buffer.from(some));
      }
      return Buffer.concat(parts).toString('latin1');
    });
  }

  /**
   * Puts a file into INCOMING, under a draft's name until all of it is there.
   *
   * @throws Fault as `run`
   */
  async send(file: string, name: string): Promise<void> {
    if (!FILE_NAME.test(name)) throw this.#failed(`${sayText(name)} is no name to send`);
    await this.#over(`sh -c "umask 077; cat >${INCOMING}/${name}.hf-new"`, async (link) => {
      link.output.resume();
      // A pipe that broke is explained by the end of who read it.
      await pipeline(fs.createReadStream(file), link.input).catch(() => link.input.destroy());
      return '';
    });
  }

  /** A host that hangs in the middle of it is given up: others wait behind it. */
  async #over(command: string, act: (link: ChildLink) => Promise<string>): Promise<string> {
    const link = this.#start(command);
    const forget = this.#options.onStop(() => link.stop());
    const { limitMs = LIMIT_MS } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
      void link.stop();
    }, limitMs);
    try {
      const said = await act(link);
      const end = await link.ended;
      if (late.signal.aborted)
        throw this.#failed(`it did not come to its end within ${limitMs / 60_000} min`);
      this.#demandWell(end, said);
      return said;
    } finally {
      clearTimeout(timer);
      forget();
      await link.stop();
    }
  }

  #start(command: string): ChildLink {
    const { at, config } = this.host;
    const { environment, mayAsk } = this.#options;
    // Every login shell can read this; `sudo -n` fails where it would have to ask.
    const asRoot = `if [ "$(id -u)" = 0 ]; then exec ${command}; else exec sudo -n ${command}; fi`;
    if (at === undefined) {
      return new ChildLink({
        program: '/bin/sh',
        args: ['-c', asRoot],
        environment,
        isApart: true,
      });
    }
    const request = { command: `exec sh -c '${asRoot}'` };
    const { program, first } = sshProgram(environment);
    const args = [
      ...first,
      ...(config === undefined ? [] : ['-F', config]),
      ...sshArguments(at, { request, hasTerminal: mayAsk }),
    ];
    return new ChildLink({ program, args, environment, isApart: !mayAsk });
  }

  #demandWell(end: LinkEnd, said: string): void {
    if (end.code === 0) return;
    const { at, name } = this.host;
    const isOfSsh = end.code === undefined || end.code === SSH_FAILED;
    if (at !== undefined && isOfSsh) throw sshFailure({ place: at, end, wasUp: said !== '' });
    if (/^sudo: /m.test(end.stderrTail) || /sudo: not found/.test(end.stderrTail)) {
      const message = `this user is not root on ${name}, and may not become it: ${lastLine(end.stderrTail)}`;
      throw new Fault('HF_ENROLL_ROOT', message, { host: at?.host ?? name });
    }
    throw this.#failed(lastLine(end.stderrTail) || `it ended with ${end.code ?? 'a signal'}`);
  }

  #failed(what: string): Fault {
    const { name } = this.host;
    return new Fault('HF_ENROLL_STEP', `${name}: ${what}`, { host: name });
  }
}
