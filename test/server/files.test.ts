// Goal: what is in snapshots is listed, compared, downloaded and restored through a host that can read
// them, byte by byte what was saved; what did not come whole never looks whole; nobody gets more
// than the role, the host's own file and the configuration allow.
// Method: a real server, a real agent and a real vault, over TLS; the agent killed in the middle.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FilesBench } from './files-bench.ts';

/** Bytes that do not compress, the same for the same seed. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Names that would be markup, reorder a line, break one, or are no UTF-8. */
const HOSTILE = [
  Buffer.from('<img src=x onerror=alert(1)>'),
  Buffer.from('"onload="x\n\u202eexe.txt'),
  Buffer.from([0x6e, 0xff, 0xfe, 0x6f]),
];
const LARGE = noise(5 * 1024 * 1024 + 7, 3);

function first(data: string): void {
  fs.mkdirSync(path.join(data, 'sub/deep'), { recursive: true });
  fs.writeFileSync(path.join(data, 'sub/deep/small.txt'), 'small\n');
  fs.writeFileSync(path.join(data, 'sub/goes.txt'), 'it goes\n');
  fs.writeFileSync(path.join(data, 'empty'), '');
  fs.writeFileSync(path.join(data, 'large.bin'), LARGE);
  fs.symlinkSync('/etc/shadow', path.join(data, 'link'));
  for (const name of HOSTILE)
    fs.writeFileSync(Buffer.concat([Buffer.from(`${data}/`), name]), name);
}

function second(data: string): void {
  fs.rmSync(path.join(data, 'sub/goes.txt'));
  fs.writeFileSync(path.join(data, 'sub/comes.txt'), 'it comes\n');
  fs.writeFileSync(path.join(data, 'sub/deep/small.txt'), 'smaller\n');
}

interface Entry {
  readonly path?: string;
  readonly pathB64?: string;
  readonly type: string;
  readonly bytes: number | null;
}
interface Snapshots {
  readonly through: string;
  readonly total: number;
  readonly snapshots: readonly { id: string; host: string; dataSet: string }[];
}
interface Files {
  readonly entries: readonly Entry[];
  readonly next: number | null;
}

