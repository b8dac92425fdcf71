/** All names of one directory there, many answers under way at once, and bounded. */
import type { ByteString } from '../../base/bytes.ts';
import { allEnded } from './all-ended.ts';
import type { NamedEntry } from './packet-reader.ts';
import type { Handle } from './packet-writer.ts';
import type { Answer, SftpClient, SftpStatus } from './sftp-client.ts';
import { STATUS } from './sftp-protocol.ts';
import { close, openDirectory, readDirectory } from './sftp-requests.ts';

/** An answer holds a hundred names; so many are asked for at once when it is seen to be long. */
const READS_AT_ONCE_MAX = 64;
const TOO_MANY: SftpStatus = { code: STATUS.badMessage, said: 'it has more names than any vault' };

export interface FolderRequest {
  readonly path: ByteString;
  /** What else is there is counted, and not kept. */
  readonly isWanted: (name: ByteString) => boolean;
  /** How many names may still come, of all kinds; counted down here. */
  readonly budget: { entries: number };
}

export async function readFolder(
  client: SftpClient,
  { path, isWanted, budget }: FolderRequest,
): Promise<Answer<readonly NamedEntry[]>> {
  const opened = await client.request(openDirectory(path));
  if (!opened.ok) return opened;
  const entries: NamedEntry[] = [];
  let refusal: SftpStatus | undefined;
  // The first answer of a short directory is all of it, and the second its end.
  for (let atOnce = 2; refusal === undefined; atOnce = Math.min(2 * atOnce, READS_AT_ONCE_MAX)) {
    const reads = Array.from({ length: atOnce }, () => client.request(readDirectory(opened.value)));
    for (const answer of await allEnded(reads)) {
      if (!answer.ok) {
        refusal ??= answer.error;
        continue;
      }
      budget.entries -= answer.value.length;
      for (const entry of answer.value) if (isWanted(entry.name)) entries.push(entry);
    }
    if (budget.entries < 0) refusal = TOO_MANY;
  }
  closeLater(client, opened.value);
  if (refusal.code !== STATUS.eof) return { ok: false, error: refusal };
  return { ok: true, value: entries };
}

/** Nobody waits for it: what was read is read, and a handle that stays open ends with the link. */
export function closeLater(client: SftpClient, handle: Handle): void {
  client.request(close(handle)).catch(() => undefined); // The link is lost: the next request says so.
}
