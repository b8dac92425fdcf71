// Goal: what an agent says is known through the API with its evidence, a word reaches it at once, and
// what was taken once is not taken again. Method: the real server over TLS, agents of the test that
// sign what they say.
import assert from 'node:assert/strict';
import test from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { until } from './agent-double.ts';
import { ServerBench, Talker } from './server-bench.ts';

interface ItemsAnswer {
  readonly total: number;
  readonly items: readonly { readonly item: string; readonly mark: string; readonly why: string }[];
}

test('what was seen is known with its age and its end, and a change with its history', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('disk-space:/srv', 'healthy')]);
  await web1.say([web1.seen('disk-space:/srv', 'broken', '/srv has 0.2 % free')]);
  interface Item {
    readonly item: { readonly mark: string; readonly ageMs: number; readonly expiresInMs: number };
    readonly transitions: readonly { readonly from: string | null; readonly to: string }[];
  }
  const { item, transitions } = await bench.json<Item>('/v1/hosts/web1/items/disk-space:%2Fsrv', {
    token,
  });
  assert.equal(item.mark, 'failed');
  assert.ok(item.ageMs >= 0 && item.ageMs < 30_000);
  assert.ok(item.expiresInMs > 0 && item.expiresInMs <= 60_000);
  assert.deepEqual(
    transitions.map(({ from, to }) => [from, to]),
    [
      ['healthy', 'broken'],
      [null, 'healthy'],
    ],
  );
  const status = await bench.json<{ mark: string; watching: { mark: string } }>('/v1/status', {
    token,
  });
  assert.deepEqual([status.mark, status.watching.mark], ['failed', 'unknown']);
  const failed = await bench.json<ItemsAnswer>('/v1/items?mark=failed', { token });
  assert.deepEqual([failed.total, failed.items[0]?.why], [1, '/srv has 0.2 % free']);
});

test('what was said once is not taken a second time, by whomever', async (t) => {
  const bench = await ServerBench.open(t);
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const body = web1.sayBody([web1.seen('a:b', 'healthy')]);
  assert.equal((await web1.post('say', body)).status, 200);
  await web1.say([web1.seen('a:b', 'broken')]);
  const again = await web1.post('say', body);
  assert.deepEqual([again.status, again.body.problem], [409, 'replayed']);
  const token = await bench.tokenOf('viewer');
  const { items } = await bench.json<ItemsAnswer>('/v1/items', { token });
  assert.equal(items.find(({ item }) => item === 'a:b')?.mark, 'failed');
});

test('a token enrols one host, once', async (t) => {
  const bench = await ServerBench.open(t);
  const admin = await bench.tokenOf('admin');
  const { line } = await bench.json<{ line: string }>('/v1/enrolments', {
    ...{ token: admin, body: { host: 'db1' } },
  });
  const [address = '', secret = ''] = line.split(' ');
  assert.equal(address, `${bench.server.url}#${bench.server.pin}`);
  const [first, second] = [new Talker(bench), new Talker(bench)];
  assert.equal((await first.post('enrol', first.agent.enrol(secret))).status, 200);
  const late = await second.post('enrol', second.agent.enrol(secret));
  assert.deepEqual([late.status, late.body.problem], [401, 'bad-token']);
});

test('two that come with one token at once: one is enrolled', async (t) => {
  const bench = await ServerBench.open(t);
  const { secret } = await bench.server.served.access.makeEnrolment(
    { who: 'test', from: 'terminal' },
    'db1',
  );
  const both = [new Talker(bench), new Talker(bench)];
  const got = await Promise.all(both.map((each) => each.post('enrol', each.agent.enrol(secret))));
  assert.deepEqual(got.map(({ status }) => status).sort(), [200, 401]);
});

test('a revoked agent is heard no more, and what it said is not ok', async (t) => {
  const bench = await ServerBench.open(t);
  const admin = await bench.tokenOf('admin');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('a:b', 'healthy')]);
  const body = { reason: 'sold' };
  await bench.json(`/v1/agents/${web1.agent.id}/revoke`, { token: admin, body });
  const late = await web1.post('say', web1.sayBody([]));
  assert.deepEqual([late.status, late.body.problem], [401, 'unknown-agent']);
  const status = await bench.json<{ items: { ok: number } }>('/v1/status', { token: admin });
  assert.equal(status.items.ok, 0);
});

