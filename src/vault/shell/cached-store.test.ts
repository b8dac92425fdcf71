// Goal: what was kept of a far store saves requests and changes no answer: not after damage, not for
// another vault at the same place, not when something was removed; and nothing else is kept.
// Method: a directory behind a counter of requests; files of the cache changed between two lives.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { monotonicMs } from '../../base/units.ts';
import { storeSuite } from '../../../test/conformance/store-suite.ts';
import { type CachedStore, cachedStore } from './cached-store.ts';
import { memoryStore } from './store-memory.ts';
import type { Store } from './store.ts';

const tools = nodeTools();

class Bench {
  readonly far: Store = memoryStore({ hash: tools.hash });
  readonly kept: string;
  readonly asked: string[] = [];
  nowMs = 0;

  constructor(t: TestContext) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-kept-'));
    t.after(() => fs.rmSync(dir, { recursive: true }));
    this.kept = path.join(dir, 'places');
  }

  /** As another process would open it. */
  opened(options: { readonly sizeMax?: number; readonly isKept?: boolean } = {}): CachedStore {
    this.asked.length = 0;
    const { isKept = true, ...rest } = options;
    return cachedStore({
      store: this.#counted(),
      disk: nodeDisk(),
      tools,
      clock: { monotonic: () => monotonicMs(this.nowMs) },
      directory: isKept ? byteString(this.kept) : undefined,
      ...rest,
    });
  }

  /** The name and what lies under it. */
  async put(store: Store, name: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  }

  files(): readonly string[] {
    return fs.existsSync(this.kept) ? fs.readdirSync(this.kept).sort() : [];
  }

  #counted(): Store {
    const { far, asked } = this;
    return {
      promises: far.promises,
      putIfAbsent: (name, bytes, sha256) => far.putIfAbsent(name, bytes, sha256),
      get: (name, range) => {
        asked.push(`get ${name}`);
        return far.get(name, range);
      },
      list: (prefix) => {
        asked.push(`list ${prefix}`);
        return far.list(prefix);
      },
    };
  }
}

const text = async (store: Store, name: string): Promise<string> =>
  new TextDecoder().decode(await store.get(name));

const indexName = (content: string): string =>
  `index/${hexOf(tools.hash.sha256(new TextEncoder().encode(content)))}`;

test('what never changes is fetched once, and headers and packs each time', async (t) => {
  const bench = new Bench(t);
  for (const name of ['header', 'packs/p', 'snapshots/s', 'keys/k', 'copy/keys/k', 'writers/w']) {
    await bench.put(bench.far, name, name);
  }
  await bench.put(bench.far, indexName('i'), 'i');
  const names = ['header', 'packs/p', 'snapshots/s', 'keys/k', 'copy/keys/k', indexName('i')];
  const first = bench.opened();
  for (const name of names) await first.get(name);
  const second = bench.opened();
  for (const name of names) {
    assert.equal(await text(second, name), name.startsWith('index/') ? 'i' : name);
  }
  const gets = bench.asked.filter((each) => each.startsWith('get'));
  assert.deepEqual(gets, ['get header', 'get packs/p']);
  assert.equal(fs.statSync(path.join(bench.kept, 'keys+k')).mode & 0o777, 0o600);
});

test('what was put is kept and listed, and nothing is asked for it', async (t) => {
  const bench = new Bench(t);
  const first = bench.opened();
  assert.deepEqual(await first.list('snapshots/'), []);
  await bench.put(first, 'snapshots/a', 'new');
  assert.deepEqual(await first.list('snapshots/'), [{ name: 'snapshots/a', sizeBytes: 3 }]);
  assert.equal(await text(bench.opened(), 'snapshots/a'), 'new');
  assert.deepEqual(bench.asked, ['list snapshots/']);
});

test('a file of the cache that was changed or cut is not believed', async (t) => {
  const bench = new Bench(t);
  await bench.put(bench.far, 'snapshots/a', 'right');
  await bench.opened().get('snapshots/a');
  const [file = ''] = bench.files();
  const where = path.join(bench.kept, file);
  const bytes = fs.readFileSync(where);
  bytes[bytes.length - 1] = 0;
  fs.writeFileSync(where, bytes);
  assert.equal(await text(bench.opened(), 'snapshots/a'), 'right');
  fs.truncateSync(where, 10);
  assert.equal(await text(bench.opened(), 'snapshots/a'), 'right');
});

