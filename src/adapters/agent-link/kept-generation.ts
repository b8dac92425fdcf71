/**
 * The newest generation of its server that this agent was told: a server that was put back from an
 * older copy learns from it that it is one. docs/format/generation.md.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { readFileIfThere, replaceFile, type WholeFilePorts } from '../../vault/shell/whole-file.ts';
import { parseGeneration } from '../../wire/agent/generation.ts';

const BYTES_MAX = 300;

export class KeptGeneration {
  readonly #ports: WholeFilePorts;
  readonly #path: ByteString;
  readonly #pin: string;
  #text: string | undefined;

  /** @param of.pin of the server that this host is enrolled with, in hex */
  constructor(ports: WholeFilePorts, of: { readonly dir: ByteString; readonly pin: string }) {
    this.#ports = ports;
    this.#path = byteString(`${of.dir}/generation`);
    this.#pin = of.pin;
    this.#text = this.#read();
  }

  /** To be said to the server; undefined: it has told none. */
  get text(): string | undefined {
    return this.#text;
  }

  /** An older one replaces nothing: that it is older is what the server is to hear. */
  hear(text: string): void {
    const said = parseGeneration(text);
    const known = this.#text === undefined ? undefined : parseGeneration(this.#text);
    if (said === undefined || (known !== undefined && said.n <= known.n)) return;
    this.#text = text;
    try {
      const line = `${this.#pin} ${text}\n`;
      replaceFile(this.#ports, this.#path, this.#ports.tools.codec.bytesOf(byteString(line)));
    } catch (error) {
      // A disk that takes nothing: it is known until this agent ends.
      if (!(error instanceof Fault)) throw error;
    }
  }

  #read(): string | undefined {
    try {
      if ((this.#ports.disk.size(this.#path) ?? 0) > BYTES_MAX) return undefined;
      const bytes = readFileIfThere(this.#ports, this.#path);
      if (bytes === undefined) return undefined;
      const [pin, text = ''] = Buffer.from(bytes).toString('latin1').trimEnd().split(' ');
      return pin === this.#pin && parseGeneration(text) !== undefined ? text : undefined;
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }
}
