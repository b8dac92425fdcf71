// Goal: a server that is started anew knows what was shown by name only, until it is shown again, which an offer
// alone does; hosts without an agent join by the looks that this machine kept, with their own age; and what
// people wrote is held against what was seen.
// Method: the real server over TLS, twice on one state; agents of the test.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { GIB, hours, unixMs } from '../../src/base/units.ts';
import { keepLook } from '../../src/main/look/saved-looks.ts';
import { changesAt, exposedNow } from '../../src/main/server/exposed.ts';
import type { Exposed } from '../../src/main/server/exposed-view.ts';
import { type RunningServer, startServer } from '../../src/main/server/server.ts';
import type { Config } from '../../src/wire/config.ts';
import { savedLookText } from '../../src/wire/saved-look.ts';
import type { HostLook } from '../../src/watch/core/look/host-sight.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { dataAt } from '../watch/discovery-example.ts';
import { Talker } from './server-bench.ts';

const tools = nodeTools();
const BY = { who: 'test', from: 'terminal' };

function lookAt(host: string, at: string, seenAt = Date.now()): HostLook {
  const { discovery } = sightOf(host);
  const place = {
    ...{ host, path: byteString(at) },
    beneath: { disks: ['vda'], failuresSurvived: 0 },
  };
  const data = [dataAt(at, { kind: 'www', bytes: 20 * GIB, place })];
  return answered(host, {
    discovery: { ...discovery, seenAt: unixMs(seenAt), data, backups: [], looked: [] },
  });
}

function frameOf(look: HostLook): Uint8Array {
  const text = savedLookText({ at: unixMs(Date.now()), looks: [look] }, tools.hash);
  return tools.codec.compress(tools.codec.bytesOf(byteString(text)));
}

interface Place {
  readonly state: string;
  readonly config: Config;
}

function placeHere(t: TestContext, config: Config = {}): Place {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-shown-'));
  t.after(() => fs.rmSync(state, { recursive: true, force: true }));
  fs.mkdirSync(path.join(state, 'server'));
  return { state, config };
}

async function started({ state, config }: Place): Promise<RunningServer> {
  return startServer({
    ...{ stateDirectory: path.join(state, 'server'), config, configFile: undefined },
    ...{ looksIn: state, listen: { host: '127.0.0.1', port: 0 }, url: undefined },
    ...{ clock: nodeClock(), log: (line) => assert.fail(line) },
    onBug: (error) => {
      throw error;
    },
  });
}

function pinOf(server: RunningServer): { readonly port: number; readonly pin: Buffer } {
  return { port: server.at.port, pin: Buffer.from(server.pin, 'base64url') };
}

async function enrolled(server: RunningServer, host: string): Promise<Talker> {
  const { secret } = await server.served.access.makeEnrolment(BY, host);
  const talker = new Talker(pinOf(server));
  assert.equal((await talker.post('enrol', talker.agent.enrol(secret))).status, 200);
  await talker.say([]);
  return talker;
}

