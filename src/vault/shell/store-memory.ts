/**
 * A store in memory that behaves as S3 does: strong read-after-write, put if absent by a condition
 * on the request, lists in pages, digest checked and returned. Underneath stands a bucket with
 * requests and answers, so that the code above it meets what it will meet there.
 */
import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Hash } from '../../host/hash.ts';
import type { ByteRange, CollectorStore, StoredObject } from './store.ts';
import { checkName, checkPrefix, checkRange } from './store-request.ts';

export interface MemoryStoreOptions {
  readonly hash: Hash;
  /** Names of one page of a list; S3 has 1000. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 1000;

export function memoryStore({ hash, pageSize = PAGE_SIZE }: MemoryStoreOptions): CollectorStore {
  const bucket = new Bucket(hash, pageSize);
  return {
    promises: { durable: false, digest: 'returned' },

    async putIfAbsent(name: string, bytes: Uint8Array, sha256: Digest) {
      checkName(name);
      const answer = await bucket.put({ key: name, body: bytes.slice(), sha256 });
      if (answer === 'precondition failed') return 'present';
      if (answer === 'bad digest') {
        throw new Fault('HF_STORE_CORRUPT', `${name} arrived with another digest`, { name });
      }
      return 'stored';
    },

    async get(name: string, range?: ByteRange) {
      checkName(name);
      checkRange(range);
      const body = await bucket.get(name);
      if (body === undefined) throw new Fault('HF_STORE_ABSENT', `no object ${name}`, { name });
      // S3 answers 416 to a range that begins at the end: for us that is nothing left to read.
      return range === undefined ? body : body.slice(range.offset, range.offset + range.length);
    },

    async list(prefix: string) {
      checkPrefix(prefix);
      const found: StoredObject[] = [];
      let after: string | undefined;
      do {
        const page = await bucket.list(prefix, after);
        found.push(...page.objects);
        after = page.isTruncated ? page.objects.at(-1)?.name : undefined;
      } while (after !== undefined);
      return found;
    },

    async delete(names: readonly string[]) {
      for (const name of names) {
        checkName(name);
        await bucket.delete(name);
      }
    },
  };
}

interface PutRequest {
  readonly key: string;
  readonly body: Uint8Array;
  readonly sha256: Digest;
}

interface Page {
  readonly objects: readonly StoredObject[];
  readonly isTruncated: boolean;
}

/** Every request is on its way for a moment, and takes effect at one instant. */
class Bucket {
  readonly #objects = new Map<string, Uint8Array>();
  readonly #hash: Hash;
  readonly #pageSize: number;

  constructor(hash: Hash, pageSize: number) {
    assert(pageSize >= 1, 'a page holds a name');
    this.#hash = hash;
    this.#pageSize = pageSize;
  }

  /** As `PutObject` with `If-None-Match: *` and a checksum. */
  async put(request: PutRequest): Promise<'done' | 'precondition failed' | 'bad digest'> {
    await arrival();
    if (this.#hash.sha256(request.body) !== request.sha256) return 'bad digest';
    if (this.#objects.has(request.key)) return 'precondition failed';
    this.#objects.set(request.key, request.body);
    return 'done';
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await arrival();
    return this.#objects.get(key)?.slice();
  }

  /** As `DeleteObject`: of what is not there too. */
  async delete(key: string): Promise<void> {
    await arrival();
    this.#objects.delete(key);
  }

  /** As `ListObjectsV2`: what is put between two pages may be missed or seen. */
  async list(prefix: string, after = ''): Promise<Page> {
    await arrival();
    const names = [...this.#objects.keys()]
      .filter((name) => name.startsWith(prefix) && name > after)
      .sort();
    const objects = names.slice(0, this.#pageSize).map((name) => {
      return { name, sizeBytes: this.#objects.get(name)?.length ?? 0 };
    });
    return { objects, isTruncated: names.length > this.#pageSize };
  }
}

async function arrival(): Promise<void> {
  await Promise.resolve();
}
