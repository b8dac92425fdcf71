// Goal: a data set of one host is drilled on another: its newest point and then a random one are
// restored there from a vault over ssh, a PostgreSQL cluster is started on its restore, and exposure
// of the host that it belongs to counts it; a drill that is killed leaves nothing; a host without the
// key says why. Method: server, agents and sshd as processes, each host with a name, an id and a
// state of its own; the API is asked.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseEnrolmentLine } from '../../src/adapters/agent-link/enrolment.ts';
import { askApi } from '../../src/adapters/http/pinned-api.ts';
import { Postgres, privateDir } from '../integration/torn-engines.ts';
import { needs } from '../run/needs.ts';
import { canStartSshd, restrictedElsewhere, type Sshd, startSshd } from '../ssh/sshd-fixture.ts';
import { freePort } from '../run/free-port.ts';
import { killed, untilWithin } from './until.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const LIMIT_MS = 240_000;
const until = untilWithin(LIMIT_MS);
/** Small files cost time: a restore of so many can be killed in the middle. */
const MANY = 3000;
/** Two machines, as far as a program can tell. */
const AS_HOST = 'hostname "$1" && mount --bind "$2" /etc/machine-id && shift 2 && exec "$@"';

interface Drill {
  readonly job: string;
  readonly dataSet: string;
  readonly host: string;
  readonly which: string;
  readonly point: string;
  readonly verdict: string;
  readonly why: string;
  readonly measured: Readonly<Record<string, unknown>> | null;
}

interface Drills {
  readonly drills: readonly Drill[];
  readonly planned: readonly {
    readonly dataSet: string;
    readonly wait: string;
    readonly host: string | null;
    readonly cannot: readonly { readonly host: string; readonly why: string }[];
  }[];
}

class Machines {
  readonly root: string;
  readonly #sshd: Sshd;
  readonly #t: TestContext;
  place: ReturnType<typeof parseEnrolmentLine>['place'] | undefined;

  constructor(t: TestContext, sshd: Sshd) {
    this.#t = t;
    this.#sshd = sshd;
    this.root = sshd.dir;
  }

  at(...names: readonly string[]): string {
    return path.join(this.root, ...names);
  }

  write(name: string, text: string): void {
    fs.mkdirSync(path.dirname(this.at(name)), { recursive: true });
    fs.writeFileSync(this.at(name), text, { mode: 0o644 });
  }

  words(host: string, args: readonly string[]): readonly string[] {
    const id = this.at(`${host}.machine-id`);
    if (!fs.existsSync(id))
      fs.writeFileSync(id, `${Buffer.from(host.padEnd(16, '.')).toString('hex')}\n`);
    return ['-um', 'sh', '-c', AS_HOST, 'sh', host, id, process.execPath, MAIN, ...args];
  }