test('a freeze is heard by who waits, and the table says who has confirmed it', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('operator');
  const [web1, db1] = [await bench.enrol('web1'), await bench.enrol('db1')];
  await web1.say([web1.seen('frozen:puppet', 'healthy')]);
  const waiting = web1.hear();
  const begunAt = performance.now();
  interface Table {
    readonly freeze: { readonly id: string } | null;
    readonly rows: readonly {
      readonly host: string;
      readonly what: string;
      readonly state: string;
    }[];
  }
  const body = { reason: 'storage work' };
  const { freeze } = await bench.json<Table>('/v1/freeze', { token, body });
  const heard = await waiting;
  assert.ok(performance.now() - begunAt < 20_000, 'it did not wait for the end of the poll');
  assert.deepEqual(
    heard.body.words?.map(({ word, id }) => [word, id]),
    [['freeze', freeze?.id]],
  );
  const rowsOf = async (): Promise<readonly string[]> => {
    const { rows } = await bench.json<Table>('/v1/freeze', { token });
    return rows.map(({ host, what, state }) => `${host} ${what} ${state}`);
  };
  assert.deepEqual(await rowsOf(), [
    ...['db1 null not-reachable', 'web1 null not-yet', 'web1 puppet stopped'],
  ]);
  await web1.say([web1.seen('frozen:puppet', 'broken', 'puppet.service runs')], { isFrozen: true });
  await db1.say([], { isFrozen: true });
  assert.deepEqual(await rowsOf(), [
    ...[
      'web1 puppet still-running',
      'db1 null not-covered',
      'db1 null stopped',
      'web1 null stopped',
    ],
  ]);
  const other = { token, body: { id: 'a'.repeat(32) } };
  assert.equal((await bench.ask('/v1/unfreeze', other)).status, 409);
  const ended = await bench.json<Table>('/v1/unfreeze', { token, body: { id: freeze?.id } });
  assert.equal(ended.freeze, null);
  const heardTo = Math.max(...(heard.body.words ?? []).map(({ n }) => n));
  const last = await web1.hear(heardTo);
  assert.deepEqual(
    last.body.words?.map(({ word }) => word),
    ['unfreeze'],
  );
});

test('a job is asked, heard, done and shown; another may not be asked of a host that is not there', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('operator');
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const body = { host: 'web1', act: 'backup', name: 'wiki' };
  const { job, state } = await bench.json<{ job: string; state: string }>('/v1/jobs', {
    token,
    body,
  });
  assert.equal(state, 'asked');
  const heard = await web1.hear();
  assert.deepEqual(
    heard.body.words?.map(({ word }) => word),
    ['job'],
  );
  await web1.say([web1.job(job, 'done')]);
  const { jobs } = await bench.json<{ jobs: { job: string; state: string; by: string }[] }>(
    '/v1/jobs?host=web1',
    { token },
  );
  assert.deepEqual(
    jobs.map((each) => [each.job, each.state, each.by]),
    [[job, 'done', 'the-operator']],
  );
  const nowhere = { token, body: { ...body, host: 'nowhere' } };
  assert.equal((await bench.ask('/v1/jobs', nowhere)).status, 404);
  const path = { token, body: { ...body, name: '../etc' } };
  assert.equal((await bench.ask('/v1/jobs', path)).status, 400);
  const approver = await bench.tokenOf('approver');
  const apply = { token, body: { host: 'web1', name: 'p-1' } };
  assert.equal((await bench.ask('/v1/applies', apply)).status, 403);
  assert.equal((await bench.ask('/v1/applies', { ...apply, token: approver })).status, 200);
});

test('maintenance takes out the item it names, until it ends, and nothing else', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('operator');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('a:one', 'broken'), web1.seen('a:two', 'healthy')]);
  const markOf = async (): Promise<string> =>
    (await bench.json<{ mark: string }>('/v1/status', { token })).mark;
  assert.equal(await markOf(), 'failed');
  const body = { items: [{ host: 'web1', item: 'a:one' }], reason: 'new disk', forMs: 60_000 };
  const { id } = await bench.json<{ id: string }>('/v1/maintenance', { token, body });
  assert.equal(await markOf(), 'ok');
  await web1.say([web1.seen('a:two', 'broken')]);
  assert.equal(await markOf(), 'failed');
  await web1.say([web1.seen('a:two', 'healthy')]);
  await bench.json(`/v1/maintenance/${id}`, { token, method: 'DELETE' });
  assert.equal(await markOf(), 'failed');
});