test('listed, compared, downloaded, restored', { timeout: 600_000 }, async (t) => {
  const bench = await FilesBench.open(t, { fill: [first, second] });
  const token = await bench.server.tokenOf('operator');
  const json = <T>(where: string): Promise<T> => bench.server.json<T>(where, { token });
  const listed = await json<Snapshots>('/v1/snapshots');
  assert.equal(listed.through, 'web1');
  assert.deepEqual(
    listed.snapshots.map(({ host, dataSet }) => [host, dataSet]),
    [
      ['web1', 'www'],
      ['web1', 'www'],
    ],
    'newest first, under the name that the host was enrolled by',
  );
  const [after = '', before = ''] = listed.snapshots.map(({ id }) => id);
  assert.equal((await json<Snapshots>('/v1/snapshots?data-set=other')).total, 0);

  await t.test('a directory, by pages', async () => {
    const all = await json<Files>(`/v1/snapshots/${after}/files`);
    const names = all.entries.map(({ path: name, pathB64 }) => pathB64 ?? name);
    assert.equal(names.length, 7);
    assert.ok(names.includes(HOSTILE[0]?.toString()), names.join());
    assert.ok(names.includes(HOSTILE[2]?.toString('base64')), 'bytes that are no text');
    const paged: (string | undefined)[] = [];
    for (let from: number | null = 0; from !== null; ) {
      const some: Files = await json(`/v1/snapshots/${after}/files?count=3&from=${from}`);
      paged.push(...some.entries.map(({ path: name, pathB64 }) => pathB64 ?? name));
      from = some.next;
    }
    assert.deepEqual(paged, names);
    const deep = await json<Files>(`/v1/snapshots/${after}/files?path=sub/deep`);
    assert.deepEqual(
      deep.entries.map(({ path: name, type, bytes }) => [name, type, bytes]),
      [['sub/deep/small.txt', 'file', 8]],
    );
    const gone = await bench.server.ask(`/v1/snapshots/${after}/files?path=sub/goes.txt`, {
      token,
    });
    assert.equal(gone.status, 404);
  });

  await t.test('what differs, counted and by kind', async () => {
    interface Diff {
      readonly totals: {
        readonly added: { entries: number };
        readonly removed: { entries: number };
      };
      readonly differences: readonly { kind: string; path?: string }[];
    }
    const found = await json<Diff>(`/v1/diff?before=${before}&after=${after}&count=1`);
    assert.deepEqual([found.totals.added.entries, found.totals.removed.entries], [1, 1]);
    const removed = await json<Diff>(`/v1/diff?before=${before}&after=${after}&kind=removed`);
    assert.deepEqual(
      removed.differences.map(({ kind, path: name }) => [kind, name]),
      [['removed', 'sub/goes.txt']],
    );
  });

  await t.test('a file comes as it was saved, and harmless', async () => {
    for (const [name, content] of [
      ['path=large.bin', LARGE],
      ['path=empty', Buffer.alloc(0)],
      [`path64=${HOSTILE[2]?.toString('base64url')}`, HOSTILE[2]],
      [`path=${encodeURIComponent(String(HOSTILE[1]))}`, HOSTILE[1]],
    ] as const) {
      const got = await bench.get(`/v1/snapshots/${after}/content?${name}`, token);
      assert.deepEqual([got.status, got.isWhole], [200, true], name);
      assert.ok(content?.equals(got.body), name);
      assert.equal(got.headers['content-type'], 'application/octet-stream');
      assert.equal(got.headers['x-content-type-options'], 'nosniff');
      assert.match(String(got.headers['content-security-policy']), /^sandbox; default-src 'none'/);
      const disposition = String(got.headers['content-disposition']);
      assert.match(
        disposition,
        /^attachment; filename="[^"\\\r\n]+"; filename\*=UTF-8''[^\s"<>]+$/,
      );
      const digest = createHash('sha256').update(got.body).digest('base64');
      assert.equal(got.headers['repr-digest'], `sha-256=:${digest}:`);
    }
    for (const name of ['link', 'sub', '../../etc/passwd', '/etc/passwd', 'sub/../large.bin']) {
      const got = await bench.get(
        `/v1/snapshots/${after}/content?path=${encodeURIComponent(name)}`,
        token,
      );
      assert.ok(
        got.status === 404 || got.status === 400,
        `${name}: ${got.status} ${String(got.body)}`,
      );
    }
    const admin = await bench.server.tokenOf('admin');
    const { text } = await bench.server.ask('/v1/audit', { token: admin });
    assert.match(text, /content-read/);
    assert.match(text, /large\.bin/);
    assert.match(text, /the-operator/);
  });

  await t.test('chosen paths come into a new directory, and nothing else does', async () => {
    const body = { snapshot: after, paths: ['sub/deep', 'large.bin'], name: 'back' };
    const asked = await bench.server.json<{ job: string }>('/v1/restore', { token, body });
    const done = await bench.ended(asked.job, token);
    assert.equal(done.state, 'done', done.why);
    const back = path.join(bench.restored, 'back');
    assert.deepEqual(fs.readdirSync(back).sort(), ['large.bin', 'sub']);
    assert.deepEqual(fs.readdirSync(path.join(back, 'sub')), ['deep']);
    assert.ok(LARGE.equals(fs.readFileSync(path.join(back, 'large.bin'))));
    assert.equal(fs.readFileSync(path.join(back, 'sub/deep/small.txt'), 'utf8'), 'smaller\n');
    // A second time it is no new directory.
    const again = await bench.server.json<{ job: string }>('/v1/restore', { token, body });
    const ended = await bench.ended(again.job, token);
    assert.equal(ended.state, 'failed');
    assert.match(ended.why, /not empty|nothing is put over/);
  });

  await t.test('no way leads out of the places that the host names', async () => {
    const ask = (change: object) =>
      bench.server.ask('/v1/restore', {
        token,
        body: { snapshot: after, paths: ['empty'], ...change },
      });
    for (const change of [
      { place: '/etc' },
      { place: `${bench.restored}/..` },
      { name: '../out' },
      { name: '..' },
      { name: 'a/b' },
      { name: '.hidden' },
      { paths: ['../../etc/shadow'] },
      { through: 'db1' },
    ]) {
      const { status, text } = await ask(change);
      assert.ok(status >= 400 && status <= 503, `${JSON.stringify(change)}: ${status} ${text}`);
    }
    fs.mkdirSync(path.join(bench.root, 'outside'));
    fs.symlinkSync(path.join(bench.root, 'outside'), path.join(bench.restored, 'led'));
    const led = await ask({ name: 'led' });
    const ended = await bench.ended((JSON.parse(led.text) as { job: string }).job, token);
    assert.equal(ended.state, 'failed');
    assert.deepEqual(fs.readdirSync(path.join(bench.root, 'outside')), []);
  });

  await t.test('a viewer sees no name, and a token only what it was made for', async () => {
    const viewer = await bench.server.tokenOf('viewer');
    const names = await bench.server.tokenOf('operator', ['read', 'browse']);
    for (const [who, where, status] of [
      [viewer, '/v1/snapshots', 403],
      [viewer, `/v1/snapshots/${after}/files`, 403],
      [viewer, `/v1/diff?before=${before}&after=${after}`, 403],
      [viewer, `/v1/snapshots/${after}/content?path=empty`, 403],
      [names, `/v1/snapshots/${after}/files`, 200],
      [names, `/v1/snapshots/${after}/content?path=empty`, 403],
    ] as const) {
      assert.equal((await bench.server.ask(where, { token: who })).status, status, where);
    }
    const body = { snapshot: after, paths: ['empty'] };
    assert.equal((await bench.server.ask('/v1/restore', { token: viewer, body })).status, 403);
    assert.equal((await bench.server.ask('/v1/restore', { token: names, body })).status, 403);
  });

  await t.test('an agent that is gone is said, with what to do', async () => {
    await bench.stop('SIGKILL');
    const { status, text } = await bench.server.ask('/v1/snapshots?through=web9', { token });
    assert.equal(status, 503);
    assert.match(text, /holdfast enroll web9/);
  });
});