test('an index with another digest than its name is not kept, and is given as it is', async (t) => {
  const bench = new Bench(t);
  await bench.put(bench.far, indexName('right'), 'wrong');
  assert.equal(await text(bench.opened(), indexName('right')), 'wrong');
  assert.deepEqual(bench.files(), []);
});

test('what is not in the vault any more is not in the cache', async (t) => {
  const bench = new Bench(t);
  await bench.put(bench.far, 'keys/old', 'old');
  await bench.opened().get('keys/old');
  // Another vault was made at that place.
  const other = memoryStore({ hash: tools.hash });
  await bench.put(other, 'keys/new', 'new');
  Object.assign(bench, { far: other });
  const store = bench.opened();
  await assert.rejects(store.get('keys/old'), { code: 'HF_STORE_ABSENT' });
  assert.equal(await text(store, 'keys/new'), 'new');
  assert.deepEqual(bench.files(), ['keys+new']);
});

test('an object of another size under the same name is fetched', async (t) => {
  const bench = new Bench(t);
  await bench.put(bench.far, 'keys/k', 'one');
  await bench.opened().get('keys/k');
  const other = memoryStore({ hash: tools.hash });
  await bench.put(other, 'keys/k', 'other');
  Object.assign(bench, { far: other });
  assert.equal(await text(bench.opened(), 'keys/k'), 'other');
});

test('folders are listed again after ten seconds, and a failure is not kept', async (t) => {
  const bench = new Bench(t);
  const store = bench.opened();
  store.look('packs');
  await store.list('packs/');
  await bench.put(bench.far, 'packs/a', 'by another');
  bench.nowMs = 9000;
  assert.deepEqual(await store.list('packs/'), []);
  bench.nowMs = 11_000;
  assert.equal((await store.list('packs/')).length, 1);
  await assert.rejects(store.get('header'), { code: 'HF_STORE_ABSENT' });
  await bench.put(bench.far, 'header', 'h');
  assert.equal(await text(store, 'header'), 'h');
});

test('who looks at collections is told what was taken away before', async (t) => {
  const bench = new Bench(t);
  const far = memoryStore({ hash: tools.hash });
  const here = cachedStore({
    store: far,
    disk: nodeDisk(),
    tools,
    clock: { monotonic: () => monotonicMs(bench.nowMs) },
    directory: undefined,
  });
  await bench.put(far, 'packs/p', 'pack');
  await bench.put(far, indexName('old'), 'old');
  assert.equal((await here.list('packs/')).length, 1);
  assert.equal((await here.list('index/')).length, 1);
  await far.delete(['packs/p', indexName('old')]);
  assert.equal((await here.list('packs/')).length, 1, 'unseen, as if it were done later');
  assert.deepEqual(await here.list('collect/'), []);
  assert.equal((await here.list('packs/')).length, 1, 'nobody has collected');
  await bench.put(far, 'collect/0000000001-fate', 'fate');
  await here.list('collect/');
  assert.deepEqual(await here.list('packs/'), []);
  assert.deepEqual(await here.list('index/'), []);
});

test('ranges of what is kept are those of the object', async (t) => {
  const bench = new Bench(t);
  await bench.put(bench.far, indexName('0123456789'), '0123456789');
  const name = indexName('0123456789');
  const part = async (store: Store, offset: number): Promise<string> =>
    new TextDecoder().decode(await store.get(name, { offset, length: 4 }));
  for (const store of [bench.opened(), bench.opened()]) {
    assert.deepEqual(
      [await part(store, 0), await part(store, 3), await part(store, 8)],
      ['0123', '3456', '89'],
    );
  }
});

test('beyond its limit nothing is kept; for a proof nothing is kept at all', async (t) => {
  const bench = new Bench(t);
  await bench.put(bench.far, 'keys/k', 'x'.repeat(100));
  await bench.opened({ sizeMax: 50 }).get('keys/k');
  assert.deepEqual(bench.files(), []);
  await bench.opened().get('keys/k');
  const proving = bench.opened({ isKept: false });
  await proving.get('keys/k');
  assert.deepEqual(bench.asked, ['get keys/k']);
});

storeSuite('cached', async (t) => ({ store: new Bench(t).opened() }));
