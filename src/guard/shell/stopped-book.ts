/** The journal of a freeze: `guard/stopped/NAME.json`, docs/format/freeze.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { readFileIfThere, replaceFile } from '../../vault/shell/whole-file.ts';
import {
  isStopperName,
  parseStopped,
  type Stopped,
  STOPPED_BYTES_MAX,
  stoppedText,
} from '../core/stopped.ts';
import { UNREADABLE } from './freeze-switch.ts';
import type { BookPorts } from './pipeline-book.ts';

const FILE = /^(.+)\.json$/;

export class StoppedBook {
  readonly #ports: BookPorts;
  readonly #dir: ByteString;

  constructor(ports: BookPorts) {
    this.#ports = ports;
    this.#dir = byteString(`${ports.stateDir}/guard/stopped`);
  }

  /** Names of all that a freeze stopped, or meant to. */
  names(): readonly string[] {
    const files = this.#ports.disk.list(this.#dir) ?? [];
    return files.flatMap((file) => {
      const name = FILE.exec(file)?.[1];
      return name !== undefined && isStopperName(name) ? [name] : [];
    });
  }

  read(name: string): Stopped | typeof UNREADABLE | undefined {
    const { disk, tools } = this.#ports;
    const path = this.#pathOf(name);
    const size = disk.size(path);
    if (size === undefined) return undefined;
    if (size > STOPPED_BYTES_MAX) return UNREADABLE;
    const bytes = readFileIfThere(this.#ports, path);
    const stopped = bytes === undefined ? undefined : parseStopped(tools.codec.textOf(bytes));
    return stopped?.name === name ? stopped : UNREADABLE;
  }

  /** Durable when it returns. */
  write(stopped: Stopped): void {
    const bytes = this.#ports.tools.codec.bytesOf(stoppedText(stopped));
    replaceFile(this.#ports, this.#pathOf(stopped.name), bytes);
  }

  /** Durable when it returns. */
  forget(name: string): void {
    const path = this.#pathOf(name);
    if (this.#ports.disk.size(path) === undefined) return;
    this.#ports.disk.unlink(path);
    this.#ports.disk.syncDir(this.#dir);
  }

  #pathOf(name: string): ByteString {
    return byteString(`${this.#dir}/${name}.json`);
  }
}
