/**
 * The directories of a store, each made once in a session and kept open, so that syncing one costs
 * one request. S6 and S7 of docs/design/010-sftp-store.md.
 */
import type { ByteString } from '../../base/bytes.ts';
import type { Fault } from '../../base/fault.ts';
import { parentOf } from '../node/disk-make-dir.ts';
import { allEnded } from './all-ended.ts';
import type { FarPlace } from './far-place.ts';
import { kindOf } from './packet-reader.ts';
import type { Handle } from './packet-writer.ts';
import type { Answer, SftpClient } from './sftp-client.ts';
import { statusFault } from './sftp-fault.ts';
import { STATUS } from './sftp-protocol.ts';
import { fsync, makeDirectory, openToRead, stat } from './sftp-requests.ts';

export interface FarDirectory {
  readonly path: ByteString;
  /** Open for syncing; undefined where it may not be read. */
  readonly handle: Handle | undefined;
}

export interface DirectoriesOptions {
  readonly client: SftpClient;
  readonly place: FarPlace;
  /** Whether the server syncs directories; without it nothing here is durable, and is not promised. */
  readonly canSync: boolean;
}

export class SftpDirectories {
  readonly #client: SftpClient;
  readonly #place: FarPlace;
  readonly #canSync: boolean;
  readonly #ready = new Map<ByteString, Promise<FarDirectory>>();

  constructor({ client, place, canSync }: DirectoriesOptions) {
    this.#client = client;
    this.#place = place;
    this.#canSync = canSync;
  }

  /**
   * Makes a directory of the store, or finds it, and makes it durable with all between it and the
   * root. What failed is tried again by the next who asks.
   * @throws Fault
   */
  ensure(path: ByteString): Promise<FarDirectory> {
    const known = this.#ready.get(path);
    if (known !== undefined) return known;
    const ready = this.#make(path);
    this.#ready.set(path, ready);
    ready.catch(() => this.#ready.delete(path));
    return ready;
  }

  /** Names in it are durable when this resolves. @throws Fault */
  async sync({ path, handle }: FarDirectory): Promise<void> {
    if (!this.#canSync) return;
    if (handle === undefined) throw this.#fault(path, 'it may not be opened to be made durable');
    const answer = await this.#client.request(fsync(handle));
    // EINVAL comes as BAD_MESSAGE: such file systems have nothing that waits (docs/design/003).
    if (answer.ok || answer.error.code === STATUS.badMessage) return;
    throw statusFault(this.#place, path, answer.error);
  }

  async #make(path: ByteString): Promise<FarDirectory> {
    if (path === this.#place.root) return this.#makeWithParents(path);
    // Sent before the parent is known to be there: where it is, this saves a round trip.
    const trial = this.#client.request(makeDirectory(path));
    const [first, above] = await allEnded([trial, this.ensure(parentOf(path))]);
    const isTooEarly = !first.ok && first.error.code === STATUS.noSuchFile;
    const made = isTooEarly ? await this.#client.request(makeDirectory(path)) : first;
    return this.#settle(path, made, above);
  }

  /**
   * Above the root each is durable before the next is made: nobody comes back to sync it. So only
   * the deepest that was found may be waiting for its sync.
   */
  async #makeWithParents(path: ByteString): Promise<FarDirectory> {
    const parent = parentOf(path);
    const [there, found] = await allEnded([this.#client.request(stat(path)), this.#open(parent)]);
    const isMissing = !there.ok && there.error.code === STATUS.noSuchFile && parent !== path;
    if (!isMissing) {
      const handle = found.ok ? found.value : undefined;
      return this.#settle(path, undefined, { path: parent, handle });
    }
    const above = await this.#makeWithParents(parent);
    return this.#settle(path, await this.#client.request(makeDirectory(path)), above);
  }

  /**
   * Made or found, its name is made durable: who made it may have been killed before (S7). One that
   * was found in a directory that may not be read is believed.
   */
  async #settle(
    path: ByteString,
    made: Answer<undefined> | undefined,
    above: FarDirectory,
  ): Promise<FarDirectory> {
    const isNew = made?.ok === true;
    const [attributes, opened] = await allEnded([
      this.#client.request(stat(path)),
      this.#open(path),
      isNew || above.handle !== undefined ? this.sync(above) : undefined,
    ]);
    if (!attributes.ok) {
      const refusal = made?.ok === false ? made.error : attributes.error;
      throw statusFault(this.#place, path, refusal);
    }
    const kind = kindOf(attributes.value) ?? 'directory';
    if (kind !== 'directory') throw this.#fault(path, 'it is no directory');
    return { path, handle: opened.ok ? opened.value : undefined };
  }

  #open(path: ByteString): Promise<Answer<Handle>> {
    return this.#client.request(openToRead(path));
  }

  #fault(path: ByteString, said: string): Fault {
    return statusFault(this.#place, path, { code: STATUS.failure, said });
  }
}