test('an alert is opened by what failed, acknowledged once, and its link asks before it acts', async (t) => {
  const config = { tell: { group: 1000, url: 'https://holdfast.example' } };
  const bench = await ServerBench.open(t, { config });
  const token = await bench.tokenOf('operator');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('a:one', 'broken', 'it broke')]);
  interface Alerts {
    readonly alerts: readonly {
      id: string;
      subject: string;
      state: string;
      acknowledgedBy: string;
    }[];
  }
  let alerts: Alerts['alerts'] = [];
  const look = async (): Promise<boolean> => {
    ({ alerts } = await bench.json<Alerts>('/v1/alerts', { token }));
    return alerts.some(({ subject }) => subject === 'host:web1/a:one');
  };
  for (let n = 0; n < 400 && !(await look()); n++) await new Promise((r) => setTimeout(r, 50));
  const alert = alerts.find(({ subject }) => subject === 'host:web1/a:one');
  assert.equal(alert?.state, 'open');
  const { makeAckLink } = await import('../../src/tell/core/signed-link.ts');
  const { unixMs } = await import('../../src/base/units.ts');
  const { linkKey } = bench.server.served.telling;
  const link = makeAckLink(
    { base: '', ...linkKey },
    { alert: alert.id, person: 'bea', expiresAt: unixMs(Date.now() + 60_000) },
  );
  const shown = await bench.ask(link);
  assert.equal(shown.status, 200);
  assert.match(shown.text, /it broke/);
  await look();
  assert.equal(alerts.find(({ id }) => id === alert.id)?.state, 'open');
  const forged = `${link.slice(0, -2)}${link.endsWith('00') ? '11' : '00'}`;
  assert.equal((await bench.ask(forged, { method: 'POST' })).status, 403);
  const elsewhere = { method: 'POST', headers: { origin: 'https://evil.example' } };
  assert.equal((await bench.ask(link, elsewhere)).status, 403);
  assert.match((await bench.ask(link, { method: 'POST' })).text, /bea has it/);
  const again = await bench.json<{ acknowledgedBy: string }>(`/v1/alerts/${alert.id}/acknowledge`, {
    token,
    method: 'POST',
    body: {},
  });
  assert.equal(again.acknowledgedBy, 'bea');
});

test('lines of the kernel are shown as they came', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.line('XFS (loop0): log I/O error -5')]);
  const { lines } = await bench.json<{ lines: { text: string }[] }>('/v1/hosts/web1/lines', {
    token,
  });
  assert.deepEqual(
    lines.map(({ text }) => text),
    ['XFS (loop0): log I/O error -5'],
  );
});

test('metrics keep every series, whatever is known, in both forms', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer', ['metrics']);
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('a:one', 'healthy')]);
  const plain = await bench.ask('/metrics', { token });
  assert.match(String(plain.headers['content-type']), /^text\/plain/);
  const series = 'holdfast_item_mark{host="web1",item="a:one",kind="a",mark=';
  assert.ok(plain.text.includes(`${series}"ok"} 1`), plain.text);
  assert.ok(plain.text.includes(`${series}"failed"} 0`));
  assert.match(plain.text, /holdfast_evidence_age_seconds\{host="web1",item="a:one",kind="a"\} \d/);
  await web1.say([{ t: 'gone', n: 1000, item: 'a:one', why: 'unplugged' }]);
  const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
  const open = await bench.ask('/metrics', { token, headers });
  assert.match(String(open.headers['content-type']), /^application\/openmetrics-text/);
  assert.ok(open.text.includes(`${series}"unknown"} 1`), open.text);
  assert.ok(open.text.trimEnd().endsWith('# EOF'));
  assert.match(open.text, /holdfast_evidence_expires_seconds\{host="web1",item="a:one",kind="a"\}/);
});

