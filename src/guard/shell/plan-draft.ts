import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Op, PlanHeader } from '../../base/plan.ts';
import { KIB } from '../../base/units.ts';
import type { DiskFile } from '../../host/disk.ts';
import type { JudgedHeader } from '../core/own-rules.ts';
import { OpOrder } from '../core/op-order.ts';
import { OpsRoot } from '../core/plan-digest.ts';
import { headerText } from '../core/plan-header.ts';
import { opLine } from '../core/plan-lines.ts';
import { SummaryCount } from '../core/plan-summary.ts';
import type { WholeFilePorts } from '../../vault/shell/whole-file.ts';
import { removeFolder } from './remove-folder.ts';

const BUFFER_SIZE = 256 * KIB;

/** Where a draft is written, and what it is called when it is done. */
interface DraftPlace {
  readonly dir: ByteString;
  readonly sealed: ByteString;
  /** Of `sealed`. */
  readonly parent: ByteString;
}

/**
 * A plan being written. Its operations go to disk as they come; sealed, it has its name in one
 * step, so that there is no half a plan, whenever the power goes.
 */
export class PlanDraft {
  readonly #ports: WholeFilePorts;
  readonly #header: JudgedHeader;
  readonly #place: DraftPlace;
  readonly #file: DiskFile;
  readonly #root: OpsRoot;
  readonly #order = new OpOrder();
  readonly #count = new SummaryCount();
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #filled = 0;
  #isOpen = true;

  constructor(ports: WholeFilePorts, header: JudgedHeader, place: DraftPlace) {
    this.#ports = ports;
    this.#header = header;
    this.#place = place;
    this.#root = new OpsRoot(ports.tools.hash);
    ports.disk.makeDir(place.dir);
    this.#file = ports.disk.create(byteString(`${place.dir}/ops.ndjson`));
  }

  /** In the order of paths; the number is given here. */
  add(op: Omit<Op, 'n'>): Op {
    assert(this.#isOpen, 'a plan that was sealed takes no more operations');
    const numbered: Op = { ...op, n: this.#root.count };
    const flaw = this.#order.flawOf(numbered);
    assert(flaw === undefined, flaw ?? '');
    const line = opLine(numbered);
    this.#root.add(line);
    this.#count.add(numbered);
    this.#write(line);
    return numbered;
  }

  /** Durable when it returns. */
  seal(): PlanHeader {
    this.#flush();
    this.#file.sync();
    this.#close();
    const header: PlanHeader = {
      ...this.#header,
      summary: this.#count.summary(),
      ops: { count: this.#root.count, root: this.#root.root() },
    };
    const { disk, tools } = this.#ports;
    const { dir, sealed, parent } = this.#place;
    const file = disk.create(byteString(`${dir}/header.json`));
    file.write(tools.codec.bytesOf(headerText(header)));
    file.sync();
    file.close();
    disk.syncDir(dir);
    disk.move(dir, sealed);
    disk.syncDir(parent);
    return header;
  }

  /** Of one that is not wanted, or could not be finished. */
  drop(): void {
    if (this.#isOpen) this.#close();
    removeFolder(this.#ports.disk, this.#place.dir);
  }

  #write(line: ByteString): void {
    if (this.#filled + line.length > BUFFER_SIZE) this.#flush();
    if (line.length > BUFFER_SIZE) {
      this.#file.write(this.#ports.tools.codec.bytesOf(line));
      return;
    }
    this.#filled += this.#ports.tools.codec.writeText(line, this.#buffer, this.#filled);
  }

  #flush(): void {
    if (this.#filled > 0) this.#file.write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #close(): void {
    this.#isOpen = false;
    this.#file.close();
  }
}
