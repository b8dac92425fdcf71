import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import type { FaultCode } from '../../src/base/fault.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Store } from '../../src/vault/shell/store.ts';

const { hash, random } = nodeTools();

export interface StoreUnderTest {
  readonly store: Store;
  /** Leaves what a put that was killed half way leaves; absent where nothing can be left. */
  readonly leaveUnfinished?: () => void;
}

export type MakeStore = (t: TestContext) => StoreUnderTest | Promise<StoreUnderTest>;

/** No name of these may ever reach what is below a store. */
const REFUSED_NAMES = [
  '',
  '.',
  '..',
  '/',
  '/etc/passwd',
  '../x',
  'packs/../../x',
  'packs/./x',
  'packs//x',
  'packs/',
  'packs/x\0',
  'a\\b',
  'packs/ä',
  'a b',
  'a\nb',
  '.hidden',
  'packs/.hidden',
  '-rf',
  'C:x',
  'tmp',
  'tmp/x',
  'x'.repeat(201),
  'x/'.repeat(300),
];

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const put = (store: Store, name: string, content: Uint8Array) =>
  store.putIfAbsent(name, content, hash.sha256(content));

export function isFault(code: FaultCode): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    return true;
  };
}

/**
 * What every store must do. Goal: code above the port need not know which store it has.
 * Method: each promise of the port as one test against a new store.
 */
export function storeSuite(name: string, makeStore: MakeStore): void {
  suiteOfPuts(name, makeStore);
  suiteOfReads(name, makeStore);
  suiteOfLists(name, makeStore);
  suiteOfNames(name, makeStore);
}

function suiteOfPuts(name: string, makeStore: MakeStore): void {
  void test(`${name}: what was put is there, byte for byte, also large, empty and copied`, async (t) => {
    const { store } = await makeStore(t);
    const large = random.bytes((5 << 20) + 3);
    for (const content of [bytes(''), bytes('x'), random.bytes(4096), large]) {
      const at = `packs/size-${content.length}`;
      assert.equal(await put(store, at, content), 'stored');
      assert.deepEqual(await store.get(at), content);
    }
    const own = bytes('mine');
    await put(store, 'own', own);
    own.fill(0); // The caller uses its buffer again; what comes out belongs to the reader.
    (await store.get('own')).fill(1);
    assert.deepEqual(await store.get('own'), bytes('mine'));
  });

  void test(`${name}: a shared buffer is put as any other`, async (t) => {
    const { store } = await makeStore(t);
    const shared = new Uint8Array(new SharedArrayBuffer(3 << 20)).fill(7);
    await put(store, 'packs/shared', shared);
    assert.deepEqual(await store.get('packs/shared'), new Uint8Array(3 << 20).fill(7));
  });

  void test(`${name}: what is present is left alone`, async (t) => {
    const { store } = await makeStore(t);
    assert.equal(await put(store, 'a/b', bytes('first')), 'stored');
    assert.equal(await put(store, 'a/b', bytes('first')), 'present');
    assert.equal(await put(store, 'a/b', bytes('other')), 'present');
    assert.deepEqual(await store.get('a/b'), bytes('first'));
  });

  void test(`${name}: of many that put one name at once, one stores it, and its bytes stay`, async (t) => {
    const { store } = await makeStore(t);
    const contents = Array.from({ length: 8 }, (_, at) => bytes(`content of ${at}`));
    const answers = await Promise.all(contents.map((content) => put(store, 'one', content)));
    assert.equal(answers.filter((answer) => answer === 'stored').length, 1);
    assert.deepEqual(await store.get('one'), contents[answers.indexOf('stored')]);
    assert.deepEqual(await store.list(''), [{ name: 'one', sizeBytes: 12 }]);
  });

  void test(`${name}: a store that checks digests takes no bytes that have another`, async (t) => {
    const { store } = await makeStore(t);
    if (store.promises.digest === 'none') return t.skip('this store says that it does not check');
    const wrong = hash.sha256(bytes('what was meant'));
    await assert.rejects(
      store.putIfAbsent('x', bytes('what came'), wrong),
      isFault('HF_STORE_CORRUPT'),
    );
    assert.deepEqual(await store.list('x'), []);
  });
}

