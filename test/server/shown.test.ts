// Goal: what an agent shows is its host's exposure, with its age and its end, and never anybody else's: a
// report of another's data, a frame that is nonsense, too large, changed or sent again proves nothing.
// Method: the real server over TLS, agents of the test that sign what they show.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { hours } from '../../src/base/units.ts';
import { savedLookText } from '../../src/wire/saved-look.ts';
import type { LedgerReport } from '../../src/watch/core/ledger-report.ts';
import type { Opening } from '../../src/watch/core/opening.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { dataAt } from '../watch/discovery-example.ts';
import { ServerBench, type Talker } from './server-bench.ts';
import {
  framed,
  ledgerFrame,
  lookAt,
  NOW,
  placeOn,
  reportOf,
  sightFrame,
  tools,
} from './shown-example.ts';

interface Exposure {
  readonly falls: readonly {
    readonly domain: { readonly id: string; readonly host: string | null };
    readonly hits: readonly {
      readonly dataSet: string;
      readonly is: string;
      readonly loss: {
        readonly kind: string;
        readonly atLeastMs: number | null;
        readonly atMostMs: number | null;
      };
    }[];
  }[];
  readonly hosts: readonly {
    readonly host: string;
    readonly seenBy: string | null;
    readonly look: string;
    readonly why: string;
    readonly ledger: { readonly isFresh: boolean } | null;
  }[];
}

interface Findings {
  readonly findings: readonly {
    readonly code: string;
    readonly hosts: readonly string[];
    readonly subject: string;
  }[];
}

class Watched {
  readonly bench: ServerBench;
  readonly token: string;

  private constructor(bench: ServerBench, token: string) {
    this.bench = bench;
    this.token = token;
  }

  static async open(...args: Parameters<typeof ServerBench.open>): Promise<Watched> {
    const [t, of = {}] = args;
    const frames = { burst: 100, perMinute: 100 };
    const bench = await ServerBench.open(t, { agentRates: { frames }, ...of });
    return new Watched(bench, await bench.tokenOf('viewer'));
  }

  /** Of what was taken until now: what was made for somebody before may be given for a while. */
  async json<T>(where: string): Promise<T> {
    const since = Date.now();
    for (let n = 0; n < 600; n++) {
      const got = await this.bench.json<T & { readonly at: string }>(where, { token: this.token });
      if (Date.parse(got.at) >= since) return got;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assert.fail(`${where} is not made again`);
  }

  /** What losing a host does to a data set. */
  async lossOf(host: string, dataSet: string) {
    const { falls } = await this.json<Exposure>('/v1/exposure');
    const fall = falls.find(({ domain }) => domain.id === `host:${host}`);
    return fall?.hits.find((hit) => hit.dataSet === dataSet)?.loss;
  }

  async codes(): Promise<readonly string[]> {
    const { findings } = await this.json<Findings>('/v1/findings');
    return findings.map(({ code, hosts }) => `${code} ${hosts.join()}`);
  }
}

async function enrolled(watched: Watched, host: string): Promise<Talker> {
  const talker = await watched.bench.enrol(host);
  await talker.say([]);
  return talker;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a host that shows itself is at the exposure, with who saw it and until when', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  const { hosts: before } = await watched.json<Exposure>('/v1/exposure');
  assert.deepEqual(
    before.map(({ host, look, why }) => [host, look, why]),
    [['web1', 'unseen', 'its agent has shown nothing of it']],
  );
  // It calls itself otherwise than it was enrolled.
  const { status, body } = await web1.show('sight', sightFrame(lookAt('vm-17', '/srv/www')));
  assert.deepEqual([status, body.has], [200, true]);
  const { hosts } = await watched.json<Exposure>('/v1/exposure');
  assert.deepEqual(
    hosts.map(({ host, seenBy, look }) => [host, seenBy, look]),
    [['web1', 'agent', 'whole']],
  );
  assert.equal((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, 'all');
  const { rows } = await watched.json<{ rows: { host: string; state: string }[] }>('/v1/coverage');
  assert.deepEqual(
    rows.map(({ host, state }) => [host, state]),
    [['web1', 'none']],
  );
  await web1.show('ledger', ledgerFrame(reportOf('vm-17', '/srv/www')));
  const loss = await watched.lossOf('web1', 'web1:/srv/www');
  assert.equal(loss?.kind, 'window');
  assert.ok(
    (loss.atMostMs ?? 0) >= hours(1) && (loss.atMostMs ?? 0) < hours(2),
    String(loss.atMostMs),
  );
  const lost = await watched.json<{ rows: { dataSet: string }[] }>('/v1/lose?domain=host:web1');
  assert.deepEqual(
    lost.rows.map(({ dataSet }) => dataSet),
    ['web1:/srv/www'],
  );
  const one = await watched.json<{ dataSet: { name: string } }>('/v1/data-sets/web1:%2Fsrv%2Fwww');
  assert.equal(one.dataSet.name, 'web1:/srv/www');
});

test('what changed from one sight to the next is a line of the time line', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  await web1.show('sight', sightFrame(lookAt('web1', '/srv/www')));
  const after = lookAt('web1', '/srv/www', {
    machine: { ...sightOf('web1').machine, kernel: '6.1.0-29-amd64' },
    packages: new Map([['nginx', '1.22.1-9']]),
  });
  await web1.show('sight', sightFrame(after));
  interface Changes {
    readonly changes: readonly {
      readonly topic: string;
      readonly name: string;
      readonly after: string | null;
    }[];
  }
  const { changes } = await watched.json<Changes>('/v1/changes?host=web1');
  const topics = new Set(changes.map(({ topic }) => topic));
  assert.ok(topics.has('kernel') && topics.has('packages'), JSON.stringify(changes));
  assert.ok(changes.some(({ name, after: is }) => name === 'nginx' && is === '1.22.1-9'));
  assert.deepEqual((await watched.json<Changes>('/v1/changes?host=web2')).changes, []);
});

