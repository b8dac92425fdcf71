/**
 * One file of a snapshot on its way to a browser. It goes through the memory of the server, a part at a
 * time, and is never written down. What did not come whole is broken off, so that nobody takes it
 * for whole: the last part goes out when length and digest were right.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Reply } from '../../adapters/http/api-routes.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { attachmentName } from '../../watch/core/files/attachment-name.ts';
import type { ContentAnswer } from '../../watch/core/files/wants.ts';
import { PART_WAIT_MS } from '../../watch/core/files/wants.ts';
import { auditOf } from './answers-act.ts';
import type { Answering } from './files-desk.ts';
import { type FilesAsker, openFiles, throughOf } from './files-reading.ts';
import type { Served } from './served.ts';

const DOWNLOAD_MAX = 4 * 2 ** 30;
const NAME_SHOWN_MAX = 300;

export interface DownloadAsked extends FilesAsker {
  readonly through: string | undefined;
  readonly snapshot: string;
  readonly path: ByteString;
}

/** Written into the log before a byte goes out. @throws Fault HF_FILES_AWAY, HF_FILES_BROKEN, HF_API_BUSY */
export async function downloadOf(served: Served, asked: DownloadAsked): Promise<Reply<string>> {
  const through = throughOf(served, asked);
  const { host, own } = through;
  const { snapshot, path, caller, from } = asked;
  const bytesMax = served.config.server?.['download-max'] ?? DOWNLOAD_MAX;
  const want = { want: 'content' as const, own, snapshot, path, bytesMax };
  const { answer, answering } = await openFiles(served, through, want);
  try {
    if (answer.size > bytesMax) {
      const message = `the file has ${answer.size} bytes; ${bytesMax} are the most that are handed out`;
      throw new Fault('HF_FILES_TOO_LARGE', message, { limit: bytesMax });
    }
    const { dataSet } = answer.snapshot;
    const detail = {
      ...{ through: host, of: answer.snapshot.host, dataSet: dataSet.slice(0, 200) },
      ...{ snapshot, path: utf8Of(path).slice(0, NAME_SHOWN_MAX), bytes: answer.size },
    };
    const audit = auditOf(served, { act: 'content-read', subject: host, caller, from, detail });
    await served.writer.alone(() => served.state.commit([audit]));
  } catch (error) {
    answering.close();
    throw error;
  }
  return { stream: (response) => sendWhole({ answer, answering, response }) };
}

interface Sending {
  readonly answer: ContentAnswer;
  readonly answering: Answering;
  readonly response: ServerResponse;
}

async function sendWhole(of: Sending): Promise<void> {
  const { answer, answering, response } = of;
  const gone = (): void => answering.close();
  response.on('close', gone);
  response.on('error', gone);
  try {
    response.writeHead(200, headersOf(answer));
    await parts(of);
    response.end();
  } finally {
    answering.close();
  }
}

/** @throws Fault HF_FILES_BROKEN where it is longer, shorter or another than was said */
async function parts({ answer, answering, response }: Sending): Promise<void> {
  const digest = createHash('sha256');
  let held: Uint8Array | undefined;
  let size = 0;
  for (;;) {
    const { bytes, isLast, sha256 } = await answering.next();
    size += bytes.length;
    digest.update(bytes);
    if (size > answer.size) throw wrong('it is longer than it was said to be');
    if (held !== undefined) await written(response, held);
    held = bytes;
    if (!isLast) continue;
    const found = digest.digest('hex');
    if (size !== answer.size) throw wrong('it is shorter than it was said to be');
    if (sha256 !== found) throw wrong('it is not what was sent');
    if (answer.sha256 !== null && answer.sha256 !== found) throw wrong('its digest is another');
    await written(response, held);
    return;
  }
}

/** As fast as it is read; whoever reads nothing for a minute is hung up on. */
async function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (response.destroyed) throw wrong('nobody reads it any more');
  if (bytes.length === 0 || response.write(bytes)) return;
  const limit = AbortSignal.timeout(PART_WAIT_MS);
  const closed = new AbortController();
  const close = (): void => closed.abort();
  response.once('close', close);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([limit, closed.signal]) });
  } catch {
    throw wrong('nobody reads it any more');
  } finally {
    response.off('close', close);
  }
}

function wrong(why: string): Fault {
  return new Fault('HF_FILES_BROKEN', `a download was broken off: ${why}`, { host: 'the host' });
}

/** Nothing of it is shown or run in a page of ours. */
function headersOf({ path, size, sha256 }: ContentAnswer): Readonly<Record<string, string>> {
  const digest = sha256 === null ? {} : { 'repr-digest': `sha-256=:${base64(sha256)}:` };
  return {
    ...{ 'content-type': 'application/octet-stream', 'content-length': String(size) },
    'content-disposition': attachmentName(path),
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    ...digest,
  };
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
