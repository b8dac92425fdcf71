/** Which orders were heard: `heard.json` of docs/format/agent-spool.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { replaceFile, type WholeFilePorts } from '../../vault/shell/whole-file.ts';
import type { HeardBook } from '../../watch/shell/agent/agent-ports.ts';
import { readStateFile } from './state-file.ts';

const HEARD_MAX = 1024;

export class FileHeardBook implements HeardBook {
  readonly #ports: WholeFilePorts;
  readonly #path: ByteString;
  readonly #heard: Set<string>;
  readonly #begun: Set<string>;

  constructor(ports: WholeFilePorts, dir: ByteString) {
    this.#ports = ports;
    this.#path = byteString(`${dir}/heard.json`);
    const stored = readStateFile(ports, this.#path);
    this.#heard = new Set(textsOf(stored?.heard));
    this.#begun = new Set(textsOf(stored?.begun));
  }

  has(id: string): boolean {
    return this.#heard.has(id);
  }

  hear(id: string): void {
    this.#add(id);
    this.#storeIfItGoes();
  }

  begin(job: string): boolean {
    if (this.#heard.has(job)) return false;
    this.#add(job);
    this.#begun.add(job);
    try {
      this.#store();
    } catch (error) {
      // A job that is not on record would be run again after a crash: it is not begun.
      this.#begun.delete(job);
      this.#heard.delete(job);
      throw error;
    }
    return true;
  }

  end(job: string): void {
    if (!this.#begun.delete(job)) return;
    this.#storeIfItGoes();
  }

  begun(): readonly string[] {
    return [...this.#begun];
  }

  #add(id: string): void {
    this.#heard.add(id);
    for (const oldest of this.#heard) {
      if (this.#heard.size <= HEARD_MAX) break;
      this.#heard.delete(oldest);
    }
  }

  #store(): void {
    const text = `${JSON.stringify({ v: 0, heard: [...this.#heard], begun: [...this.#begun] })}\n`;
    replaceFile(this.#ports, this.#path, this.#ports.tools.codec.bytesOf(byteString(text)));
  }

  /** Where the disk takes nothing it holds until the agent ends. */
  #storeIfItGoes(): void {
    try {
      this.#store();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each): each is string => typeof each === 'string' && each.length <= 64);
}