test('a host says nothing of another: no data set, no vault, no place, no machine', async (t) => {
  const watched = await Watched.open(t);
  const [web1, evil] = [await enrolled(watched, 'web1'), await enrolled(watched, 'evil')];
  await web1.show('sight', sightFrame(lookAt('web1', '/srv/www')));
  assert.equal((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, 'all');

  // Its own name, and the data of web1.
  const own = reportOf('evil', '/srv/own');
  const stolen = reportOf('web1', '/srv/www').estate;
  const forged = reportOf('evil', '/srv/own', {
    estate: {
      ...own.estate,
      dataSets: [
        ...own.estate.dataSets,
        ...stolen.dataSets,
        { ...setOf(own), name: 'web1:/srv/www', places: [placeOn('web1', '/')] },
      ],
      points: [
        ...own.estate.points,
        ...stolen.points,
        ...stolen.points.map((point) => ({ ...point, dataSet: 'web1:/srv/www' })),
      ],
      drills: [...own.estate.drills, ...stolen.drills],
    },
  });
  assert.equal((await evil.show('ledger', ledgerFrame(forged))).status, 200);
  assert.equal((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, 'all');
  assert.ok((await watched.codes()).includes('spoke-of-others evil'));

  // A report that is all in the name of web1 is of evil, whatever it calls itself.
  await evil.show('ledger', ledgerFrame(reportOf('web1', '/srv/www')));
  assert.equal((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, 'all');
  assert.equal((await watched.lossOf('evil', 'evil:/srv/www'))?.kind, 'window');

  // A vault of the same id, elsewhere, with a key that everybody has.
  await web1.show('ledger', ledgerFrame(unproven(reportOf('web1', '/srv/www'))));
  const before = await watched.lossOf('web1', 'web1:/srv/www');
  await evil.show('ledger', ledgerFrame(reportOf('evil', '/srv/www')));
  assert.deepEqual((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, before?.kind);
  assert.equal(before?.kind, 'unknown');

  // A sight with a place on another host is no sight.
  const { discovery } = sightOf('evil');
  const elsewhere = answered('evil', {
    discovery: { ...discovery, data: [dataAt('/srv', { place: placeOn('web1', '/srv') })] },
  });
  const refused = await evil.show('sight', sightFrame(elsewhere));
  assert.deepEqual([refused.status, refused.body.problem], [400, 'malformed']);
  const two = await evil.show('sight', sightFrame(lookAt('evil', '/srv'), lookAt('web1', '/srv')));
  assert.equal(two.status, 400);

  // It says that it is web1, by its machine id, its name and its boot.
  const { machine } = sightOf('web1');
  await evil.show('sight', sightFrame(lookAt('web1', '/srv/nothing', { machine })));
  const { hosts } = await watched.json<Exposure>('/v1/exposure');
  assert.deepEqual(
    hosts.map(({ host, look }) => [host, look]),
    [
      ['evil', 'whole'],
      ['web1', 'whole'],
    ],
  );
  assert.equal((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, 'unknown');
  assert.ok((await watched.codes()).includes('same-machine-id evil,web1'));
});

/** The same without any proof that its bytes are there. */
function unproven(report: LedgerReport): LedgerReport {
  const points = report.estate.points.map((point) => ({ ...point, exists: [] }));
  return { ...report, estate: { ...report.estate, points, drills: [] } };
}

test('nonsense, a bomb, another frame than was named, and the same again are refused', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  const good = sightFrame(lookAt('web1', '/srv/www'));
  const bad: readonly (readonly [string, Uint8Array])[] = [
    ['no zstd', Buffer.from('no frame at all')],
    ['a bomb', tools.codec.compress(new Uint8Array(64 * 1024 * 1024))],
    ['no look', framed('{"holdfast":"look","version":1,"at":1,"hosts":0}\n')],
    ['a ledger', ledgerFrame(reportOf('web1', '/srv/www'))],
    ['a key too much', framed(savedLookText({ at: NOW, looks: [] }, tools.hash))],
  ];
  for (const [what, frame] of bad) {
    const { status, body } = await web1.show('sight', frame);
    assert.deepEqual([status, body.problem], [400, 'malformed'], what);
  }
  const other = await web1.show('sight', good, { sha256: sha256(Buffer.from('other')) });
  assert.deepEqual([other.status, other.body.problem], [400, 'malformed']);
  const body = web1.showBody('sight', good);
  assert.equal((await web1.post('show', body)).status, 200);
  const again = await web1.post('show', body);
  assert.deepEqual([again.status, again.body.problem], [409, 'replayed']);
  const large = Buffer.concat([web1.showBody('sight', good), Buffer.alloc(4 * 1024 * 1024 + 4096)]);
  const refused = await web1.post('show', large).catch((error: Error) => error);
  assert.ok(refused instanceof Error || refused.status === 413, 'what is too large is not read');
  // Signed for another verb it is nobody's.
  const headers = web1.agent.headers('say', watched.bench.pin, body);
  const { post } = await import('./agent-double.ts');
  const misused = await post(watched.bench, 'show', { headers, body });
  assert.deepEqual([misused.status, misused.body.problem], [401, 'bad-signature']);
  assert.equal((await watched.lossOf('web1', 'web1:/srv/www'))?.kind, 'all');
});

test('frames come at a pace; an offer costs none of it', async (t) => {
  const frames = { burst: 2, perMinute: 1 };
  const watched = await Watched.open(t, { agentRates: { frames } });
  const web1 = await enrolled(watched, 'web1');
  const frame = sightFrame(lookAt('web1', '/srv/www'));
  const got: number[] = [];
  for (let n = 0; n < 3; n++) got.push((await web1.show('sight', frame)).status);
  assert.deepEqual(got, [200, 200, 429]);
  const offer = await web1.show('sight', frame, {}, false);
  assert.deepEqual([offer.status, offer.body.has], [200, true]);
  const unknown = await web1.show('ledger', frame, {}, false);
  assert.deepEqual([unknown.status, unknown.body.has], [200, false]);
});

test('what was seen after it was shown, or by a mark of another start, is not taken', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  const frame = sightFrame(lookAt('web1', '/srv/www'));
  const early = await web1.show('sight', frame, { seenUpMs: web1.upMs + 60_000 });
  assert.deepEqual([early.status, early.body.problem], [400, 'impossible-time']);
  const mark = { server: 'f'.repeat(32), at: 1, upMs: 1 };
  const strange = await web1.show('sight', frame, { mark });
  assert.deepEqual([strange.status, strange.body.wants, strange.body.has], [200, 'mark', false]);
  assert.equal(await watched.lossOf('web1', 'web1:/srv/www'), undefined);
});

test('a revoked host is gone from the exposure, and what it showed with it', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  await web1.show('sight', sightFrame(lookAt('web1', '/srv/www')));
  const admin = await watched.bench.tokenOf('admin');
  await watched.bench.json(`/v1/agents/${web1.agent.id}/revoke`, {
    ...{ token: admin, body: { reason: 'sold' } },
  });
  const { hosts } = await watched.json<Exposure>('/v1/exposure');
  assert.deepEqual(hosts, []);
  assert.equal(
    await watched.bench.server.served.state.frame({ agent: web1.agent.id, kind: 'sight' }),
    undefined,
  );
});

test('names of hosts are inert: no control byte reaches an answer', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  const path = byteString('/srv/\x1b[2J\u0085<script>');
  await web1.show('sight', sightFrame(lookAt('web1', path)));
  const { text } = await watched.bench.ask('/v1/coverage', { token: watched.token });
  // JSON escapes what a terminal would obey; the name stays as it is.
  assert.ok(!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text), text.slice(0, 300));
});

