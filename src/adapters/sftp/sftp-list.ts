import type { StoredObject } from '../../vault/shell/store.ts';
import { byName, DEPTH_MAX, isObjectName, mayHold } from '../../vault/shell/store-request.ts';
import { inParallel } from '../../vault/shell/in-parallel.ts';
import { allEnded } from './all-ended.ts';
import { type FarPlace, pathIn } from './far-place.ts';
import { type Attributes, kindOf } from './packet-reader.ts';
import type { SftpClient } from './sftp-client.ts';
import { statusFault } from './sftp-fault.ts';
import { readFolder } from './sftp-folder.ts';
import { STATUS } from './sftp-protocol.ts';
import { stat } from './sftp-requests.ts';

export interface ListOptions {
  readonly client: SftpClient;
  readonly place: FarPlace;
  readonly prefix: string;
}

/**
 * Every object whose name begins with `prefix`, sorted. Folders of one level are read together.
 * @throws Fault HF_DISK_ABSENT where the root itself is not there, HF_STORE_*, HF_DISK_*
 */
export async function listObjects(options: ListOptions): Promise<readonly StoredObject[]> {
  const { client, place, prefix } = options;
  const found = new Map<string, number>(); // A directory that changes may tell a name twice.
  const budget = { folders: FOLDERS_MAX, entries: ENTRIES_MAX };
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const collecting = collect({ ...options, found, budget }, { folder, depth: 0 });
  const [root] = await allEnded([client.request(stat(place.root)), collecting]);
  // An empty vault and one that is not mounted look alike below; only one of them is an answer.
  if (!root.ok) throw statusFault(place, place.root, root.error);
  return [...found].map(([name, sizeBytes]) => ({ name, sizeBytes })).sort(byName);
}

interface Collecting extends ListOptions {
  readonly found: Map<string, number>;
  readonly budget: { folders: number; entries: number };
}

/** A vault has a dozen folders; at 32 MiB a pack so many names are 128 TiB. */
const FOLDERS_MAX = 1024;
const ENTRIES_MAX = 2 ** 22;

interface Position {
  /** With a slash at its end; empty at the root. */
  readonly folder: string;
  readonly depth: number;
}

async function collect(of: Collecting, { folder, depth }: Position): Promise<void> {
  const { client, place, found } = of;
  const path = pathIn(place, folder.slice(0, -1));
  of.budget.folders -= 1;
  if (depth > DEPTH_MAX || of.budget.folders < 0) {
    const said = 'directories below it lead into each other';
    throw statusFault(place, path, { code: STATUS.failure, said });
  }
  const isWanted = (segment: string) => isWantedIn(of, folder, segment);
  const answer = await readFolder(client, { path, isWanted, budget: of.budget });
  if (!answer.ok) {
    if (answer.error.code === STATUS.noSuchFile) return; // Or no directory: nothing lies below it.
    throw statusFault(place, path, answer.error);
  }
  await inParallel(answer.value, async ({ name: segment, attributes: told }) => {
    const name = folder + segment;
    const attributes = isPlain(told) ? told : await followed(of, name);
    if (attributes === undefined) return;
    const kind = kindOf(attributes);
    if (kind === 'directory') await collect(of, { folder: `${name}/`, depth: depth + 1 });
    if (kind === 'file' && name.startsWith(of.prefix)) found.set(name, attributes.sizeBytes ?? 0);
  });
}

/** What has another form is none of ours (`lost+found`, `.nfs...`); `tmp` is none either. */
function isWantedIn({ prefix }: Collecting, folder: string, segment: string): boolean {
  const name = folder + segment;
  return !segment.includes('/') && isObjectName(name) && mayHold(name, prefix);
}

/** Enough is known of it: it is no symbolic link, and a file has a size. */
function isPlain(attributes: Attributes): boolean {
  const kind = kindOf(attributes);
  return kind === 'directory' || (kind === 'file' && attributes.sizeBytes !== undefined);
}

/** What a link leads to; undefined where that is nothing. */
async function followed(
  { client, place }: Collecting,
  name: string,
): Promise<Attributes | undefined> {
  const path = pathIn(place, name);
  const answer = await client.request(stat(path));
  if (answer.ok) return answer.value;
  if (answer.error.code === STATUS.noSuchFile) return undefined;
  throw statusFault(place, path, answer.error);
}
