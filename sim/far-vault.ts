/**
 * The vault of a simulated machine on the disk of another one, behind the append-only protocol: the
 * client and the server of the product, with a line between them that can be cut anywhere.
 */
import { byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { SFTP_INIT } from '../src/vault/core/stdio-frame.ts';
import { openStdioStore, type StdioStore } from '../src/vault/shell/stdio-client.ts';
import { serveStdio } from '../src/vault/shell/stdio-server.ts';
import type { ByteReader, ByteWriter } from '../src/vault/shell/stdio-stream.ts';
import { directoryStore } from '../src/vault/shell/store-directory.ts';
import type { SimDisk } from './disk.ts';
import { farHostStore } from './far-host-store.ts';
import { seededTools } from './sim-tools.ts';
import { type MakeHostStore, VAULT_ROOT } from './vault-host.ts';
import { Crash } from './volume.ts';

const tools = seededTools();
const GREETING = {
  software: 'sim',
  path: VAULT_ROOT,
  home: byteString('/root'),
  features: ['append-only', 'forced'],
};

/** Counts what is written to it in both directions, and breaks in the middle of one of these. */
class Line {
  readonly there = new Pipe(this);
  readonly back = new Pipe(this);
  #left: number;

  constructor(writesMax: number) {
    this.#left = writesMax;
  }

  /** @returns how much of `size` bytes still passes */
  pass(size: number): number {
    this.#left -= 1;
    if (this.#left >= 0) return size;
    return this.#left === -1 ? Math.floor(size / 2) : 0;
  }

  cut(): void {
    this.there.end();
    this.back.end();
  }
}

class Pipe implements ByteReader, ByteWriter {
  readonly #line: Line;
  readonly #chunks: Uint8Array[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const next = this.#chunks.shift();
      if (next !== undefined || this.#isEnded) return next;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isEnded) throw lost();
    const passed = this.#line.pass(bytes.length);
    if (passed > 0) this.#chunks.push(bytes.slice(0, passed));
    this.#wake();
    if (passed < bytes.length) this.#line.cut();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }
}

function lost(): Fault {
  return new Fault('HF_STORE_LINK_LOST', 'the line was cut', { host: 'far' });
}

export class FarVault {
  readonly makeStore: MakeHostStore;
  readonly #disk: SimDisk;
  readonly #line: Line;
  #served: Promise<void> | undefined;

  /** @param writesMax when the line breaks, counted in writes of either side */
  constructor(disk: SimDisk, writesMax = Number.POSITIVE_INFINITY) {
    this.#disk = disk;
    this.#line = new Line(writesMax);
    this.makeStore = (options) =>
      farHostStore(directoryStore({ ...options, disk }), () => this.#connect(options));
  }

  /** The line ends, as when a process does; resolves when the far machine has nothing left to do. */
  async end(): Promise<void> {
    this.#line.there.end();
    await this.#served;
  }

  async #connect(options: Parameters<MakeHostStore>[0]): Promise<StdioStore> {
    this.#serve(options);
    const { there, back } = this.#line;
    await there.write(SFTP_INIT);
    return openStdioStore({
      input: back,
      output: there,
      codec: tools.codec,
      where: 'far',
      failure: async () => lost(),
      close: async () => there.end(),
    });
  }

  #serve(options: Parameters<MakeHostStore>[0]): void {
    const { there, back } = this.#line;
    const store = directoryStore({ ...options, disk: this.#disk });
    this.#served = serveStdio({
      store,
      tools,
      clock: options.clock,
      space: () => this.#disk.space(VAULT_ROOT),
      input: there,
      output: back,
      greeting: GREETING,
      allocate: (sizeBytes) => new Uint8Array(sizeBytes),
    }).then(
      () => this.#line.cut(),
      (error: unknown) => {
        this.#line.cut();
        // To the near machine the end of the far one is a line that is dead.
        if (!(error instanceof Crash)) throw error;
      },
    );
  }
}
