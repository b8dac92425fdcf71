// Goal: what another host says of a drill proves nothing of a data set but for the job that this server
// gave to it: not without a job, not by another agent, not of another point or with other figures; each
// of these is a finding. What was given and answered proves it, also after a restart, and no host that
// is not named is ever asked. Method: the real server over TLS, agents of the test that sign whatever
// they are told to.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { GIB } from '../../src/base/units.ts';
import type { LedgerReport } from '../../src/watch/core/ledger-report.ts';
import { ServerBench, type Talker } from './server-bench.ts';
import { ledgerFrame, lookAt, reportOf, sightFrame } from './shown-example.ts';

const POINT = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const COPY = 'ssh://st9/vault';
const SET = 'web1:/srv/www';

/** With its points in a vault over ssh that nobody has proven anything of. */
function unproven(host: string, change: Partial<LedgerReport['estate']> = {}): LedgerReport {
  const report = reportOf(host, '/srv/www');
  const { points, vaults, keys } = report.estate;
  return {
    ...report,
    estate: {
      ...report.estate,
      points: points.map((point) => ({ ...point, id: POINT, exists: [] })),
      vaults: vaults.map((copy) => ({ ...copy, copy: COPY })),
      keys: keys.map((key) => ({ ...key, isConfirmedElsewhere: false })),
      drills: [],
      ...change,
    },
  };
}

/** A restore host: the same vault and its key, and nothing of its own. */
function reader(host: string): LedgerReport {
  return unproven(host, { dataSets: [], points: [] });
}

const answerOf = (change: object = {}): string =>
  JSON.stringify({
    ...{ kind: 'drilled', snapshot: POINT, isPassed: true, isUsable: true, engines: [] },
    ...{ entries: 10, bytes: 20 * GIB, durationMs: 90_000, totalMs: 95_000, isPastCache: true },
    ...{ gapCount: 0, mediumOfVault: 'ssh:st9', mediumOfScratch: '/dev/vda (ext4)' },
    holds: { entries: 10, bytes: 20 * GIB },
    ...change,
  });

interface Drill {
  readonly job: string;
  readonly host: string;
  readonly verdict: string;
  readonly why: string;
}

class Estate {
  readonly bench: ServerBench;
  readonly token: string;
  readonly talkers = new Map<string, Talker>();

  private constructor(bench: ServerBench, token: string) {
    this.bench = bench;
    this.token = token;
  }

  static async open(t: TestContext): Promise<Estate> {
    const frames = { burst: 100, perMinute: 100 };
    const config = { server: { 'restore-hosts': ['rs1'] } };
    const bench = await ServerBench.open(t, { config, agentRates: { frames } });
    const estate = new Estate(bench, await bench.tokenOf('operator'));
    for (const host of ['web1', 'rs1', 'evil']) {
      const talker = await bench.enrol(host);
      estate.talkers.set(host, talker);
      await talker.say([], { level: 'keep' });
      await talker.show('sight', sightFrame(lookAt(host, '/srv/www')));
    }
    await estate.of('web1').show('ledger', ledgerFrame(unproven('web1')));
    await estate.of('rs1').show('ledger', ledgerFrame(reader('rs1')));
    return estate;
  }

  of(host: string): Talker {
    const talker = this.talkers.get(host);
    assert.ok(talker !== undefined);
    return talker;
  }

  async drillNow(): Promise<Drill> {
    const body = { dataSet: SET };
    return this.bench.json<Drill>('/v1/drills', { token: this.token, body });
  }

  async ended(host: string, job: string, answer: string): Promise<Drill> {
    const talker = this.of(host);
    await talker.say([{ ...talker.job(job, 'done'), answer }], { level: 'keep' });
    for (let n = 0; n < 600; n++) {
      const { drills } = await this.#json<{ readonly drills: readonly Drill[] }>('/v1/drills');
      const found = drills.find((each) => each.job === job);
      if (found !== undefined && found.verdict !== 'open') return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assert.fail('its end is not counted');
  }

  /** What proves it on the page of the data set. */
  async proof(): Promise<string> {
    const since = Date.now();
    for (let n = 0; n < 600; n++) {
      const where = `/v1/data-sets/${encodeURIComponent(SET)}`;
      const got = await this.#json<{
        readonly at: string;
        readonly dataSet: { readonly best: { readonly proof: { readonly kind: string } } | null };
      }>(where);
      if (Date.parse(got.at) >= since) return got.dataSet.best?.proof.kind ?? 'none';
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assert.fail('it is not made again');
  }

  async codes(): Promise<readonly string[]> {
    const { findings } = await this.#json<{
      readonly findings: readonly { readonly code: string; readonly hosts: readonly string[] }[];
    }>('/v1/findings');
    return findings.map(({ code, hosts }) => `${code} ${hosts.join()}`);
  }

