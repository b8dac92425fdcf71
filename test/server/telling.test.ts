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
