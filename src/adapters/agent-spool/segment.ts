/** Lines of a segment of the spool, to and from bytes: docs/format/agent-spool.md. */
import { hexOf } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';
import type { KeptRecord } from '../../watch/shell/agent/agent-ports.ts';
import { agentRecord } from '../../wire/agent/messages.ts';

const CHECK_LENGTH = 16;
const LF = 10;

type SegmentTools = Pick<Tools, 'codec' | 'hash'>;

interface SegmentRead {
  readonly records: readonly { readonly record: KeptRecord; readonly line: Uint8Array }[];
  /** Lines before the last good one that do not hold. */
  readonly damagedCount: number;
}

export function segmentLine(tools: SegmentTools, record: KeptRecord): Uint8Array {
  const json = Buffer.from(JSON.stringify(record), 'utf8');
  return Buffer.concat([Buffer.from(`${checkOf(tools, json)} `, 'latin1'), json, Buffer.of(LF)]);
}

export function readSegment(tools: SegmentTools, bytes: Uint8Array): SegmentRead {
  const records: { record: KeptRecord; line: Uint8Array }[] = [];
  let damagedCount = 0;
  let bad = 0;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LF, start);
    const line = bytes.slice(start, end === -1 ? bytes.length : end + 1);
    start += line.length;
    const record = end === -1 ? undefined : recordOf(tools, line.subarray(0, -1));
    if (record === undefined) {
      bad += 1;
      continue;
    }
    records.push({ record, line });
    damagedCount += bad;
    bad = 0;
  }
  return { records, damagedCount };
}

function recordOf(tools: SegmentTools, line: Uint8Array): KeptRecord | undefined {
  const json = line.subarray(CHECK_LENGTH + 1);
  const head = Buffer.from(line.subarray(0, CHECK_LENGTH + 1)).toString('latin1');
  if (head !== `${checkOf(tools, json)} `) return undefined;
  const parsed = agentRecord.safeParse(parseJson(Buffer.from(json).toString('utf8')));
  if (!parsed.success || parsed.data.t === 'seen') return undefined;
  return parsed.data;
}

function checkOf({ hash }: SegmentTools, json: Uint8Array): string {
  return hexOf(hash.sha256(json)).slice(0, CHECK_LENGTH);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Its check held: somebody else wrote it. It is no record of ours.
  }
}