test('what was said of the freeze before confirms nothing of the next', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const web1 = await bench.enrol('web1');
  interface Table {
    readonly freeze: { readonly id: string } | null;
    readonly rows: readonly { readonly host: string; readonly state: string }[];
  }
  const body = { reason: 'a move', forMs: 3_600_000 };
  const first = await bench.json<Table>('/v1/freeze', { token, body });
  await web1.say([], { isFrozen: true });
  const table = await bench.json<Table>('/v1/freeze', { token });
  assert.ok(table.rows.some(({ host, state }) => host === 'web1' && state === 'stopped'));
  await bench.json('/v1/unfreeze', { token, body: { id: first.freeze?.id } });
  const before = { ...web1.seen('frozen:puppet', 'healthy', 'changes are not frozen here') };
  await web1.say([{ ...before, detail: { state: 'not-frozen' } }], { isFrozen: true });
  const second = await bench.json<Table>('/v1/freeze', { token, body });
  assert.deepEqual(
    second.rows.map(({ host, state }) => [host, state]),
    [
      ['web1', 'not-yet'],
      ['web1', 'not-yet'],
    ],
    'neither the host nor what runs there',
  );
  await web1.say([], { isFrozen: true });
  const { rows } = await bench.json<Table>('/v1/freeze', { token });
  assert.ok(rows.some(({ host, state }) => host === 'web1' && state === 'stopped'));
});

test('a freeze whose time is over is said to hold nowhere', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const { served } = bench.server;
  const freeze = { id: 'f'.repeat(32), by: 'ann', reason: 'a move', at: unixMs(1) };
  const isFrozen = async (): Promise<boolean> =>
    (await bench.json<{ isFrozen: boolean }>('/v1/status', { token })).isFrozen;
  served.noted.freezes = [{ ...freeze, until: unixMs(Date.now() + 3_600_000) }];
  assert.equal(await isFrozen(), true);
  served.noted.freezes = [{ ...freeze, until: unixMs(2) }];
  assert.equal(await isFrozen(), false);
});

test('a freeze is heard by who is started anew while it does it, and by who comes after', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const body = { reason: 'a move', forMs: 3_600_000 };
  await bench.json('/v1/freeze', { token, body });
  const first = await web1.hear();
  const [heard] = first.body.words ?? [];
  assert.equal(heard?.word, 'freeze');
  const { noted, core } = bench.server.served;
  for (const _ of ['the round under way', 'a whole one']) {
    const before = noted.toldAtMs;
    await until(() => noted.toldAtMs !== before);
  }
  // It has said that it heard it, and is killed before it has done it.
  const second = web1.hear(heard.n);
  await until(() => core.agents().every(({ words }) => words.length === 0));
  await web1.say([], { run: 2 });
  const [again] = (await second).body.words ?? [];
  assert.deepEqual([again?.word, again?.id], ['freeze', heard.id]);
  const db1 = await bench.enrol('db1');
  await db1.say([]);
  const [late] = (await db1.hear()).body.words ?? [];
  assert.deepEqual([late?.word, late?.id], ['freeze', heard.id]);
});

test('who waits for a word is answered when the server ends', async (t) => {
  const bench = await ServerBench.open(t);
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  let isAnswered = false;
  const waiting = web1.hear().then(
    () => (isAnswered = true),
    () => (isAnswered = true),
  );
  bench.server.served.desk.close();
  await until(() => isAnswered);
  await waiting;
});

test('each agent is told whom to reach for, by the address that the configuration has', async (t) => {
  const config = {
    server: { mesh: 7432 },
    hosts: { db1: { address: 'root@10.0.0.2:22' }, web2: { address: '[fd00::3]:22' } },
  };
  const bench = await ServerBench.open(t, { config });
  const [web1] = [await bench.enrol('web1'), await bench.enrol('db1'), await bench.enrol('web2')];
  await web1.say([]);
  interface PeersWord {
    readonly n: number;
    readonly word: string;
    readonly peers?: readonly { readonly host: string; readonly address: string }[];
  }
  let last: PeersWord | undefined;
  // Each that is enrolled changes what the others are told.
  while ((last?.peers?.length ?? 0) < 2) {
    const { body } = await web1.hear(last?.n);
    last = body.words?.at(-1);
  }
  const told = last?.peers?.map(({ host, address }) => `${host} ${address}`);
  assert.deepEqual([...(told ?? [])].sort(), ['db1 10.0.0.2', 'web2 fd00::3']);
  // It has heard it, and is started anew: it remembers nobody.
  await web1.say([], { run: 2 });
  const again = await web1.hear(last?.n, { run: 2 });
  const [word] = again.body.words as readonly PeersWord[];
  assert.deepEqual(word?.peers, last?.peers);
});
