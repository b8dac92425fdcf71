/** A vault behind any SSH server: SFTP version 3 and what OpenSSH adds to it. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Tools } from '../../host/tools.ts';
import type { ByteRange, StoredObject, StorePromises } from '../../vault/shell/store.ts';
import { checkName, checkPrefix, checkRange, TEMPORARY } from '../../vault/shell/store-request.ts';
import { isLeftOver, temporaryName } from '../../vault/shell/temporary-name.ts';
import { isCopyName } from '../../watch/core/pages-copy/copy-name.ts';
import { parentOf } from '../node/disk-make-dir.ts';
import type { RemoteLink, RemoteSpace, RemoteStore } from '../ssh/remote-store.ts';
import { allEnded } from './all-ended.ts';
import { type FarPlace, farPlace, pathIn } from './far-place.ts';
import { SftpClient } from './sftp-client.ts';
import { SftpDirectories } from './sftp-directories.ts';
import { statusFault } from './sftp-fault.ts';
import { closeLater, readFolder } from './sftp-folder.ts';
import { listObjects } from './sftp-list.ts';
import { EXTENSION, STATUS } from './sftp-protocol.ts';
import { SftpPut } from './sftp-put.ts';
import {
  fsync,
  LIMITS_DEFAULT,
  limits,
  openToRead,
  remove,
  type ServerLimits,
  statvfs,
} from './sftp-requests.ts';
import { SftpTransfer } from './sftp-transfer.ts';

export interface SftpStoreOptions {
  /** `/absolute`, or `~/below the directory in which the server begins`. */
  readonly path: ByteString;
  /** The place for people, as `ssh://host/path`. */
  readonly where: string;
  readonly tools: Pick<Tools, 'random'>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface SftpStore extends RemoteStore {
  readonly kind: 'sftp';
  /** Removes what puts that were killed left more than a day before `now`; returns how many. */
  sweepTemporary(now: UnixMs): Promise<number>;
}

/** Killed puts leave one each. */
const SWEEP_MAX = 100_000;

const SAYS =
  'Whoever holds this SSH key can delete or change what lies there; append-only needs ' +
  '`holdfast vault stdio` on that machine.';

/**
 * A store over a link on which INIT was sent and VERSION not yet read. Closes the link when it
 * throws.
 * @throws Fault HF_SFTP_PROTOCOL, HF_STORE_LINK_LOST and what else the link fails with
 */
export async function sftpStore(link: RemoteLink, options: SftpStoreOptions): Promise<SftpStore> {
  const place = farPlace(options.where, options.path);
  try {
    const { client, extensions } = await SftpClient.begin(link, place.where);
    const [serverLimits, canSyncDirectories] = await allEnded([
      extensions.has(EXTENSION.limits) ? askLimits(client, place) : LIMITS_DEFAULT,
      extensions.has(EXTENSION.fsync) ? canSync(client, place.root) : false,
    ]);
    const session = { client, place, extensions, serverLimits, canSyncDirectories };
    return new Store(session, options);
  } catch (cause) {
    await link.close();
    throw cause;
  }
}

async function askLimits(client: SftpClient, place: FarPlace): Promise<ServerLimits> {
  const answer = await client.request(limits());
  if (answer.ok) return answer.value;
  throw statusFault(place, place.root, answer.error);
}

/** Whether a directory can be opened and synced there, tried with the root or what it will lie in. */
async function canSync(client: SftpClient, root: ByteString): Promise<boolean> {
  for (let path = root; ; path = parentOf(path)) {
    const opened = await client.request(openToRead(path));
    if (opened.ok) {
      const synced = await client.request(fsync(opened.value));
      closeLater(client, opened.value);
      return synced.ok;
    }
    const isAbove = opened.error.code === STATUS.noSuchFile && parentOf(path) !== path;
    if (!isAbove) return false;
  }
}

interface Session {
  readonly client: SftpClient;
  readonly place: FarPlace;
  readonly extensions: ReadonlyMap<string, string>;
  readonly serverLimits: ServerLimits;
  readonly canSyncDirectories: boolean;
}