/** Of what was taken until now: what was made for somebody before may be given for a while. */
async function exposedOf({ served }: RunningServer): Promise<Exposed> {
  const since = Date.now();
  for (let n = 0; n < 600; n++) {
    const exposed = await exposedNow(served);
    if (exposed.at >= since) return exposed;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail('it is not made again');
}

/** Of each data set: whether it was seen, and the worst that could be. */
function setsOf({ view }: Exposed): readonly string[] {
  return view.dataSets
    .map(({ name, isSeen, worst }) => `${name} ${isSeen} ${worst?.loss.kind ?? 'nothing'}`)
    .toSorted();
}

test('after a restart what was shown is known by name, until it is offered again', async (t) => {
  const place = placeHere(t);
  const frame = frameOf(lookAt('web1', '/srv/www'));
  const first = await started(place);
  const web1 = await enrolled(first, 'web1');
  const { body } = await web1.show('sight', frame);
  assert.equal(body.has, true);
  assert.deepEqual(setsOf(await exposedOf(first)), ['web1:/srv/www true all']);
  await first.close();

  const second = await started(place);
  try {
    const before = await exposedOf(second);
    assert.deepEqual(setsOf(before), ['web1:/srv/www false unknown']);
    const [host] = before.hosts;
    assert.deepEqual(
      [host?.look, host?.why],
      ['stale', 'its agent has not shown it since this server began'],
    );
    assert.deepEqual(
      before.coverage.map(({ state }) => state),
      ['unknown'],
    );
    web1.moveTo(pinOf(second));
    await web1.say([]);
    const other = await web1.show('sight', frameOf(lookAt('web1', '/srv/other')), {}, false);
    assert.equal(other.body.has, false);
    const offered = await web1.show('sight', frame, {}, false);
    assert.deepEqual([offered.status, offered.body.has], [200, true]);
    assert.deepEqual(setsOf(await exposedOf(second)), ['web1:/srv/www true all']);
  } finally {
    await second.close();
  }
});

test('a host without an agent is seen by the looks kept here, with their own age', async (t) => {
  const place = placeHere(t);
  const store = { disk: nodeDisk(), tools, state: byteString(place.state) };
  const old = unixMs(Date.now() - hours(23));
  keepLook(store, { at: old, looks: [lookAt('st1', '/srv/borg', old)] });
  const server = await started(place);
  try {
    const web1 = await enrolled(server, 'web1');
    await web1.show('sight', frameOf(lookAt('web1', '/srv/www')));
    const { hosts, at } = await exposedOf(server);
    const seen = hosts.map(({ host, seenBy, look }) => `${host} ${seenBy} ${look}`);
    assert.deepEqual(seen, ['st1 look whole', 'web1 agent whole']);
    const [st1, own] = hosts;
    assert.equal(st1?.seenAt, old);
    assert.ok((own?.seenAt ?? 0) > at - hours(1));
    // Another look, and it is seen anew.
    keepLook(store, { at: unixMs(Date.now()), looks: [lookAt('st2', '/srv/borg')] });
    const later = await exposedOf(server);
    assert.ok(later.hosts.some(({ host }) => host === 'st2'));
  } finally {
    await server.close();
  }
});

test('a host without an agent has a timeline: what one look kept here shows, and the one before did not', async (t) => {
  const place = placeHere(t);
  const store = { disk: nodeDisk(), tools, state: byteString(place.state) };
  const machine = { ...sightOf('st1').machine, kernel: '6.1.0-99-amd64' };
  const looks = [hours(9), hours(5), hours(1)].map((ago, n) => {
    const at = unixMs(Date.now() - ago);
    const look = lookAt('st1', '/srv/borg', at);
    assert.ok(look.kind === 'answered');
    const sight = n < 2 ? look.sight : { ...look.sight, machine };
    return { at, looks: [{ ...look, sight }] };
  });
  for (const look of looks) keepLook(store, look);
  const server = await started(place);
  try {
    const changes = await changesAt(server.served, { countMax: 50 });
    const said = changes.map(({ host, topic, after, at, notBefore }) => ({
      ...{ host, topic, after, at, notBefore },
    }));
    assert.deepEqual(said, [
      {
        ...{ host: 'st1', topic: 'kernel', after: '6.1.0-99-amd64' },
        ...{ at: looks[2]?.at, notBefore: looks[1]?.at },
      },
    ]);
    assert.deepEqual(await changesAt(server.served, { host: 'other', countMax: 50 }), []);
    // Its own agent tells what changes from now on.
    await enrolled(server, 'st1');
    assert.deepEqual(await changesAt(server.served, { countMax: 50 }), []);
  } finally {
    await server.close();
  }
});

test('what is declared and not there, and there and not declared, are findings', async (t) => {
  const place = placeHere(t, {
    hosts: { web1: {}, db1: {} },
    datasets: { shop: { host: 'web1', paths: ['/srv/shop'] } },
  });
  const server = await started(place);
  try {
    const web1 = await enrolled(server, 'web1');
    await web1.show('sight', frameOf(lookAt('web1', '/srv/www')));
    const { findings, hosts } = await exposedOf(server);
    const codes = findings
      .filter(({ section }) => section === 'declared')
      .map(({ code, hosts: of, subject }) => `${code} ${of.join()} ${subject}`);
    assert.ok(codes.includes('declared-not-seen web1 shop'), codes.join('\n'));
    assert.ok(codes.includes('seen-not-declared web1 /srv/www'), codes.join('\n'));
    assert.ok(codes.includes('declared-unknown db1 db1'), codes.join('\n'));
    const db1 = hosts.find(({ host }) => host === 'db1');
    assert.deepEqual([db1?.look, db1?.why], ['unseen', 'nobody looked at it']);
  } finally {
    await server.close();
  }
});

test('people correct what was seen: what is no data, and what a machine runs on', async (t) => {
  const place = placeHere(t, {
    hosts: {
      web1: { on: ['hv1'], ignore: { '/srv/scratch': 'made again by the build' } },
      hv1: {},
    },
  });
  const server = await started(place);
  try {
    const web1 = await enrolled(server, 'web1');
    const look = lookAt('web1', '/srv/www');
    const scratch = lookAt('web1', '/srv/scratch/big');
    assert.ok(look.kind === 'answered' && scratch.kind === 'answered');
    const { discovery } = look.sight;
    const data = [...discovery.data, ...scratch.sight.discovery.data];
    await web1.show(
      'sight',
      frameOf({ ...look, sight: { ...look.sight, discovery: { ...discovery, data } } }),
    );
    const hv1 = await enrolled(server, 'hv1');
    await hv1.show('sight', frameOf(lookAt('hv1', '/srv/images')));
    const exposed = await exposedOf(server);
    assert.deepEqual(setsOf(exposed), ['hv1:/srv/images true all', 'web1:/srv/www true all']);
    assert.ok(!exposed.coverage.some(({ path: at }) => at === '/srv/scratch/big'));
    const ignored = exposed.findings.find(({ code }) => code === 'ignored-data');
    assert.deepEqual([ignored?.hosts, ignored?.subject], [['web1'], '/srv/scratch/big']);
    assert.match(ignored?.sentence ?? '', /made again by the build$/);
    const fall = exposed.view.falls.find(({ id }) => id === 'host:hv1');
    const hit = fall?.hits.map(({ dataSet }) => dataSet).toSorted();
    assert.deepEqual(hit, ['hv1:/srv/images', 'web1:/srv/www'], 'it falls with what it runs on');
  } finally {
    await server.close();
  }
});

test('the frame that is kept is the one that was shown', async (t) => {
  const place = placeHere(t);
  const server = await started(place);
  try {
    const web1 = await enrolled(server, 'web1');
    const frame = frameOf(lookAt('web1', '/srv/www'));
    await web1.show('sight', frame);
    const { state } = server.served;
    const kept = await state.frame({ agent: web1.agent.id, kind: 'sight' });
    assert.deepEqual(Buffer.from(kept ?? '', 'base64'), Buffer.from(frame));
    const [stored] = await state.shown();
    assert.equal(stored?.sha256, createHash('sha256').update(frame).digest('hex'));
  } finally {
    await server.close();
  }
});
