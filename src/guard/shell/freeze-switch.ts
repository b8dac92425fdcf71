/** Whether changes are frozen on this host: `guard/freeze.json` of the state directory. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { hasPassed, type Moment } from '../../base/moment.ts';
import { type Freeze, freezeText, parseFreeze } from '../core/held-things.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import { agentsGuard, readOfAgent } from './of-agent.ts';
import type { BookPorts } from './pipeline-book.ts';

/** Of a file that is there and cannot be read: nothing is applied until a person has looked. */
export const UNREADABLE = 'unreadable';

/**
 * An agent without rights cannot write here: what its server froze stands in its own state directory,
 * `agent/guard/freeze.json`, and counts as well.
 */
export class FreezeSwitch {
  readonly #ports: BookPorts;
  readonly #dir: ByteString;
  readonly #path: ByteString;
  readonly #ofAgent: { readonly dir: ByteString; readonly path: ByteString };

  constructor(ports: BookPorts) {
    this.#ports = ports;
    this.#dir = byteString(`${ports.stateDir}/guard`);
    this.#path = byteString(`${this.#dir}/freeze.json`);
    const dir = agentsGuard(ports.stateDir);
    this.#ofAgent = { dir, path: byteString(`${dir}/freeze.json`) };
  }

  /**
   * Undefined where changes may go on. Asked before every operation: two `stat`s where there is no
   * freeze. `now` is called only where there is one.
   */
  check(now: () => Moment): Freeze | typeof UNREADABLE | undefined {
    for (const freeze of [this.#at(this.#path), this.#at(this.#ofAgent.path)]) {
      if (freeze === undefined) continue;
      if (freeze === UNREADABLE || !hasPassed(freeze.made, freeze.spanMs, now())) return freeze;
    }
    return undefined;
  }

  /** The last one that nobody lifted, whether or not it has run out. */
  found(): Freeze | typeof UNREADABLE | undefined {
    return this.#at(this.#path) ?? this.#at(this.#ofAgent.path);
  }

  /** Durable when it returns; takes the place of one that stands. */
  set(freeze: Freeze): void {
    replaceFile(this.#ports, this.#path, this.#ports.tools.codec.bytesOf(freezeText(freeze)));
  }

  /** @returns false where there was none */
  lift(): boolean {
    const wasOwn = this.#liftAt(this.#dir, this.#path);
    const wasOfAgent = this.#liftAt(this.#ofAgent.dir, this.#ofAgent.path);
    return wasOwn || wasOfAgent;
  }

  #liftAt(dir: ByteString, path: ByteString): boolean {
    if (this.#ports.disk.size(path) === undefined) return false;
    this.#ports.disk.unlink(path);
    this.#ports.disk.syncDir(dir);
    return true;
  }

  #at(path: ByteString): Freeze | typeof UNREADABLE | undefined {
    const text = readOfAgent(this.#ports, path);
    return text === undefined ? undefined : (parseFreeze(text) ?? UNREADABLE);
  }
}
