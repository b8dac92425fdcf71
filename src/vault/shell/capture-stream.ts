/** What comes from a pipe, as a root of one file: a dump that is never written to disk here. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Clock } from '../../host/clock.ts';
import type { Tools } from '../../host/tools.ts';
import { WHOLE_SIZE_MAX } from '../../manifest/core/entry-fields.ts';
import type { FileContent } from '../../manifest/core/entry-fields.ts';
import { entryLine, fileText } from '../../manifest/core/entry-line.ts';
import { GearCutter, PIECE_SIZE_MAX } from '../../manifest/core/gear.ts';
import type { EmitBytes } from '../../manifest/core/list.ts';
import { ChunkTable } from '../../manifest/core/list.ts';
import type { TreeRoot } from '../../manifest/core/page.ts';
import { TreeBuilder } from '../../manifest/core/page.ts';
import type { Taken } from './capture-root.ts';
import type { ObjectWriter } from './object-writer.ts';

const WINDOW_SIZE = 2 * PIECE_SIZE_MAX;
/** Nobody's mode is known for what was never a file: readable by its owner only. */
const MODE = 0o600;
const NS_IN_MS = 1_000_000n;

export interface StreamSource {
  /** Bytes in order. It throws where the command that makes them failed: then there is no snapshot. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly uid: number;
  readonly gid: number;
}

export interface StreamPorts {
  readonly tools: Tools;
  readonly clock: Pick<Clock, 'now'>;
  readonly content: ObjectWriter;
  readonly keepPage: (text: ByteString) => Digest;
  readonly keepList: EmitBytes;
  readonly onTaken: (taken: Taken) => Promise<void>;
}

export async function captureStream(ports: StreamPorts, from: StreamSource): Promise<TreeRoot> {
  const content = await contentOf(ports, from);
  const line = entryLine({
    path: byteString(''),
    type: 'file',
    mode: MODE,
    uid: from.uid,
    gid: from.gid,
    owner: '',
    mtime: BigInt(Math.floor(ports.clock.now())) * NS_IN_MS,
    content: fileText(content),
    xattrs: '',
    isLinked: false,
    marks: '',
  });
  const builder = new TreeBuilder({ emit: ports.keepPage });
  builder.push(byteString(''), line, content.size);
  return builder.finish();
}

async function contentOf(ports: StreamPorts, from: StreamSource): Promise<FileContent> {
  const cutter = new GearCutter(ports.tools.hash);
  const table = new ChunkTable({ emit: ports.keepList });
  const whole = ports.tools.hash.stream();
  const window = new Uint8Array(WINDOW_SIZE);
  let filled = 0;
  let size = 0;
  let pieces = 0;
  const keep = (length: number): void => {
    const piece = window.subarray(0, length);
    whole.update(piece);
    ports.content.room(length).set(piece);
    const digest = ports.tools.hash.sha256(piece);
    ports.content.keep(digest, length);
    table.push(length, digest);
    window.copyWithin(0, length, filled);
    filled -= length;
    size += length;
    pieces += 1;
  };
  for await (const bytes of from.bytes) {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + window.length - filled);
      window.set(part, filled);
      filled += part.length;
      at += part.length;
      while (filled >= PIECE_SIZE_MAX) keep(cutter.nextCut(window.subarray(0, filled), false));
    }
    await ports.onTaken({ entries: 0, bytes: bytes.length });
  }
  if (pieces === 0 && filled <= WHOLE_SIZE_MAX) {
    const sha256 = ports.tools.hash.sha256(window.subarray(0, filled));
    const length = filled;
    if (length > 0) keep(length);
    return { size: BigInt(length), sha256 };
  }
  while (filled > 0) keep(cutter.nextCut(window.subarray(0, filled), true));
  return { size: BigInt(size), sha256: whole.digest(), cut: 'gear-1', ...table.finish() };
}