function suiteOfReads(name: string, makeStore: MakeStore): void {
  void test(`${name}: a range gives what there is of it`, async (t) => {
    const { store } = await makeStore(t);
    await put(store, 'r', bytes('0123456789'));
    const cases = [
      [0, 4, '0123'],
      [3, 4, '3456'],
      [8, 4, '89'],
      [9, 1, '9'],
      [10, 5, ''],
      [99, 5, ''],
      [4, 0, ''],
      [0, 2 ** 40, '0123456789'],
    ] as const;
    for (const [offset, length, expected] of cases) {
      const part = await store.get('r', { offset, length });
      assert.equal(Buffer.from(part).toString(), expected, `${offset}+${length}`);
    }
  });

  void test(`${name}: what is not there is said to be absent, and is there once it is put`, async (t) => {
    const { store } = await makeStore(t);
    await put(store, 'packs/other', bytes('x'));
    for (const absent of ['packs/x', 'x', 'nowhere/x', 'packs', 'packs/other/below']) {
      const reading = store.get(absent);
      if (absent === 'packs') await assert.rejects(reading, Fault, 'a folder is no object');
      else await assert.rejects(reading, isFault('HF_STORE_ABSENT'), absent);
    }
    await put(store, 'packs/x', bytes('y'));
    assert.deepEqual(await store.get('packs/x'), bytes('y'));
  });
}

function suiteOfLists(name: string, makeStore: MakeStore): void {
  void test(`${name}: a list is complete, sorted, by any beginning of a name, over many pages`, async (t) => {
    const { store } = await makeStore(t);
    const names = ['aa', 'a-b/x', 'a.b', 'a/b', 'a/b.c', 'ab/c', 'keys/1', 'copy/keys/1', 'Z'];
    for (let at = 0; at < 30; at++) names.push(`packs/${at.toString(16).padStart(2, '0')}`);
    for (const [at, each] of names.entries()) await put(store, each, random.bytes(at));
    for (const prefix of ['', 'a', 'a/', 'a/b', 'packs/', 'packs/1', 'packs', 'keys/', 'none/']) {
      const expected = names
        .map((each, at) => ({ name: each, sizeBytes: at }))
        .filter((each) => each.name.startsWith(prefix))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
      assert.deepEqual(await store.list(prefix), expected, `prefix ${prefix}`);
    }
  });

  void test(`${name}: what a killed put leaves is no object`, async (t) => {
    const { store, leaveUnfinished } = await makeStore(t);
    if (leaveUnfinished === undefined) return t.skip('a put to this store leaves nothing');
    await put(store, 'packs/whole', bytes('x'));
    leaveUnfinished();
    assert.deepEqual(await store.list(''), [{ name: 'packs/whole', sizeBytes: 1 }]);
    assert.equal(await put(store, 'packs/next', bytes('y')), 'stored');
  });
}

function suiteOfNames(name: string, makeStore: MakeStore): void {
  void test(`${name}: a name that leads out of the store, or hides in it, is refused`, async (t) => {
    const { store } = await makeStore(t);
    const isRefused = isFault('HF_STORE_NAME');
    for (const bad of REFUSED_NAMES) {
      await assert.rejects(put(store, bad, bytes('x')), isRefused, JSON.stringify(bad));
      await assert.rejects(store.get(bad), isRefused, JSON.stringify(bad));
    }
    for (const bad of ['/', '../', 'a/../', 'a//', 'tmp/', '.', 'a\0']) {
      await assert.rejects(store.list(bad), isRefused, JSON.stringify(bad));
    }
    await put(store, 'tmpfile', bytes('x')); // Only the folder itself is set apart.
    assert.deepEqual(await store.list('tmp'), [{ name: 'tmpfile', sizeBytes: 1 }]);
  });
}