test('names only is what the host’s own file can say', { timeout: 300_000 }, async (t) => {
  const fill = [(data: string) => fs.writeFileSync(path.join(data, 'secret'), 'it is secret')];
  const bench = await FilesBench.open(t, { fill, allows: 'files: {read: names}' });
  const token = await bench.server.tokenOf('admin');
  const { snapshots } = await bench.server.json<Snapshots>('/v1/snapshots', { token });
  const id = snapshots[0]?.id ?? '';
  const listed = await bench.server.ask(`/v1/snapshots/${id}/files`, { token });
  assert.match(listed.text, /"secret"/);
  const content = await bench.get(`/v1/snapshots/${id}/content?path=secret`, token);
  assert.equal(content.status, 503);
  assert.match(String(content.body), /agent\.yaml/);
  const body = { snapshot: id, paths: ['secret'] };
  const restore = await bench.server.ask('/v1/restore', { token, body });
  assert.equal(restore.status, 403);
  assert.match(restore.text, /restore-to/);
});

test('killed in the middle, nothing looks whole', { timeout: 600_000 }, async (t) => {
  const whole = noise(48 * 1024 * 1024, 9);
  const fill = [(data: string) => fs.writeFileSync(path.join(data, 'image'), whole)];
  const bench = await FilesBench.open(t, { fill });
  const token = await bench.server.tokenOf('operator');
  const { snapshots } = await bench.server.json<Snapshots>('/v1/snapshots', { token });
  const id = snapshots[0]?.id ?? '';
  let killed: Promise<void> | undefined;
  const got = await bench.get(`/v1/snapshots/${id}/content?path=image`, token, (response, size) => {
    if (killed !== undefined || size < 4 * 1024 * 1024) return;
    response.pause();
    killed = bench.stop('SIGKILL').then(() => void response.resume());
  });
  await killed;
  assert.equal(got.status, 200);
  assert.ok(!got.isWhole && got.body.length < whole.length, `${got.body.length} bytes came`);

  await bench.start();
  const body = { snapshot: id, paths: ['image'], name: 'back' };
  const asked = await bench.server.json<{ job: string }>('/v1/restore', { token, body });
  const target = path.join(bench.restored, 'back');
  while (!fs.existsSync(target)) await new Promise((resolve) => setTimeout(resolve, 5));
  await bench.stop('SIGKILL');
  await bench.start();
  const ended = await bench.ended(asked.job, token);
  assert.ok(['lost', 'done'].includes(ended.state), ended.state);
  const file = path.join(target, 'image');
  const isThere = fs.existsSync(file) && whole.equals(fs.readFileSync(file));
  // What was broken off goes on under the same name; what had just become whole is not written over.
  const again = await bench.server.json<{ job: string }>('/v1/restore', { token, body });
  const resumed = await bench.ended(again.job, token);
  assert.ok(resumed.state === 'done' || isThere, resumed.why);
  assert.ok(whole.equals(fs.readFileSync(file)));
});
