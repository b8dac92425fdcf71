import type { Digest } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import type { ByteRange, CollectorStore, StoredObject } from '../../src/vault/shell/store.ts';

/** A store whose objects a test can reach, to damage and remove them, and to stop it at a put. */
export class OpenStore implements CollectorStore {
  readonly promises = { durable: true, digest: 'none' } as const;
  readonly objects = new Map<string, Uint8Array>();
  /** How many more puts succeed before the machine dies. */
  putsLeft = Number.POSITIVE_INFINITY;

  async putIfAbsent(name: string, bytes: Uint8Array, _sha256: Digest) {
    if (this.putsLeft-- <= 0) throw new Fault('HF_DISK_FULL', 'the machine died');
    if (this.objects.has(name)) return 'present';
    this.objects.set(name, Uint8Array.from(bytes));
    return 'stored';
  }

  async get(name: string, range?: ByteRange) {
    const bytes = this.objects.get(name);
    if (bytes === undefined) throw new Fault('HF_STORE_ABSENT', `no object ${name}`, { name });
    return bytes.slice(range?.offset ?? 0, range && range.offset + range.length);
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => ({ name, sizeBytes: this.objects.get(name)?.length ?? 0 }));
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) this.objects.delete(name);
  }

  copy(): OpenStore {
    const copy = new OpenStore();
    for (const [name, bytes] of this.objects) copy.objects.set(name, Uint8Array.from(bytes));
    return copy;
  }

  names(prefix: string): string[] {
    return [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}
