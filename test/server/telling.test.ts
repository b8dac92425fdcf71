// Goal: whether people are reached stands in the status and is never well without proof; an alert of what
// is watched cannot be made to vanish, and one of what is not watched any more a person ends by name.
// Method: the real server over TLS, an agent of the test, a channel that reaches nobody.
import assert from 'node:assert/strict';
import test from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { confirm } from '../../src/tell/core/confirmations.ts';
import { tellSchema } from '../../src/wire/tell-config.ts';
import { until } from './agent-double.ts';
import { ServerBench } from './server-bench.ts';

interface Alerts {
  readonly alerts: readonly {
    readonly id: string;
    readonly subject: string;
    readonly state: string;
  }[];
}
interface Status {
  readonly telling: {
    readonly mark: string;
    readonly why: string;
    readonly openAlerts: number;
    readonly readers: readonly { readonly person: string; readonly mark: string }[];
  };
}

test('without a channel, and before anybody has confirmed, it is not known whether people are told', async (t) => {
  const bare = await ServerBench.open(t);
  const token = await bare.tokenOf('viewer');
  const { telling } = await bare.json<Status>('/v1/status', { token });
  assert.deepEqual([telling.mark, telling.readers], ['unknown', []]);
  assert.match(telling.why, /Nobody is told/);
  const hook = { kind: 'webhook', shape: 'slack', url: 'http://127.0.0.1:9/x', person: 'ann' };
  const tell = tellSchema.parse({ url: 'https://h.example.org', channels: { hook } });
  const one = await ServerBench.open(t, { config: { tell } });
  const own = await one.tokenOf('viewer');
  const { telling: asked } = await one.json<Status>('/v1/status', { token: own });
  assert.equal(asked.mark, 'unknown', 'one is asked, and has not answered');
  assert.deepEqual(
    asked.readers.map(({ person, mark }) => [person, mark]),
    [['ann', 'unknown']],
  );
  await one.server.served.state.commit(
    confirm([], { channel: 'hook', person: 'ann', now: unixMs(Date.now()) }),
  );
  const { telling: read } = await one.json<Status>('/v1/status', { token: own });
  assert.deepEqual(
    read.readers.map(({ mark }) => mark),
    ['ok'],
  );
  // What is logged of the channel is no fault of the server.
  one.wrong.splice(0, one.wrong.length, ...one.wrong.filter((each) => typeof each !== 'string'));
});

test('an alert of what is watched is not dismissed, whatever is said; of a host that left it is', async (t) => {
  const tell = tellSchema.parse({ group: '0s', delay: { unknown: '0s' } });
  const bench = await ServerBench.open(t, { config: { tell } });
  const admin = await bench.tokenOf('admin');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('disk-space:/srv', 'broken', '/srv is full')]);
  const subject = 'host:web1/disk-space:/srv';
  let open: Alerts['alerts'] = [];
  const look = async (): Promise<boolean> => {
    ({ alerts: open } = await bench.json<Alerts>('/v1/alerts', { token: admin }));
    return open.some((each) => each.subject === subject);
  };
  let isThere = false;
  const asking = (async () => {
    while (!isThere) isThere = await look();
  })();
  await until(() => isThere);
  await asking;
  const id = open.find((each) => each.subject === subject)?.id;
  const dismiss = (token: string) =>
    bench.ask(`/v1/alerts/${id}/dismiss`, { token, method: 'POST' });
  assert.equal((await dismiss(admin)).status, 409);
  assert.equal((await dismiss(await bench.tokenOf('viewer'))).status, 403);
  await web1.say([{ t: 'gone', n: 50, item: 'disk-space:/srv', why: 'not configured' }]);
  assert.equal((await dismiss(admin)).status, 409, 'gone is not well, and not forgotten');
  const forgotten = { host: 'web1', item: 'disk-space:/srv' };
  await bench.json('/v1/forget', { token: admin, body: forgotten });
  const ended = await dismiss(admin);
  assert.equal(ended.status, 200);
  assert.match(ended.text, /"state":"closed"/);
  assert.match(ended.text, /"acknowledgedBy":"the-admin"/);
  assert.equal((await dismiss(admin)).status, 404);
});

test('list, host, counts and sentence say the same of one failure, and hide it by the same word', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('a:1', 'healthy'), web1.seen('b:2', 'broken', 'b is lost')]);
  interface Whole {
    readonly mark: string;
    readonly why: string;
    readonly hosts: { readonly failed: number; readonly ok: number };
  }
  interface Host {
    readonly host: { readonly mark: string; readonly why: string };
  }
  const read = async () => {
    const [status, { host }, metrics] = [
      await bench.json<Whole>('/v1/status', { token }),
      await bench.json<Host>('/v1/hosts/web1', { token }),
      (await bench.ask('/metrics', { token })).text,
    ];
    const series = /^holdfast_host_mark\{host="web1",mark="([a-z]+)"\} 1$/m.exec(metrics)?.[1];
    return { status, host, series };
  };
  const failed = await read();
  assert.deepEqual(
    [failed.status.mark, failed.host.mark, failed.series],
    ['failed', 'failed', 'failed'],
  );
  assert.deepEqual([failed.status.hosts.failed, failed.status.hosts.ok], [1, 0]);
  assert.equal(failed.status.why, 'b:2 on web1: b is lost');
  const items = [{ host: 'web1', item: 'b:2' }];
  const body = { items, reason: 'new disk', forMs: 60_000 };
  await bench.json('/v1/maintenance', { token, body });
  const hidden = await read();
  assert.deepEqual([hidden.status.mark, hidden.host.mark, hidden.series], ['ok', 'ok', 'ok']);
  assert.match(
    hidden.status.why,
    /^All \d+ items of 1 host were seen well\. 1 more is being worked on/,
  );
});

test('a key that is enrolled as one host does not become another, which would be watched by nobody', async (t) => {
  const bench = await ServerBench.open(t);
  const web1 = await bench.enrol('web1');
  const by = { who: 'test', from: 'terminal' } as const;
  const { secret } = await bench.server.served.access.makeEnrolment(by, 'db1');
  const got = await web1.post('enrol', web1.agent.enrol(secret));
  assert.deepEqual([got.status, got.body.problem], [401, 'bad-token']);
  const token = await bench.tokenOf('viewer');
  const { hosts } = await bench.json<{ hosts: readonly { host: string }[] }>('/v1/hosts', {
    token,
  });
  assert.deepEqual(
    hosts.map(({ host }) => host),
    ['web1'],
  );
});

test('a copy of the pages of which nothing is known is an alert, and is not dismissed while it is asked for', async (t) => {
  const tell = tellSchema.parse({ group: '0s', delay: { unknown: '0s' } });
  const config = { tell, pages: { copy: '/nowhere/at/all' } };
  const bench = await ServerBench.open(t, { config });
  const admin = await bench.tokenOf('admin');
  let id: string | undefined;
  for (let n = 0; n < 600 && id === undefined; n++) {
    const { alerts } = await bench.json<Alerts>('/v1/alerts', { token: admin });
    id = alerts.find(({ subject }) => subject === 'server:copy')?.id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(id !== undefined);
  const where = `/v1/alerts/${id}/dismiss`;
  assert.equal((await bench.ask(where, { token: admin, method: 'POST' })).status, 409);
});
