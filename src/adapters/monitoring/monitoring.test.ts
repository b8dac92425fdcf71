// Goal: what another monitoring knows is read with its own age: fresh it is told, a source that has stopped is unreadable
// however well it spoke last, and nothing that it can answer (nothing, nonsense, an error, too much, never) is
// healthy. Method: doubles that answer in the forms of the documents: Prometheus "HTTP API", Icinga 2 "REST API"
// (objects), Nagios Core 4 status.dat, Livestatus of MK and Checkmk ("JSON"), Zabbix 7 "API" (trigger.get, item.get);
// written after these documents, not recorded from running ones.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { probeConfig } from '../../wire/agent/probe-config.ts';
import { configuredProbe } from '../probes/configured-probe.ts';
import { monitoringProbe } from './monitoring-probe.ts';

const NOW_S = 1_795_000_000;
const TIME = { nowMs: () => NOW_S * 1000, steadyMs: () => 0 };

function scratch(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-mon-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

type Answer = string | { readonly status: number; readonly text: string } | 'hang';

/** Answers by what stands in the request: its path, or its body. */
async function serving(
  t: TestContext,
  answerTo: (asked: string, authorization: string) => Answer,
): Promise<string> {
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const answer = answerTo(
        `${decodeURIComponent(request.url ?? '')} ${body}`,
        request.headers.authorization ?? '',
      );
      if (answer === 'hang') return;
      const { status, text } = typeof answer === 'string' ? { status: 200, text: answer } : answer;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function seen(config: object): Promise<{ readonly saw: string; readonly why: string }> {
  const parsed = probeConfig.parse(config);
  assert.ok(configuredProbe('it', parsed) !== undefined, 'the agent knows the kind');
  assert.ok(isMonitoring(parsed));
  return await monitoringProbe('it', parsed, TIME).look(new AbortController().signal);
}

type Parsed = ReturnType<typeof probeConfig.parse>;
function isMonitoring(config: Parsed): config is Parameters<typeof monitoringProbe>[1] & Parsed {
  return ['prometheus', 'icinga', 'nagios-status', 'livestatus', 'zabbix'].includes(config.kind);
}

const vector = (...values: readonly (string | number)[]): string =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map((value) => ({ metric: { job: 'node' }, value: [NOW_S, `${value}`] })),
    },
  });

test('Prometheus: the age is that of the samples, and no series is no good news', async (t) => {
  let value = vector(1);
  let at = vector(NOW_S - 15);
  const url = await serving(t, (asked) => (asked.includes('query=timestamp(') ? at : value));
  const config = { kind: 'prometheus', url, query: 'up{job="node"}', 'broken-below': 1 };
  assert.equal((await seen(config)).saw, 'healthy');
  value = vector(0);
  assert.equal((await seen(config)).saw, 'broken');
  [value, at] = [vector(1, 0), vector(NOW_S - 15, NOW_S - 5)];
  const two = await seen(config);
  assert.equal(two.saw, 'broken');
  assert.match(two.why, /15 s ago: 0, the worst of 2/);
  [value, at] = [vector(1), vector(NOW_S - 3600)];
  assert.match((await seen(config)).why, /no longer evidence/);
  at = vector(NOW_S + 3600);
  assert.match((await seen(config)).why, /future/);
  for (const text of [
    vector(),
    vector('NaN'),
    '{}',
    '[]',
    '',
    '{"status":"error","error":"bad_data"}',
  ]) {
    [value, at] = [text, text === vector('NaN') ? vector(NOW_S) : text];
    assert.equal((await seen(config)).saw, 'unreadable', text);
  }
  // What lies of its time is no bug of ours: `holdfast probe` ended by it, and showed nothing at all.
  for (const time of ['NaN', 'Infinity', '-Inf', ' ', 'x']) {
    [value, at] = [vector(1), vector(time)];
    assert.equal((await seen(config)).saw, 'unreadable', time);
  }
  [value, at] = [vector(' '), vector(NOW_S)];
  assert.equal((await seen({ ...config, 'broken-below': 0 })).saw, 'unreadable', 'no number');
  const { 'broken-below': _bound, ...unbound } = config;
  assert.equal(probeConfig.safeParse(unbound).success, false, '`up` of a target that is down is 0');
  // Of what is computed nobody knows the age.
  assert.equal(probeConfig.safeParse({ ...config, query: 'sum(up)' }).success, false);
});

