/**
 * One object, by a protocol that has neither transactions nor an order among files. Each step and
 * where its answer is waited for is the promise of this file: S1 to S9 of
 * docs/design/010-sftp-store.md, each with what is lost without it.
 */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { TEMPORARY } from '../../vault/shell/store-request.ts';
import { parentOf } from '../node/disk-make-dir.ts';
import { allEnded } from './all-ended.ts';
import { type FarPlace, pathIn } from './far-place.ts';
import { type Attributes, kindOf } from './packet-reader.ts';
import type { Handle } from './packet-writer.ts';
import type { Answer, SftpClient } from './sftp-client.ts';
import type { FarDirectory, SftpDirectories } from './sftp-directories.ts';
import { fullFault, isFullFor, statusFault } from './sftp-fault.ts';
import { closeLater } from './sftp-folder.ts';
import { EXTENSION, STATUS } from './sftp-protocol.ts';
import {
  close,
  fstat,
  fsync,
  hardlink,
  openToCreate,
  remove,
  rename,
  stat,
  statvfs,
} from './sftp-requests.ts';
import type { SftpTransfer } from './sftp-transfer.ts';

export interface PutPorts {
  readonly client: SftpClient;
  readonly place: FarPlace;
  readonly transfer: SftpTransfer;
  readonly directories: SftpDirectories;
  readonly offers: (extension: string) => boolean;
  readonly temporaryName: () => string;
}

export interface PutRequest {
  /** Of the object, and of the directory that holds it. */
  readonly target: ByteString;
  readonly directory: ByteString;
  readonly bytes: Uint8Array;
}

interface Temporary {
  readonly path: ByteString;
  readonly opened: Answer<Handle>;
}

interface UnderWay {
  readonly sizeBytes: number;
  /** The most that was under way at once, this one counted in, since it began. */
  peakBytes: number;
}

export class SftpPut {
  readonly #ports: PutPorts;
  readonly #underWay = new Set<UnderWay>();

  constructor(ports: PutPorts) {
    this.#ports = ports;
  }

  /** @throws Fault; then nothing lies under the name that was not whole and synced */
  async run(request: PutRequest): Promise<'stored' | 'present'> {
    const { place, temporaryName } = this.#ports;
    const temporary = pathIn(place, `${TEMPORARY}/${temporaryName()}`); // S1
    const own = this.#begin(request.bytes.length);
    try {
      return await this.#put(temporary, request);
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      throw await this.#giveUp(temporary, own, cause);
    } finally {
      this.#underWay.delete(own);
    }
  }

  #begin(sizeBytes: number): UnderWay {
    const own = { sizeBytes, peakBytes: 0 };
    this.#underWay.add(own);
    let totalBytes = 0;
    for (const each of this.#underWay) totalBytes += each.sizeBytes;
    for (const each of this.#underWay) each.peakBytes = Math.max(each.peakBytes, totalBytes);
    return own;
  }

  async #put(path: ByteString, request: PutRequest): Promise<'stored' | 'present'> {
    const { client, directories } = this.#ports;
    const { target, bytes } = request;
    const ensured = directories.ensure(request.directory); // Also for what is present: S7.
    const [there, temporary] = await allEnded([
      client.request(stat(target)),
      this.#openTemporary(path),
    ]);
    if (this.#isFile(target, there)) {
      if (temporary.opened.ok) closeLater(client, temporary.opened.value);
      await this.#finish(await ensured, path); // S5: who published it may not have come so far.
      return 'present';
    }
    const [directory] = await allEnded([ensured, this.#fill(temporary, bytes)]);
    const published = await this.#publish(path, target);
    await this.#finish(directory, path); // S4
    return published;
  }

  /** In the first round trip, before it is known that `tmp` is there. */
  async #openTemporary(path: ByteString): Promise<Temporary> {
    const { client, directories } = this.#ports;
    const opened = await client.request(openToCreate(path));
    if (opened.ok || opened.error.code !== STATUS.noSuchFile) return { path, opened };
    await directories.ensure(parentOf(path));
    return { path, opened: await client.request(openToCreate(path)) };
  }

  /** Writes, syncs and closes in one round trip. Each answer is looked at: S8. */
  async #fill({ path, opened }: Temporary, bytes: Uint8Array): Promise<void> {
    const { client, transfer, place, offers } = this.#ports;
    if (!opened.ok) throw statusFault(place, path, opened.error);
    const handle = opened.value;
    const { written } = await transfer.send(handle, bytes);
    const [wrote, synced, attributes, closed] = await allEnded([
      written,
      offers(EXTENSION.fsync) ? client.request(fsync(handle)) : written, // S2
      client.request(fstat(handle)),
      client.request(close(handle)),
    ]);
    for (const answer of [wrote, synced, attributes, closed]) {
      if (!answer.ok) throw statusFault(place, path, answer.error); // S8
    }
    const size = attributes.ok ? attributes.value.sizeBytes : undefined;
    if (size === undefined || size === bytes.length) return;
    throw this.#fault(path, `it has ${size} bytes and not ${bytes.length}`); // S9
  }

  /** Only now does it get its name, and only if nobody has that: S3. */
  async #publish(from: ByteString, to: ByteString): Promise<'stored' | 'present'> {
    const { client, place, offers } = this.#ports;
    if (offers(EXTENSION.hardlink)) {
      const linked = await client.request(hardlink(from, to));
      if (linked.ok) return 'stored';
      // A name that is taken and a file system without hard links are one and the same failure.
      if (this.#isFile(to, await client.request(stat(to)))) return 'present';
    }
    const renamed = await client.request(rename(from, to));
    if (renamed.ok) return 'stored';
    if (this.#isFile(to, await client.request(stat(to)))) return 'present';
    throw statusFault(place, to, renamed.error);
  }

  /** The answer of the directory is waited for; a file that stays in `tmp` harms nobody. */
  async #finish(directory: FarDirectory, temporary: ByteString): Promise<void> {
    const { client, directories } = this.#ports;
    await allEnded([directories.sync(directory), client.request(remove(temporary))]);
  }

  #isFile(path: ByteString, answer: Answer<Attributes>): boolean {
    if (answer.ok) {
      if ((kindOf(answer.value) ?? 'file') === 'file') return true;
      throw this.#fault(path, 'it is no file');
    }
    if (answer.error.code === STATUS.noSuchFile) return false;
    throw statusFault(this.#ports.place, path, answer.error);
  }

  /**
   * Removes what was begun. SFTP has no word for a full disk: a failure is one where there is less
   * room than all that was under way with it needed: another that failed may be removed by now.
   */
  async #giveUp(temporary: ByteString, own: UnderWay, why: Fault): Promise<Fault> {
    const { client, place, offers } = this.#ports;
    const canTell = why.code === 'HF_STORE_FAILED' && offers(EXTENSION.statvfs);
    try {
      const space = canTell ? client.request(statvfs(place.root)) : undefined;
      const [answer] = await allEnded([space, client.request(remove(temporary))]);
      const isFull = answer?.ok === true && isFullFor(answer.value, own.peakBytes);
      return isFull ? fullFault(place, why) : why;
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      return why; // The link is lost meanwhile. A sweep removes it another day.
    }
  }

  #fault(path: ByteString, said: string): Fault {
    return statusFault(this.#ports.place, path, { code: STATUS.failure, said });
  }
}