function setOf({ estate }: LedgerReport): LedgerReport['estate']['dataSets'][number] {
  const [set] = estate.dataSets;
  return set ?? assert.fail('it has one');
}

test('the recovery plan names what opens a copy as its host says it, and never as "of" a host', async (t) => {
  const watched = await Watched.open(t);
  const web1 = await enrolled(watched, 'web1');
  await web1.show('sight', sightFrame(lookAt('web1', '/srv/www')));
  const page = async (): Promise<string> => {
    await watched.json('/v1/exposure');
    const { token } = watched;
    const got = await watched.bench.ask('/recovery-plan?lost=web1:/srv/www', { token });
    assert.equal(got.status, 200);
    return got.text.replaceAll(/<[^>]*>/g, '');
  };
  const theirs = (change: Partial<LedgerReport>, copy: string): LedgerReport => {
    const report = reportOf('web1', '/srv/www', change);
    const [vault] = report.estate.vaults;
    const [point] = report.estate.points;
    assert.ok(vault !== undefined && point !== undefined);
    const estate = {
      ...{ ...report.estate, drills: [] },
      points: [{ ...point, exists: [] }],
      vaults: [{ ...vault, copy }],
    };
    return { ...report, estate };
  };
  // What an older agent says: the name of the copy, and no more.
  await web1.show('ledger', ledgerFrame(theirs({}, 'restic sftp:b@st9:/b')));
  const bare = await page();
  assert.match(bare, /restic -r sftp:b@st9:\/b restore p1 --target/);
  assert.match(bare, /how web1 comes by its password was not said/);
  const opening: Opening = {
    ...{ copy: 'restic sftp:b@st9:/b', tool: 'restic', repository: 'sftp:b@st9:/b' },
    ...{ isEncrypted: true, config: undefined, keyFile: undefined },
    secret: { kind: 'file', path: byteString('/root/rp') },
  };
  await web1.show('ledger', ledgerFrame(theirs({ openings: [opening] }, opening.copy)));
  assert.match(await page(), /--password-file (?:\/root\/rp|\/PASSWORD_FILE)/);
  await web1.show('ledger', ledgerFrame(theirs({}, 'ssh://st9/vault')));
  const own = await page();
  assert.match(own, /holdfast restore --vault ssh:\/\/st9\/vault /);
  assert.doesNotMatch(own, /--vault \S* of web1/);
});