class Store implements SftpStore {
  readonly kind = 'sftp';
  readonly says = SAYS;
  readonly promises: StorePromises;
  readonly #client: SftpClient;
  readonly #place: FarPlace;
  readonly #offers: (extension: string) => boolean;
  readonly #transfer: SftpTransfer;
  readonly #put: SftpPut;

  constructor(session: Session, options: SftpStoreOptions) {
    const { client, place, extensions, canSyncDirectories: canSync } = session;
    this.#client = client;
    this.#place = place;
    this.#offers = (extension) => extensions.has(extension);
    // Reading back would prove the far page cache, and ssh has authenticated each byte on the line.
    this.promises = { durable: canSync, digest: 'none' };
    this.#transfer = new SftpTransfer(client, session.serverLimits);
    this.#put = new SftpPut({
      client,
      place,
      transfer: this.#transfer,
      directories: new SftpDirectories({ client, place, canSync }),
      offers: this.#offers,
      temporaryName: () => temporaryName(options.tools.random, options.clock.now()),
    });
  }

  async putIfAbsent(
    name: string,
    bytes: Uint8Array,
    _sha256: Digest,
  ): Promise<'stored' | 'present'> {
    checkName(name);
    const target = pathIn(this.#place, name);
    const directory = pathIn(this.#place, name.slice(0, Math.max(0, name.lastIndexOf('/'))));
    return this.#put.run({ target, directory, bytes });
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array> {
    checkName(name);
    checkRange(range);
    const path = pathIn(this.#place, name);
    const opened = await this.#client.request(openToRead(path));
    if (!opened.ok) {
      const cause = statusFault(this.#place, path, opened.error);
      if (opened.error.code !== STATUS.noSuchFile) throw cause;
      throw new Fault('HF_STORE_ABSENT', `no object ${name}`, { name }, { cause });
    }
    const answer = await this.#transfer.fetch(opened.value, range);
    closeLater(this.#client, opened.value);
    if (answer.ok) return answer.value;
    throw statusFault(this.#place, path, answer.error);
  }

  async list(prefix: string): Promise<readonly StoredObject[]> {
    checkPrefix(prefix);
    return listObjects({ client: this.#client, place: this.#place, prefix });
  }

  /** Of the root, or of what it will lie in. */
  async space(): Promise<RemoteSpace | undefined> {
    if (!this.#offers(EXTENSION.statvfs)) return undefined;
    for (let path = this.#place.root; ; path = parentOf(path)) {
      const answer = await this.#client.request(statvfs(path));
      if (answer.ok) {
        const { freeBytes, totalBytes } = answer.value;
        return { freeBytes, totalBytes };
      }
      const isAbove = answer.error.code === STATUS.noSuchFile && parentOf(path) !== path;
      if (!isAbove) throw statusFault(this.#place, path, answer.error);
    }
  }

  async forgetCopy(name: string): Promise<void> {
    if (!isCopyName(name)) throw new Fault('HF_STORE_NAME', `${name} is no copy`, { name });
    const path = pathIn(this.#place, name);
    const answer = await this.#client.request(remove(path));
    const isGone = answer.ok || answer.error.code === STATUS.noSuchFile;
    if (!isGone) throw statusFault(this.#place, path, answer.error);
  }

  async sweepTemporary(now: UnixMs): Promise<number> {
    const path = pathIn(this.#place, TEMPORARY);
    const isWanted = (name: ByteString) => isLeftOver(name, now);
    const budget = { entries: SWEEP_MAX };
    const left = await readFolder(this.#client, { path, isWanted, budget });
    if (!left.ok) {
      if (left.error.code === STATUS.noSuchFile) return 0;
      throw statusFault(this.#place, path, left.error);
    }
    const removals = left.value.map(({ name }) =>
      this.#client.request(remove(pathIn(this.#place, `${TEMPORARY}/${name}`))),
    );
    // What cannot be removed now is looked at again another day.
    return (await allEnded(removals)).filter(({ ok }) => ok).length;
  }

  bytesMoved(): number | undefined {
    return this.#client.bytesMoved;
  }

  roundTrips(): number {
    return this.#client.roundTrips;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
