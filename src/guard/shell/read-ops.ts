import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op, OpsSeal } from '../../base/plan.ts';
import { KIB } from '../../base/units.ts';
import { OpOrder } from '../core/op-order.ts';
import { OpsRoot } from '../core/plan-digest.ts';
import { invalidPlan } from '../core/plan-fields.ts';
import { parseOp } from '../core/plan-lines.ts';
import type { WholeFilePorts } from '../../vault/shell/whole-file.ts';

const READ_SIZE = 256 * KIB;
/** A path has 4 KiB at most, a text of evidence is a sentence. */
const LINE_SIZE_MAX = 1024 * KIB;

/**
 * The operations as they were written. What is wrong with them is thrown where it is met, and a
 * wrong count or root at the end: whoever acts reads all of them once before.
 *
 * @throws Fault HF_PLAN_INVALID, HF_DISK_*
 */
export function* readOps(
  ports: WholeFilePorts,
  path: ByteString,
  seal: OpsSeal,
): Generator<Op, void> {
  const root = new OpsRoot(ports.tools.hash);
  const order = new OpOrder();
  for (const line of linesOf(ports, path)) {
    const op = parseOp(line);
    if (op.n !== root.count) throw invalidPlan(`operation ${root.count} says it is ${op.n}`);
    const flaw = order.flawOf(op);
    if (flaw !== undefined) throw invalidPlan(flaw);
    root.add(line);
    if (root.count > seal.count) break;
    yield op;
  }
  if (root.count !== seal.count) throw invalidPlan('it has not as many operations as it says');
  if (root.root() !== seal.root) throw invalidPlan('its operations are not those of its root');
}

/** Lines with their newlines. */
export function* linesOf(
  { disk, tools }: WholeFilePorts,
  path: ByteString,
): Generator<ByteString, void> {
  const reader = disk.openRead(path);
  try {
    const buffer = new Uint8Array(READ_SIZE);
    let rest = '';
    for (let at = 0; ; ) {
      const count = reader.read(buffer, at);
      if (count === 0) break;
      at += count;
      const text = rest + tools.codec.textOf(buffer.subarray(0, count));
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        yield byteString(text.slice(start, end + 1));
        start = end + 1;
      }
      rest = text.slice(start);
      if (rest.length > LINE_SIZE_MAX) throw invalidPlan('an operation has no end');
    }
    if (rest !== '') throw invalidPlan('its last operation is cut off');
  } finally {
    reader.close();
  }
}

/** A plan that cannot be read says so under its own name. */
export function namedFault<T>(path: ByteString, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw withPath(path, error);
  }
}

export function withPath(path: ByteString, error: unknown): unknown {
  if (!(error instanceof Fault) || error.code !== 'HF_PLAN_INVALID') return error;
  return new Fault(error.code, error.message, { ...error.facts, path }, { cause: error });
}