  #json<T>(where: string): Promise<T> {
    return this.bench.json<T>(where, { token: this.token });
  }
}

test('a drill of others proves what it was given a job for, and nothing else', async (t) => {
  const estate = await Estate.open(t);
  assert.equal(await estate.proof(), 'only seen');

  // Without a job: by its own report, in the name of the data set and in its own.
  const [drill] = reportOf('evil', '/srv/www').estate.drills;
  assert.ok(drill !== undefined);
  const said = { ...drill, point: POINT, dataSet: 'www of web1', copy: COPY };
  const lies = unproven('evil', { dataSets: [], points: [], drills: [said] });
  assert.equal((await estate.of('evil').show('ledger', ledgerFrame(lies))).status, 200);
  assert.equal(await estate.proof(), 'only seen');
  assert.ok((await estate.codes()).includes('drilled-unasked evil'));

  // By a host that it was not given to: that one is told that it was asked for no such job.
  const first = await estate.drillNow();
  assert.equal(first.host, 'rs1');
  const evil = estate.of('evil');
  const { body } = await evil.say([{ ...evil.job(first.job, 'done'), answer: answerOf() }]);
  assert.match(JSON.stringify(body), /No such job was asked of this host/);
  assert.equal(await estate.proof(), 'only seen');

  // Of another point, then with what its own host did not say of it.
  const another = await estate.ended('rs1', first.job, answerOf({ snapshot: OTHER }));
  assert.equal(another.verdict, 'mismatch', another.why);
  assert.equal(await estate.proof(), 'only seen');
  assert.ok((await estate.codes()).includes('drill-mismatch rs1'));
  const second = await estate.drillNow();
  const holds = { entries: 10, bytes: 20 * GIB - 1 };
  const wrong = await estate.ended('rs1', second.job, answerOf({ holds }));
  assert.equal(wrong.verdict, 'mismatch', wrong.why);
  assert.equal(await estate.proof(), 'only seen');

  // The first job once more, with a good answer now: it is over.
  const rs1 = estate.of('rs1');
  await rs1.say([{ ...rs1.job(first.job, 'done'), answer: answerOf() }], { level: 'keep' });
  assert.equal(await estate.proof(), 'only seen');

  // As it was given.
  const third = await estate.drillNow();
  const good = await estate.ended('rs1', third.job, answerOf());
  assert.equal(good.verdict, 'drilled', good.why);
  assert.equal(await estate.proof(), 'drilled');
  assert.ok(!(await estate.codes()).includes('drill-mismatch rs1'), 'it answers as asked again');

  // The hardware of rs1 was measured: with rs1 gone too there is no upper end.
  const token = estate.token;
  const lose = (query: string) => estate.bench.ask(`/v1/lose?${query}`, { token });
  assert.match((await lose('domain=host:web1')).text, /restored on rs1/);
  // Its own key is gone with web1, and rs1 has shown one.
  assert.doesNotMatch((await lose('domain=host:web1')).text, /the key dies with it/);

  // What was given to an agent that is revoked since ends with it, whatever its successor says.
  const fourth = await estate.drillNow();
  const anew = await estate.bench.enrol('rs1');
  estate.talkers.set('rs1', anew);
  await anew.say([{ ...anew.job(fourth.job, 'done'), answer: answerOf() }], { level: 'keep' });
  const lost = await estate.ended('rs1', fourth.job, answerOf());
  assert.equal(lost.verdict, 'lost', lost.why);
});

test('what cannot be asked for is refused with its reason', async (t) => {
  const estate = await Estate.open(t);
  const ask = (dataSet: string) =>
    estate.bench.ask('/v1/drills', { token: estate.token, body: { dataSet } });
  assert.equal((await ask('web1:/nothing')).status, 404);
  const first = await estate.drillNow();
  const twice = await ask(SET);
  assert.deepEqual([twice.status, /is being drilled/.test(twice.text)], [409, true]);
  await estate.ended('rs1', first.job, answerOf());
  // It opens the vault no more.
  const report = unproven('rs1', { dataSets: [], points: [], vaults: [] });
  await estate.of('rs1').show('ledger', ledgerFrame(report));
  const none = await ask(SET);
  assert.deepEqual([none.status, /does not hold the key/.test(none.text)], [409, true], none.text);
  const viewer = await estate.bench.tokenOf('viewer');
  const got = await estate.bench.ask('/v1/drills', { token: viewer, body: { dataSet: SET } });
  assert.equal(got.status, 403);
});