const icinga = (attrs: object): string =>
  JSON.stringify({ results: [{ attrs, joins: {}, meta: {}, name: 'web1!http', type: 'Service' }] });

test('Icinga: state, output and last check; a token that is refused, an object that is not there', async (t) => {
  const dir = scratch(t);
  const account = path.join(dir, 'account');
  fs.writeFileSync(account, 'holdfast:s3cret\n', { mode: 0o600 });
  const basic = `Basic ${Buffer.from('holdfast:s3cret').toString('base64')}`;
  const attrs = {
    ...{ type: 'Service', state: 0, last_check: NOW_S - 30.5, check_interval: 60 },
    last_check_result: { output: 'HTTP OK: 200' },
  };
  let answer = icinga(attrs);
  const url = await serving(t, (asked, authorization) => {
    if (authorization !== basic) return { status: 401, text: 'Unauthorized' };
    return asked.startsWith('/v1/objects/services/web1!http ')
      ? answer
      : { status: 404, text: '{"error":404,"status":"No objects found."}' };
  });
  const config = { kind: 'icinga', url, host: 'web1', service: 'http', 'account-file': account };
  const fresh = await seen(config);
  assert.equal(fresh.saw, 'healthy');
  assert.match(fresh.why, /^Icinga, 31? s ago: HTTP OK: 200$|^Icinga, 30\.?5? s ago/);
  for (const [state, saw] of [
    [1, 'impaired'],
    [2, 'broken'],
    [3, 'unreadable'],
  ] as const) {
    answer = icinga({ ...attrs, state });
    assert.equal((await seen(config)).saw, saw);
  }
  // TDF 2015: it says OK, and has looked at nothing for weeks.
  answer = icinga({ ...attrs, last_check: NOW_S - 21 * 86_400 });
  const stopped = await seen(config);
  assert.equal(stopped.saw, 'unreadable');
  assert.match(stopped.why, /no longer evidence: HTTP OK/);
  answer = icinga({ ...attrs, last_check: -1 });
  assert.match((await seen(config)).why, /not checked it yet/);
  assert.match((await seen({ ...config, service: 'ssh' })).why, /no such object/);
  const refused = await seen({ ...config, 'account-file': undefined });
  assert.match(refused.why, /status 401/);
  assert.match((await seen({ ...config, 'account-file': `${dir}/none` })).why, /ENOENT/);
});

const STATUS = (lastCheck: number): string => `info {
\tcreated=${NOW_S}
\t}

hoststatus {
\thost_name=web1
\tcurrent_state=1
\tlast_check=${lastCheck}
\tplugin_output=CRITICAL - no ping
\t}

servicestatus {
\thost_name=web1
\tservice_description=disk
\tcurrent_state=1
\tlast_check=${lastCheck}
\tplugin_output=DISK WARNING - free space: / 900 MB (9%)
\t}
`;

test('Nagios: a block of status.dat, of a host or a service', async (t) => {
  const file = path.join(scratch(t), 'status.dat');
  fs.writeFileSync(file, STATUS(NOW_S - 60));
  const config = { kind: 'nagios-status', file, host: 'web1' };
  const disk = await seen({ ...config, service: 'disk' });
  assert.equal(disk.saw, 'impaired');
  assert.match(disk.why, /free space: \/ 900 MB/);
  assert.equal((await seen(config)).saw, 'broken', 'a host of state 1 is down');
  assert.match((await seen({ ...config, service: 'load' })).why, /no such object/);
  fs.writeFileSync(file, STATUS(NOW_S - 7200));
  assert.equal((await seen({ ...config, service: 'disk' })).saw, 'unreadable');
  fs.writeFileSync(file, STATUS(0));
  assert.match((await seen({ ...config, service: 'disk' })).why, /not checked it yet/);
  fs.unlinkSync(file);
  assert.match((await seen(config)).why, /ENOENT/);
});

