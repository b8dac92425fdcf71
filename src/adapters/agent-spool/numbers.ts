/** Counters of docs/format/agent-spool.md: durable before they are used, or far beyond any before. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import { replaceFile, type WholeFilePorts } from '../../vault/shell/whole-file.ts';
import type { Numbers } from '../../watch/shell/agent/agent-ports.ts';
import { readStateFile } from './state-file.ts';

const BLOCK = 1_000_000;

export function openNumbers(ports: WholeFilePorts, dir: ByteString, now: UnixMs): Numbers {
  const path = byteString(`${dir}/numbers.json`);
  const stored = storedIn(ports, path);
  const run = Math.max(stored.run + 1, Math.floor(now / 1000));
  let next = Math.max(stored.n, now, 1);
  let reserved = next;
  const reserve = (): void => {
    reserved = next + BLOCK;
    try {
      const text = `${JSON.stringify({ v: 0, run, n: reserved })}\n`;
      replaceFile(ports, path, ports.tools.codec.bytesOf(byteString(text)));
    } catch (error) {
      // The wall clock is ahead of all that was numbered: the next start begins behind it.
      if (!(error instanceof Fault)) throw error;
    }
  };
  reserve();
  return {
    run,
    next: () => {
      if (next >= reserved) reserve();
      next += 1;
      return next - 1;
    },
  };
}

function storedIn(ports: WholeFilePorts, path: ByteString): { run: number; n: number } {
  const found = readStateFile(ports, path);
  const [run, n] = [found?.run, found?.n];
  return { run: countOr(run), n: countOr(n) };
}

function countOr(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
