/** One host of a look, from the first byte to what was seen, or to why nothing was. */
import { askHost } from '../../adapters/look/ask-host.ts';
import type { AskedHost } from '../../adapters/look/asked-host.ts';
import { type Beginning, findFirstRecord } from '../../adapters/look/first-record.ts';
import type { ChildLink } from '../../adapters/ssh/child-link.ts';
import { nextBytes } from '../../adapters/ssh/node-bytes.ts';
import type { LinkEnd } from '../../adapters/ssh/remote-store.ts';
import { lastLine, sshFailure } from '../../adapters/ssh/ssh-failure.ts';
import { sshByHand, sshDestination, sshHostText } from '../../adapters/ssh/ssh-host.ts';
import { Fault } from '../../base/fault.ts';
import { formatDuration } from '../../base/say-time.ts';
import { type DurationMs, durationMs, minutes, seconds, type UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { HostLook, HostSight } from '../../watch/core/look/host-sight.ts';

export interface LookParts {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly script: string;
  /** Turns the stream into what was seen; returns after the last record, or when it is too much. */
  readonly readSight: ReadSight;
  /** From the start of a host to its end. */
  readonly limit: DurationMs;
  /** Somebody sits there whom ssh may ask; only where one host is asked. */
  readonly mayAsk: boolean;
  /** Ends all that is under way, with what is there; its reason is a Fault. */
  readonly signal: AbortSignal;
  readonly received: (byteCount: number) => void;
  readonly later: Later;
}

/** Calls back once, after a while. @returns what takes it back */
export type Later = (span: DurationMs, act: () => void) => () => void;

export type ReadSight = (
  bytes: AsyncIterable<Uint8Array>,
  asked: {
    readonly host: string;
    /** The command that sees what only root sees. */
    readonly asRoot: string;
    readonly askedAt: UnixMs;
    readonly answeredAt: UnixMs;
  },
) => Promise<HostSight>;

/** As long as a server lets somebody type a password. */
const LOGIN_LIMIT = minutes(2);

/** Never rejects for what the host or ssh does. */
export async function lookAtHost(host: AskedHost, parts: LookParts): Promise<HostLook> {
  const { clock } = parts;
  const startedAt = clock.monotonic();
  const took = (): DurationMs => durationMs(Math.round(clock.monotonic() - startedAt));
  const asking = new Asking(host, parts);
  try {
    const sight = await asking.sight();
    return { ...askedAs(host), kind: 'answered', tookMs: took(), sight };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return failedLook(host, error, took());
  } finally {
    await asking.stop();
  }
}

export function failedLook(host: AskedHost, fault: Fault, tookMs: DurationMs): HostLook {
  const { message: why, remedy } = fault;
  return { ...askedAs(host), kind: 'failed', tookMs, why, remedy };
}

/** What is more than the name is kept with the look: commands and the first file need it. */
function askedAs({ name, at, groups }: AskedHost): Pick<HostLook, 'host' | 'address' | 'groups'> {
  const address = at === undefined ? name : sshHostText(at);
  return {
    host: name,
    ...(address === name ? {} : { address }),
    ...(groups.length === 0 ? {} : { groups }),
  };
}

/** What is left to connect and to send; the script ends in order then, and says what it left out. */
const CONNECT_SHARE = seconds(15);

function scriptLimitOf(limit: DurationMs): DurationMs {
  return durationMs(Math.max(limit / 2, limit - CONNECT_SHARE));
}

class Asking {
  readonly #host: AskedHost;
  readonly #parts: LookParts;
  readonly #link: ChildLink;
  readonly #takeBack: () => void;
  #disarm: () => void = () => undefined;
  /** Why it was ended before it ended by itself. */
  #early: Fault | undefined;

  constructor(host: AskedHost, parts: LookParts) {
    this.#host = host;
    this.#parts = parts;
    this.#link = askHost({ host, scriptLimit: scriptLimitOf(parts.limit), ...parts });
    const { signal } = parts;
    const abort = (): void => this.#end(signal.reason as Fault);
    signal.addEventListener('abort', abort, { once: true });
    this.#takeBack = () => signal.removeEventListener('abort', abort);
    this.#arm(parts.mayAsk ? LOGIN_LIMIT : parts.limit);
  }

  /** @throws Fault where nothing was seen */
  async sight(): Promise<HostSight> {
    const { clock, readSight, mayAsk, limit } = this.#parts;
    const askedAt = clock.now();
    const beginning = await findFirstRecord(() => this.#next());
    if (beginning.kind === 'none') throw await this.#failure(beginning);
    const answeredAt = clock.now();
    if (mayAsk) this.#arm(limit);
    const { name: host, at } = this.#host;
    const asRoot =
      at === undefined
        ? `sudo holdfast look ${host}`
        : `holdfast look ${sshHostText({ ...at, user: 'root' })}`;
    const asked = { host, asRoot, askedAt, answeredAt };
    const sight = await readSight(this.#bytes(beginning.first), asked);
    const isWhole = sight.cut === undefined || this.#early === undefined;
    return isWhole ? sight : { ...sight, cut: this.#early?.message };
  }

  async stop(): Promise<void> {
    this.#disarm();
    this.#takeBack();
    await this.#link.stop();
  }

  async *#bytes(first: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let some: Uint8Array | undefined = first; some; some = await this.#next()) yield some;
  }

  async #next(): Promise<Uint8Array | undefined> {
    const some = await nextBytes(this.#link.output);
    this.#parts.received(some?.length ?? 0);
    return some;
  }

  #arm(limit: DurationMs): void {
    this.#disarm();
    this.#disarm = this.#parts.later(limit, () => {
      const message = `${this.#host.name} was not done after ${formatDuration(limit)}`;
      this.#end(new Fault('HF_LOOK_LATE', message, this.#facts()));
    });
  }

  /** What it has sent is read; nothing more comes. */
  #end(why: Fault): void {
    this.#early ??= why;
    void this.#link.stop();
  }

  async #failure(beginning: Beginning & { readonly kind: 'none' }): Promise<Fault> {
    if (beginning.isTooLong) this.#end(this.#answer('prints on and on, and no look'));
    const end = await this.#link.ended;
    if (this.#early !== undefined) return this.#early;
    const { at } = this.#host;
    const isOfSsh = end.code === undefined || end.code === SSH_FAILED;
    if (at !== undefined && isOfSsh) return sshFailure({ place: at, end, wasUp: false });
    return this.#answer(`answers with no look: ${saidInstead(end, beginning.noise)}`);
  }

  #answer(what: string): Fault {
    const { at, name } = this.#host;
    const who = at === undefined ? name : sshDestination(at);
    return new Fault('HF_LOOK_ANSWER', `${who} ${what}`, this.#facts());
  }

  #facts(): { readonly host: string; readonly ssh: string } {
    const { at, name } = this.#host;
    if (at === undefined) return { host: name, ssh: 'env' };
    return { host: sshHostText(at), ssh: sshByHand(at) };
  }
}

/** The exit code of ssh itself; any other is that of the shell on the other side. */
const SSH_FAILED = 255;

function saidInstead({ code, stderrTail }: LinkEnd, noise: string): string {
  const said = lastLine(stderrTail) || lastLine(noise);
  return said === '' ? `the shell there ended with ${code ?? 'a signal'}` : said;
}
