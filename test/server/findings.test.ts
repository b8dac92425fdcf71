// Goal: the server says of every backup whether it was ever tried, of every exclude how much it leaves out, and whose
// each finding is; a person sees his own list, in the API and on the page.
// Method: the real server over TLS, an agent of the test that shows its sight and its ledger.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { GIB } from '../../src/base/units.ts';
import type { Config } from '../../src/wire/config.ts';
import { backupAt } from '../watch/look-backup-example.ts';
import { ServerBench } from './server-bench.ts';
import { ledgerFrame, lookAt, reportOf, sightFrame } from './shown-example.ts';

interface Answer {
  readonly at: string;
  readonly total: number;
  readonly findings: readonly {
    readonly code: string;
    readonly hosts: readonly string[];
    readonly subject: string;
    readonly sentence: string;
    readonly owners: readonly string[];
  }[];
}

interface Seen {
  readonly bench: ServerBench;
  readonly token: string;
}

async function seen(
  t: TestContext,
  config: Config,
  report = reportOf('web1', '/srv/www'),
): Promise<Seen> {
  const frames = { burst: 100, perMinute: 100 };
  const bench = await ServerBench.open(t, { agentRates: { frames }, config });
  const token = await bench.tokenOf('viewer');
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const { sight } = lookAt('web1', '/srv/www') as Extract<
    ReturnType<typeof lookAt>,
    { kind: 'answered' }
  >;
  const backups = [backupAt('borg', 'ssh://borg@st9/borg')];
  const look = lookAt('web1', '/srv/www', { discovery: { ...sight.discovery, backups } });
  assert.equal((await web1.show('sight', sightFrame(look))).status, 200);
  assert.equal((await web1.show('ledger', ledgerFrame(report))).status, 200);
  return { bench, token };
}

/** Of what was taken until now: what was made for somebody before may be given for a while. */
async function findings({ bench, token }: Seen, query = ''): Promise<Answer> {
  const since = Date.now();
  for (let n = 0; n < 600; n++) {
    const got = await bench.json<Answer>(`/v1/findings${query}`, { token });
    if (Date.parse(got.at) >= since) return got;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail('they are not made again');
}

const codes = ({ findings: all }: Answer): readonly string[] => all.map(({ code }) => code);

test('a backup that was drilled is no finding; without its drill it is', async (t) => {
  const drilled = await findings(await seen(t, {}));
  assert.ok(!codes(drilled).some((code) => /drill|excludes/.test(code)), codes(drilled).join());
  const report = reportOf('web1', '/srv/www');
  const [point] = report.estate.points;
  assert.ok(point !== undefined);
  const leftOut = { bytes: 30 * GIB, rules: ['cache/'] };
  const bare = await seen(
    t,
    {},
    {
      ...report,
      estate: { ...report.estate, drills: [], points: [{ ...point, leftOut }] },
    },
  );
  const said = await findings(bare);
  const never = said.findings.find(({ code }) => code === 'backup-never-drilled');
  assert.deepEqual(never?.hosts, ['web1']);
  assert.match(never.sentence, /^1 backup in .* never restored for a trial: \/srv\/www$/);
  const excludes = said.findings.find(({ code }) => code === 'excludes-much');
  assert.match(excludes?.sentence ?? '', /at least 30 GiB, 60 % of it \(cache\/\)$/);
});

test('a backup of the team that nobody opened is a finding, until its host opened it', async (t) => {
  const opened = reportOf('web1', '/srv/www');
  // Its own report knows of nothing that is still to be opened.
  assert.ok(!codes(await findings(await seen(t, {}, opened))).includes('backup-unopened'));
  const found = [{ tool: 'borg' as const, place: undefined }];
  const doubted = { ...opened, estate: { ...opened.estate, found } };
  const said = await findings(await seen(t, {}, doubted));
  const borg = said.findings.find(({ code }) => code === 'backup-unopened');
  assert.deepEqual([borg?.hosts, borg?.subject], [['web1'], 'borg at ssh://borg@st9/borg']);
});

test("each finding has an owner or is nobody's, and a person sees his own", async (t) => {
  const report = reportOf('web1', '/srv/www');
  const bare = { ...report, estate: { ...report.estate, drills: [] } };
  const config: Config = {
    hosts: { web1: { owners: ['ann'] }, db1: {} },
    datasets: { www: { host: 'web1', paths: ['/srv/www'], owners: ['ben'] } },
  };
  const at = await seen(t, config, bare);
  const all = await findings(at);
  const ownersOf = (code: string) => all.findings.find((each) => each.code === code)?.owners;
  assert.deepEqual(ownersOf('backup-never-drilled'), ['ben'], 'of the data');
  assert.deepEqual(ownersOf('backup-same-credential'), ['ann'], 'of the host');
  assert.deepEqual(ownersOf('declared-unknown'), [], 'of nobody');
  const counts = await Promise.all(
    ['ann', 'ben', 'nobody', 'eve'].map(
      async (owner) => (await findings(at, `?owner=${owner}`)).total,
    ),
  );
  assert.equal(counts[3], 0);
  assert.ok(
    counts.slice(0, 3).every((count) => count > 0),
    counts.join(),
  );
  assert.deepEqual(codes(await findings(at, '?owner=ben&code=backup-never-drilled')), [
    'backup-never-drilled',
  ]);

  const page = async (query: string): Promise<string> =>
    (await at.bench.ask(`/findings${query}`, { token: at.token })).text.replaceAll(
      /<[^>]+>|\s+/g,
      ' ',
    );
  const ben = await page('?owner=ben');
  assert.match(ben, /Of ben: .*never restored for a trial: \/srv\/www/);
  assert.doesNotMatch(ben, /whoever is root there can delete it/);
  assert.match(await page('?owner=ann'), /whoever is root there can delete it/);
  const nobody = await page('?owner=nobody');
  assert.match(nobody, /Nobody’s: .*db1/);
  assert.doesNotMatch(nobody, /never restored for a trial/);
});
