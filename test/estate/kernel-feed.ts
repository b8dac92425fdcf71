/**
 * The log of the kernel as one host has it. All hosts of a test share one kernel: of what that says a host
 * gets what is about its own devices, from the moment it was started, in the form of /dev/kmsg.
 */
import fs from 'node:fs';
import { kmsgLine } from '../../src/watch/core/probes/kernel-log.ts';

/** A read of an agent takes so much, and /dev/kmsg gives it one record. */
const RECORD_BYTES = 16 * 1024;
const EVERY_MS = 50;

export class KernelFeed {
  /** To be mounted over /dev/kmsg of the host. */
  readonly file: string;
  readonly #device: number;
  readonly #isAbout: (text: string) => boolean;
  readonly #record = Buffer.alloc(RECORD_BYTES);
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  constructor(file: string, isAbout: (text: string) => boolean = () => false) {
    this.file = file;
    this.#isAbout = isAbout;
    fs.writeFileSync(file, '');
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    this.#device = fs.openSync('/dev/kmsg', O_RDONLY | O_NONBLOCK);
    for (let record = this.#next(); record !== undefined; record = this.#next());
    this.#timer = setInterval(() => this.#pass(), EVERY_MS);
  }

  /** As if the kernel had said it now. @returns when, by its clock */
  say(priority: number, text: string): void {
    const upUs = Math.floor(Number(fs.readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1e6);
    this.#append(`${priority},${this.#count},${upUs},-;${text}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    fs.closeSync(this.#device);
  }

  #pass(): void {
    for (let record = this.#next(); record !== undefined; record = this.#next()) {
      const line = kmsgLine(record);
      if (line !== undefined && this.#isAbout(line.text)) this.#append(record);
    }
  }

  /** Padded, so that each read of the size that agents read gets one record, as of the device. */
  #append(record: string): void {
    this.#count += 1;
    const bytes = Buffer.alloc(RECORD_BYTES, ' ');
    bytes.write(`${record.trimEnd()}\n`);
    fs.appendFileSync(this.file, bytes);
  }

  #next(): string | undefined {
    try {
      return this.#record.toString('utf8', 0, fs.readSync(this.#device, this.#record));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EAGAIN') return undefined;
      // It went round before it was read: on from the oldest that is left.
      if (code === 'EPIPE') return '';
      throw error;
    }
  }
}
