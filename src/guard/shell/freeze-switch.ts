/** Whether changes are frozen on this host: `guard/freeze.json` of the state directory. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { hasPassed, type Moment } from '../../base/moment.ts';
import { type Freeze, freezeText, parseFreeze } from '../core/held-things.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import type { BookPorts } from './pipeline-book.ts';

/** Of a file that is there and cannot be read: nothing is applied until a person has looked. */
export const UNREADABLE = 'unreadable';

export class FreezeSwitch {
  readonly #ports: BookPorts;
  readonly #dir: ByteString;
  readonly #path: ByteString;

  constructor(ports: BookPorts) {
    this.#ports = ports;
    this.#dir = byteString(`${ports.stateDir}/guard`);
    this.#path = byteString(`${this.#dir}/freeze.json`);
  }

  /**
   * Undefined where changes may go on. Asked before every operation: one `stat` where there is no
   * freeze. `now` is called only where there is one.
   */
  check(now: () => Moment): Freeze | typeof UNREADABLE | undefined {
    const freeze = this.found();
    if (freeze === undefined || freeze === UNREADABLE) return freeze;
    return hasPassed(freeze.made, freeze.spanMs, now()) ? undefined : freeze;
  }

  /** The last one that nobody lifted, whether or not it has run out. */
  found(): Freeze | typeof UNREADABLE | undefined {
    const { disk, tools } = this.#ports;
    if (disk.size(this.#path) === undefined) return undefined;
    return parseFreeze(tools.codec.textOf(disk.read(this.#path))) ?? UNREADABLE;
  }

  /** Durable when it returns; takes the place of one that stands. */
  set(freeze: Freeze): void {
    replaceFile(this.#ports, this.#path, this.#ports.tools.codec.bytesOf(freezeText(freeze)));
  }

  /** @returns false where there was none */
  lift(): boolean {
    if (this.#ports.disk.size(this.#path) === undefined) return false;
    this.#ports.disk.unlink(this.#path);
    this.#ports.disk.syncDir(this.#dir);
    return true;
  }
}