  env(host: string): NodeJS.ProcessEnv {
    const state = { HOLDFAST_STATE: this.at(host, 'state'), HOLDFAST_TOKEN_FILE: this.at('token') };
    // Of its environment an agent passes on PATH, and no HOLDFAST_SSH.
    const PATH = `${this.at('bin')}:${process.env.PATH ?? ''}`;
    return { ...this.#sshd.environment, ...state, PATH };
  }

  ok(host: string, args: readonly string[], input = ''): string {
    const env = this.env(host);
    const ran = spawnSync('unshare', this.words(host, args), { encoding: 'utf8', env, input });
    assert.equal(ran.status, 0, `${host}: ${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  start(host: string, args: readonly string[]): ChildProcess {
    const log = fs.openSync(this.at(`${host}.log`), 'a');
    // Whatever ends the test ends it.
    const words = ['--pdeathsig', 'KILL', 'unshare', ...this.words(host, args)];
    const child = spawn('setpriv', words, { env: this.env(host), stdio: ['ignore', log, log] });
    fs.closeSync(log);
    this.#t.after(() => child.kill('SIGKILL'));
    return child;
  }

  async drills(): Promise<Drills> {
    return (await this.#api('GET', '/v1/drills')) as Drills;
  }

  async drillNow(dataSet: string): Promise<Drill> {
    return (await this.#api('POST', '/v1/drills', { dataSet })) as Drill;
  }

  /** The newest of its kind that is over. */
  async drilled(dataSet: string, which: string): Promise<Drill | undefined> {
    const { drills } = await this.drills();
    return drills.find(
      (each) => each.dataSet === dataSet && each.which === which && each.verdict !== 'open',
    );
  }

  async ended(job: string): Promise<Drill | undefined> {
    const found = (await this.drills()).drills.find((each) => each.job === job);
    return found?.verdict === 'open' ? undefined : found;
  }

  async whole(dataSet: string): Promise<string> {
    return JSON.stringify(await this.#api('GET', `/v1/data-sets/${encodeURIComponent(dataSet)}`));
  }

  async lose(domain: string): Promise<string> {
    return JSON.stringify(await this.#api('GET', `/v1/lose?domain=${encodeURIComponent(domain)}`));
  }

  async findings(): Promise<string> {
    return JSON.stringify(await this.#api('GET', '/v1/findings'));
  }

  #api(method: 'GET' | 'POST', where: string, body?: object): Promise<unknown> {
    assert.ok(this.place !== undefined);
    const token = fs.readFileSync(this.at('token'), 'utf8');
    const what = { place: this.place, token, method, path: where };
    return askApi(body === undefined ? what : { ...what, body });
  }
}

/** hv1 saves www into a vault over ssh; rs1 and rs2 have no data, and rs2 has no key. */
async function machinesHere(t: TestContext, sshd: Sshd, pg: string): Promise<Machines> {
  const machines = new Machines(t, sshd);
  const vault = machines.at('vault');
  sshd.authorize(restrictedElsewhere(vault));
  const place = `ssh://${sshd.host}:${sshd.port}${vault}`;
  for (const host of ['hv1', 'rs1', 'rs2']) fs.mkdirSync(machines.at(host), { recursive: true });
  machines.write('bin/ssh', `#!/bin/sh\nexec /usr/bin/ssh -F ${machines.at('ssh_config')} "$@"\n`);
  fs.chmodSync(machines.at('bin/ssh'), 0o755);
  const port = await freePort();
  machines.write('www/d/f', 'as it was\n'.repeat(100));
  for (let at = 0; at < MANY; at++) machines.write(`www/d/f${at}`, `${at}\n`.repeat(200));
  machines.ok('hv1', ['init', '--vault', place, '--new-key-file', machines.at('key')]);
  const yaml = `vault: ${place}\nkey-file: ${machines.at('key')}\nmin-free: 0\n`;
  machines.write(
    'hv1/holdfast.yaml',
    `${yaml}datasets:\n  www: {paths: ${machines.at('www')}}\n  pg: {paths: ${pg}}\n`,
  );
  machines.write('rs1/holdfast.yaml', yaml);
  machines.write('rs2/holdfast.yaml', 'min-free: 0\n');
  machines.write(
    'server.yaml',
    `state: ${machines.at('server')}\nserver:\n  listen: "127.0.0.1:${port}"\n` +
      '  restore-hosts: [rs2, rs1]\n  drills: {each: 1min, budget: {bytes: 1GiB, at-once: 2}}\n',
  );
  for (const host of ['hv1', 'rs1', 'rs2']) {
    const more = host === 'hv1' ? '' : 'restore-host: true\n';
    const config = machines.at(host, 'holdfast.yaml');
    machines.write(`${host}/agent.yaml`, `level: keep\nconfig: ${config}\n${more}`);
  }
  return machines;
}

function backup(machines: Machines, name = 'www'): string {
  const config = ['--config', machines.at('hv1/holdfast.yaml')];
  const said = machines.ok('hv1', ['backup', '--name', name, '--json', ...config]);
  return JSON.parse(said).backups[0].snapshot as string;
}

test('a data set of one host is drilled on another', { timeout: 900_000 }, async (t) => {
  if (process.getuid?.() !== 0 || !canStartSshd(t) || !needs(t, 'postgresql-15')) return;
  const cluster = new Postgres(t, privateDir(t));
  await cluster.start();
  cluster.sql('CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
  cluster.stop();
  const sshd = await startSshd();
  t.after(() => sshd.stop());
  const machines = await machinesHere(t, sshd, cluster.data);
  backup(machines, 'pg');
  const first = backup(machines);
  machines.write('www/d/more', 'more\n'.repeat(500));
  const second = backup(machines);

  const config = ['--config', machines.at('server.yaml')];
  let server = machines.start('srv', ['server', ...config]);
  const agentAt = (host: string) => [
    ...['--state', machines.at(host, 'state/agent')],
    ...['--config', machines.at(host, 'agent.yaml')],
  ];
  for (const host of ['hv1', 'rs1', 'rs2']) {
    const said = await until('a line', () =>
      machines.ok('srv', ['server', 'token', host, ...config, '--json']),
    );
    const line = String(JSON.parse(said).line);
    machines.place = parseEnrolmentLine(line).place;
    await until('enrolled', () =>
      machines.ok(host, ['agent', 'enroll', '-', ...agentAt(host)], `${line}\n`),
    );
  }
  machines.ok('srv', ['server', 'user', 'add', 'ann', '--role', 'operator', ...config]);
  const scopes = ['--scope', 'read', '--scope', 'run'];
  const said = machines.ok('srv', ['server', 'access', 'ann', ...scopes, ...config, '--json']);
  fs.writeFileSync(machines.at('token'), JSON.parse(said).token, { mode: 0o600 });
  machines.start('hv1', ['agent', ...agentAt('hv1')]);
  machines.start('rs2', ['agent', ...agentAt('rs2')]);

  // Nobody who holds the key is heard: it is said who cannot, and why.
  const stuck = await until('it is planned', async () => {
    const { planned } = await machines.drills();
    const www = planned.find(({ dataSet }) => dataSet === 'hv1:www');
    return www?.cannot.some(({ why }) => /does not hold the key/.test(why)) && www;
  });
  assert.equal(stuck.wait, 'no restore host', JSON.stringify(stuck));
  assert.deepEqual(
    stuck.cannot.map(({ host }) => host),
    ['rs2', 'rs1'],
  );

  // What an agent left that was killed in the middle of a drill goes when the next one starts.
  const scratch = machines.at('rs1/state/scratch');
  machines.write('rs1/state/scratch/drill-999999999-1-0123456789ab/of/hv1', 'secret');
  let agent = machines.start('rs1', ['agent', ...agentAt('rs1')]);
  const newest = await until('the newest point is drilled', () =>
    machines.drilled('hv1:www', 'newest'),
  );
  assert.deepEqual(
    [newest.verdict, newest.host, newest.point],
    ['drilled', 'rs1', second],
    newest.why,
  );
  await until('it is counted', async () =>
    /"kind":"drilled"/.test(await machines.whole('hv1:www')),
  );
  // With hv1 its key is gone; rs1 has shown that it has one.
  assert.doesNotMatch(await machines.lose('host:hv1'), /the key dies with it/);
  const started = await until('a cluster is drilled', () => machines.drilled('hv1:pg', 'newest'));
  assert.deepEqual([started.verdict, started.measured?.engineStarted], ['drilled', true]);
  const random = await until('a random one follows in its turn', () =>
    machines.drilled('hv1:www', 'random'),
  );
  assert.equal(random.verdict, 'drilled', random.why);
  assert.ok([first, second].includes(random.point));
  assert.ok(!/spoke-of-others|drill-mismatch|drilled-unasked/.test(await machines.findings()));

  // Killed in the middle it is lost, and nothing of it stays.
  const torn = await until('none runs', () => machines.drillNow('hv1:www'));
  await until('it runs', () => fs.readdirSync(scratch).some((name) => name.startsWith('drill-')));
  await killed(agent);
  agent = machines.start('rs1', ['agent', ...agentAt('rs1')]);
  const end = await until('it is over', () => machines.ended(torn.job));
  assert.notEqual(end.verdict, 'drilled', 'nobody was left to say so');
  assert.equal(end.measured, null);
  await until('nothing of it is left', () => fs.readdirSync(scratch).length === 0);
  await killed(server);
  server = machines.start('srv', ['server', ...config]);
  await until(
    'it is known after a restart',
    async () => (await machines.ended(newest.job)) !== undefined,
  );
});
