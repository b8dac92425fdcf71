/**
 * The part of a backup that stores: keys of the run, ids the vault has, pages and lists, and at the
 * end the index. It begins when there is something to store; an unchanged tree never begins it.
 */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { hexOf } from '../../base/bytes.ts';
import type { EmitBytes } from '../../manifest/core/list.ts';
import { referencesOfList, referencesOfPage } from '../../manifest/core/references.ts';
import { makeDataKey, type SealedDataKey } from '../core/data-keys.ts';
import { IdTable } from '../core/id-table.ts';
import type { IndexBuilder } from '../core/index-builder.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import type { VaultContents } from './backup-request.ts';
import type { Crew } from './crew.ts';
import type { CaptureOptions } from './capture-work.ts';
import type { HeldIds } from './held-ids.ts';
import { ObjectWriter } from './object-writer.ts';
import type { Vault } from './open-vault.ts';

/** Ids that a run may add before the table grows: by as many again, since most runs are small. */
const IDS_FIRST = 1 << 18;
const IDS_GROWTH_MAX = 1 << 20;

export interface BackupRunPorts {
  readonly vault: Vault;
  readonly crew: Crew;
  /** What the vault holds. Indexes of packs that none names are of a run that was killed. */
  readonly contents: Pick<VaultContents, 'ids' | 'held' | 'rebuilt'>;
}

export class BackupRun {
  readonly #ports: BackupRunPorts;
  readonly #ids: IdTable;
  #held: HeldIds | undefined;
  readonly #names: ObjectWriter;
  /** For content that no worker reads: what comes from a pipe. */
  readonly content: ObjectWriter;
  readonly namesKey: SealedDataKey;
  #idsAdded = IDS_FIRST;
  #anew: Set<Digest> | undefined;
  /** Bytes that the vault did not have; known at the end. */
  newBytes = 0;

  constructor(ports: BackupRunPorts, options: CaptureOptions) {
    this.#ports = ports;
    const { vault, crew, contents } = ports;
    const { tools, keyring } = vault;
    this.#held = contents.held;
    const ids = new IdTable(contents.ids, contents.held);
    this.#ids = ids;
    ids.grow(IDS_FIRST);
    this.namesKey = makeDataKey(tools, keyring, NAMES);
    const contentKey = makeDataKey(tools, keyring, CONTENT);
    const held = contents.held?.share;
    crew.begin({ idKey: keyring.idKey, contentKey, idBuffers: ids.buffers, held, options });
    const writing = { tools, idOf: vault.idOf, ids, sink: crew.sink };
    this.#names = new ObjectWriter(writing, NAMES, this.namesKey);
    this.content = new ObjectWriter(writing, CONTENT, contentKey);
  }

  /** From here on pages and lists are stored whether the vault has them or not, each once. */
  storeNamesAnew(): void {
    this.#anew = new Set();
  }

  keepPage(text: ByteString): Digest {
    const { tools, idOf } = this.#ports.vault;
    return this.#keepNames(tools.codec.bytesOf(text), () =>
      referencesOfPage(text).map(({ kind, digest }) => idOf(kind, digest)),
    );
  }

  readonly keepList: EmitBytes = (bytes, depth) => {
    const { idOf } = this.#ports.vault;
    return this.#keepNames(bytes, () =>
      depth === 0
        ? []
        : referencesOfList(bytes, depth).map(({ kind, digest }) => idOf(kind, digest)),
    );
  };

  #keepNames(bytes: Uint8Array, references: () => readonly Digest[]): Digest {
    if (this.#anew === undefined) return this.#names.put(bytes, references);
    const digest = this.#ports.vault.tools.hash.sha256(bytes);
    if (this.#anew.has(digest)) return digest;
    this.#anew.add(digest);
    return this.#names.putAnew(bytes, references);
  }

  /**
   * To be called now and then: a crowded table lets a chunk be stored twice, and what an index will say fills
   * memory until it is put.
   */
  async tidy(): Promise<void> {
    this.#growIds();
    await this.#putIndexes(this.#ports.crew.takeFullIndexes());
  }

  #growIds(): void {
    const { crew } = this.#ports;
    this.#loadHeld();
    if (!this.#ids.isCrowded) return;
    const more = Math.min(this.#idsAdded, IDS_GROWTH_MAX);
    this.#idsAdded += more;
    crew.addSegment(this.#ids.grow(more));
  }

  /** Each id that was claimed was looked for in place. */
  #loadHeld(): void {
    if (this.#held === undefined || this.#ids.idCount < this.#held.share.looksMax) return;
    const buffer = this.#held.load();
    this.#held = undefined;
    // What cannot be read is asked in place as before.
    if (buffer === undefined) return;
    this.#ids.takeHeld(buffer);
    this.#ports.crew.takeHeld(buffer);
  }

  /** Everything that was kept is durable when this resolves, and an index names it. */
  async finish(): Promise<{ readonly storedBytes: number }> {
    this.#names.finish();
    this.content.finish();
    const { packs, newBytes } = await this.#ports.crew.finish();
    this.newBytes = newBytes + this.#names.newBytes + this.content.newBytes;
    for (const index of this.#ports.contents.rebuilt) await this.#putIndex(index);
    await this.#putIndexes(packs.takeIndexes());
    return { storedBytes: packs.sizeBytes };
  }

  /** All that they name is durable. */
  async #putIndexes(indexes: Iterable<IndexBuilder>): Promise<void> {
    const { codec } = this.#ports.vault.tools;
    for (const index of indexes) await this.#putIndex(index.encode(codec));
  }

  async #putIndex(bytes: Uint8Array): Promise<void> {
    const { tools, store } = this.#ports.vault;
    const digest = tools.hash.sha256(bytes);
    await store.putIfAbsent(`index/${hexOf(digest)}`, bytes, digest);
  }
}