test('Livestatus, as Checkmk has it: one row, by a socket', async (t) => {
  const socket = path.join(scratch(t), 'live');
  let answer = `[[2,${NOW_S - 20},"CRIT - 0 of 3 up"]]\n`;
  const asked: string[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (line) => {
    line.setEncoding('utf8');
    line.on('data', (chunk: string) => asked.push(chunk));
    line.on('end', () => line.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => server.close());
  const config = { kind: 'livestatus', socket, host: 'web1', service: 'HTTP' };
  assert.equal((await seen(config)).saw, 'broken');
  assert.equal(
    asked[0],
    'GET services\nFilter: host_name = web1\nFilter: description = HTTP\nColumns: state last_check plugin_output\nOutputFormat: json\n\n',
  );
  for (const text of ['[]', '[[0]]', '', 'nonsense', '[[0,0,""]]', `[[0,${NOW_S - 9000},"ok"]]`]) {
    answer = text;
    assert.equal((await seen(config)).saw, 'unreadable', text);
  }
  // No second question fits into a name.
  for (const host of ['web1\nCOMMAND [1] SHUTDOWN', 'a\u0000b']) {
    assert.equal(probeConfig.safeParse({ ...config, host }).success, false);
  }
  assert.match((await seen({ ...config, socket: `${socket}2` })).why, /ENOENT/);
});

test('Zabbix: a trigger is as old as what it rests on', async (t) => {
  const dir = scratch(t);
  const token = path.join(dir, 'token');
  fs.writeFileSync(token, 'abc\n', { mode: 0o600 });
  let trigger: object[] = [
    { description: 'Disk is full on web1', value: '0', state: '0', status: '0', error: '' },
  ];
  let items: object[] = [
    { lastclock: `${NOW_S - 20}`, state: '0', status: '0' },
    { lastclock: `${NOW_S - 40}`, state: '0', status: '0' },
  ];
  const url = await serving(t, (asked, authorization) => {
    if (authorization !== 'Bearer abc') {
      return '{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params.","data":"Not authorized."},"id":1}';
    }
    const result = asked.includes('trigger.get') ? trigger : items;
    return JSON.stringify({ jsonrpc: '2.0', result, id: 1 });
  });
  const config = { kind: 'zabbix', url, trigger: '13491', 'token-file': token };
  const fresh = await seen(config);
  assert.equal(fresh.saw, 'healthy');
  assert.match(fresh.why, /40 s ago: Disk is full on web1/);
  const [was] = trigger;
  trigger = [{ ...was, value: '1' }];
  assert.equal((await seen(config)).saw, 'broken');
  for (const change of [{ state: '1' }, { status: '1' }, { value: undefined }]) {
    trigger = [{ ...was, ...change }];
    assert.equal((await seen(config)).saw, 'unreadable', JSON.stringify(change));
  }
  trigger = [{ ...was }];
  const [first] = items;
  for (const other of [{ lastclock: '0' }, { lastclock: `${NOW_S - 86_400}` }, { state: '1' }]) {
    items = [{ ...first }, { ...first, ...other }];
    assert.equal((await seen(config)).saw, 'unreadable', JSON.stringify(other));
  }
  items = [];
  assert.equal((await seen(config)).saw, 'unreadable');
  assert.match((await seen({ ...config, 'token-file': undefined })).why, /Not authorized/);
});

test('one that hangs, is gone, or says too much is unreadable within its limit', async (t) => {
  const url = await serving(t, (asked) =>
    asked.includes('hang') ? 'hang' : 'x'.repeat(2_000_000),
  );
  const config = { kind: 'prometheus', url, query: 'hang', limit: '1s', 'broken-below': 1 };
  const late = await seen(config);
  assert.deepEqual([late.saw, /did not/.test(late.why)], ['unreadable', true]);
  assert.match((await seen({ ...config, query: 'much' })).why, /more than can be read/);
  const gone = await seen({ ...config, url: 'http://127.0.0.1:1' });
  assert.match(gone.why, /ECONNREFUSED/);
});
