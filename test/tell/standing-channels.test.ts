// Goal: Alertmanager and Icinga are told again and again what is open, and that something is over only
// where it was seen to be well; TLS to them is pinned before a byte is written.
// Method: the real channels against a server on this machine that answers as theirs do.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import selfsigned from 'selfsigned';
import { alertmanagerChannel } from '../../src/adapters/channels/alertmanager.ts';
import { NO_LINKS } from '../../src/adapters/channels/composed.ts';
import { icingaChannel, type IcingaOptions } from '../../src/adapters/channels/icinga.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { Alert, AlertMark } from '../../src/tell/core/alert.ts';
import type { Channel, Sent } from '../../src/tell/shell/channel.ts';
import { ALERT, AT, row } from './example-row.ts';
import { httpDouble, status } from './http-double.ts';

const ESTATE = { reach: { to: 'estate', nets: [] } } as const;
const signal = AbortSignal.timeout(60_000);
const MINUTE = 60_000;

function alert(subject: string, mark: AlertMark, id = ALERT): Alert {
  const at = unixMs(AT - MINUTE);
  return {
    ...{ id, subject, mark, why: `it is ${mark}`, consequences: [], state: 'open', flaps: 0 },
    ...{ openedAt: at, changedAt: at, since: at },
    told: { at, mark, worst: mark, failed: [] },
  };
}

interface Posted {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
}

function alertmanager(url: string, clock: { now: () => UnixMs }): Channel {
  return alertmanagerChannel({
    ...{ name: 'am', url, everyMs: MINUTE, labels: { team: 'ops' }, way: ESTATE, links: NO_LINKS },
    clock,
  });
}

test('Alertmanager: open alerts end four intervals ahead, and in the past only when closed', async (t) => {
  const double = await httpDouble(t);
  double.answer = status(200);
  let now = AT;
  const channel = alertmanager(`${double.url}/prefix/`, { now: () => now });
  const posted = (): readonly Posted[] => JSON.parse(double.asked.at(-1)?.body ?? '[]') as Posted[];
  assert.equal((await channel.send(row(), signal)).outcome, 'sent');
  assert.equal(double.asked[0]?.path, '/prefix/api/v2/alerts');
  const [opened] = posted();
  assert.equal(opened?.labels.subject, 'host:web1');
  assert.equal(opened.labels.team, 'ops');
  assert.equal(Date.parse(opened.endsAt), AT + 4 * MINUTE);
  for (let round = 1; round <= 5; round++) {
    now = unixMs(AT + round * MINUTE);
    assert.equal(
      (await channel.standing?.tell([alert('host:web1', 'unknown')], signal))?.outcome,
      'sent',
    );
    const [again] = posted();
    assert.deepEqual(again?.labels, opened.labels, 'another name would be another alert there');
    assert.equal(Date.parse(again.endsAt), now + 4 * MINUTE);
  }
  const asked = double.asked.length;
  assert.equal((await channel.standing?.tell([], signal))?.outcome, 'sent');
  assert.equal(double.asked.length, asked, 'that nothing is open here ends nothing there');
  await channel.send(row({ what: 'closed', mark: 'ok', at: now }, { what: 'closed' }), signal);
  const [closed] = posted();
  assert.deepEqual(closed?.labels, opened.labels);
  assert.equal(Date.parse(closed.endsAt), now);
  assert.ok(Date.parse(closed.startsAt) < now);
});

test('Alertmanager: what it does not take is tried again', async (t) => {
  const double = await httpDouble(t);
  const channel = alertmanager(double.url, { now: () => AT });
  double.answer = status(503);
  assert.equal((await channel.send(row(), signal)).outcome, 'failed');
  assert.equal(
    (await channel.standing?.tell([alert('host:a', 'failed')], signal))?.outcome,
    'failed',
  );
});

const OK = '{"results":[{"code":200.0,"status":"Successfully processed check result"}]}';

function icinga(url: string, given: Partial<IcingaOptions> = {}): Channel {
  return icingaChannel({
    ...{ name: 'ic', url, authorization: 'Basic aGY6eA==', host: 'holdfast', service: 'estate' },
    ...{ everyMs: MINUTE, way: ESTATE, openAlerts: async () => [], ...given },
  });
}

test('Icinga: the worst that is open, whichever message comes; names are variables', async (t) => {
  const double = await httpDouble(t);
  double.answer = status(200, OK);
  const open = [alert('host:b', 'degraded'), alert('host:a', 'failed')];
  const channel = icinga(double.url, { host: 'x" || true', openAlerts: async () => open });
  const closing = row({ what: 'closed', mark: 'ok' }, { what: 'closed' });
  assert.equal((await channel.send(closing, signal)).outcome, 'sent');
  const asked = double.asked[0];
  assert.equal(asked?.path, '/v1/actions/process-check-result');
  assert.equal(asked.headers.authorization, 'Basic aGY6eA==');
  const body = JSON.parse(asked.body) as Record<string, unknown>;
  assert.equal(body.exit_status, 2, 'one alert is over and another is open');
  assert.equal(body.filter, 'host.name==h && service.name==s');
  assert.deepEqual(body.filter_vars, { h: 'x" || true', s: 'estate' });
  assert.equal(body.ttl, 240);
  assert.match(String(body.plugin_output), /^2 alerts open\nfailed: a: it is failed\ndegraded: b/);
});

test('Icinga: ok only where it is known that nothing is open', async (t) => {
  const double = await httpDouble(t);
  double.answer = status(200, OK);
  const exit = (): unknown =>
    (JSON.parse(double.asked.at(-1)?.body ?? '{}') as { exit_status: unknown }).exit_status;
  await icinga(double.url).standing?.tell([], signal);
  assert.equal(exit(), 0);
  await icinga(double.url, { openAlerts: undefined }).send(row(), signal);
  assert.equal(exit(), 3);
});

test('Icinga: a service that is not there is said', async (t) => {
  const double = await httpDouble(t);
  double.answer = status(200, '{"results":[]}');
  const sent: Sent = await icinga(double.url).send(row(), signal);
  assert.equal(sent.outcome, 'failed');
  assert.match(sent.why, /no service estate on holdfast/);
});

test('a certificate: vouched for, or pinned, or nothing is written', async (t) => {
  const made = await selfsigned.generate([{ name: 'commonName', value: 'icinga' }]);
  const double = await httpDouble(t, { key: made.private, cert: made.cert });
  double.answer = status(200, OK);
  const { fingerprint256 } = new crypto.X509Certificate(made.cert);
  const outcome = async (way: object): Promise<string> =>
    (await icinga(double.url, { way: { ...ESTATE, ...way } }).send(row(), signal)).outcome;
  assert.equal(await outcome({}), 'failed');
  assert.equal(await outcome({ ca: made.cert }), 'failed', 'it is of another name');
  assert.equal(await outcome({ fingerprint: fingerprint256.replaceAll('A', 'B') }), 'failed');
  assert.equal(double.asked.length, 0);
  assert.equal(await outcome({ fingerprint: fingerprint256 }), 'sent');
  const plain = fingerprint256.replaceAll(':', '').toLowerCase();
  assert.equal(await outcome({ fingerprint: plain }), 'sent');
});
