// Goal: what a server is to ask for again and again happens on the host that knows it, and is proven:
// backups, drills and scrubs of a real vault, at level keep and not at look; a running backup is
// cancelled within seconds and leaves a sound vault; agent and server are killed in between, and the
// next run is good; a canary is seen. Method: `holdfast server`, `holdfast agent`, a vault and its
// data, each as a user has them, periods of seconds; the API and the vault are asked.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseEnrolmentLine } from '../../src/adapters/agent-link/enrolment.ts';
import { askApi } from '../../src/adapters/http/pinned-api.ts';
import { freePort } from '../run/free-port.ts';
import { killed, untilWithin } from './until.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const LIMIT_MS = 120_000;
const until = untilWithin(LIMIT_MS);
/** Small files cost time; a backup of so many takes longer than it takes to see that it runs. */
const MANY = 40_000;

interface Job {
  readonly job: string;
  readonly act: string;
  readonly state: string;
  readonly share: number | null;
  readonly why: string;
  readonly answer: string | null;
}

interface Standing {
  readonly name: string;
  readonly mark: string;
  readonly why: string;
  readonly waits: string;
  readonly goodAt: string | null;
}

class Estate {
  readonly root: string;
  readonly #t: TestContext;
  readonly #env: NodeJS.ProcessEnv;
  place: ReturnType<typeof parseEnrolmentLine>['place'] | undefined;
  /** Else what server and agent have said is shown. */
  isWell = false;

  constructor(t: TestContext) {
    this.#t = t;
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-schedules-'));
    t.after(() => {
      if (!this.isWell) for (const name of ['server', 'agent']) t.diagnostic(this.#logged(name));
      fs.rmSync(this.root, { recursive: true, force: true });
    });
    const { HOLDFAST_STATE: _, ...env } = process.env;
    this.#env = { ...env, HOLDFAST_TOKEN_FILE: this.at('token') };
  }

  at(...names: readonly string[]): string {
    return path.join(this.root, ...names);
  }

  write(name: string, text: string): void {
    fs.mkdirSync(path.dirname(this.at(name)), { recursive: true });
    fs.writeFileSync(this.at(name), text, { mode: 0o644 });
  }

  run(args: readonly string[], of: { readonly input?: string; readonly state?: string } = {}) {
    const env = of.state === undefined ? this.#env : { ...this.#env, HOLDFAST_STATE: of.state };
    const input = of.input ?? '';
    return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', input, env });
  }

  ok(args: readonly string[], of: Parameters<Estate['run']>[1] = {}): string {
    const run = this.run(args, of);
    assert.equal(run.status, 0, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
    return run.stdout;
  }

  start(args: readonly string[]): ChildProcess {
    const log = fs.openSync(this.at(`${args[0]}.log`), 'a');
    const child = spawn(process.execPath, [MAIN, ...args], {
      ...{ env: this.#env, stdio: ['ignore', log, log] },
    });
    fs.closeSync(log);
    this.#t.after(() => child.kill('SIGKILL'));
    return child;
  }

  #logged(name: string): string {
    const file = this.at(`${name}.log`);
    return fs.existsSync(file) ? `${name}: ${fs.readFileSync(file, 'utf8').slice(-2000)}` : name;
  }

  json(args: readonly string[]): Readonly<Record<string, unknown>> {
    return JSON.parse(this.ok([...args, '--config', this.at('server.yaml'), '--json']));
  }

  async jobs(): Promise<readonly Job[]> {
    const { jobs } = (await this.#get('/v1/jobs')) as { readonly jobs: readonly Job[] };
    return jobs;
  }

  async schedule(name: string): Promise<Standing> {
    const said = (await this.#get('/v1/schedules')) as { readonly schedules: readonly Standing[] };
    const found = said.schedules.find((each) => each.name === name);
    assert.ok(found !== undefined);
    return found;
  }

  async watching(): Promise<string> {
    const said = (await this.#get('/v1/status')) as { readonly watching: { readonly why: string } };
    return said.watching.why;
  }

  async job(id: string): Promise<Job> {
    const found = (await this.jobs()).find(({ job }) => job === id);
    assert.ok(found !== undefined);
    return found;
  }

  ask(act: string, name: string): string {
    return String(this.json(['server', 'job', 'web1', act, name]).job);
  }

  /** Not by a program of its own: while that starts on a busy machine, the job may come to its end. */
  async cancel(job: string): Promise<void> {
    await this.#api('POST', `/v1/jobs/${job}/cancel`);
  }

  #get(where: string): Promise<unknown> {
    return this.#api('GET', where);
  }

  #api(method: 'GET' | 'POST', where: string): Promise<unknown> {
    assert.ok(this.place !== undefined);
    const token = fs.readFileSync(this.at('token'), 'utf8');
    return askApi({ place: this.place, token, method, path: where });
  }
}

/** Processes whose command line names a file of this estate. */
function backupsOf(estate: Estate): readonly string[] {
  return fs.readdirSync('/proc').filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(' backup ') && line.includes(estate.root);
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

async function estateHere(t: TestContext): Promise<Estate> {
  const estate = new Estate(t);
  const port = await freePort();
  const host = estate.at('host');
  for (const [dir, count] of [
    ['www', 20],
    ['many', MANY],
  ] as const) {
    fs.mkdirSync(estate.at(dir));
    for (let at = 0; at < count; at++) {
      if (at % 1000 === 0) fs.mkdirSync(estate.at(dir, `d${at}`));
      fs.writeFileSync(
        estate.at(dir, `d${at - (at % 1000)}`, `f${at}`),
        `${dir} ${at}\n`.repeat(20),
      );
    }
  }
  estate.ok(['init', '--vault', estate.at('vault'), '--new-key-file', estate.at('key')], {
    state: host,
  });
  estate.write(
    'holdfast.yaml',
    `vault: ${estate.at('vault')}\nkey-file: ${estate.at('key')}\nmin-free: 0\ndatasets:\n` +
      `  www: {paths: ${estate.at('www')}}\n  many: {paths: ${estate.at('many')}}\n`,
  );
  const every = 'every: 15s, limit: 10min';
  estate.write(
    'server.yaml',
    `state: ${estate.at('server')}\nserver:\n  listen: "127.0.0.1:${port}"\n  schedules:\n` +
      `    www: {host: web1, backup: nightly, ${every}}\n` +
      `    try: {host: web1, drill: weekly, ${every}}\n` +
      `    bits: {host: web1, scrub: bits, share: 100%, whole: 1h, ${every}}\n` +
      `    away: {host: nobody1, backup: nightly, ${every}}\n`,
  );
  estate.write('agent.yaml', agentYaml(estate, 'look'));
  return estate;
}

function agentYaml(estate: Estate, level: string): string {
  const jobs =
    'nightly: {backup: www}, weekly: {drill: www}, bits: {scrub: 5m}, large: {backup: many}';
  return `level: ${level}\nconfig: ${estate.at('holdfast.yaml')}\njobs: {${jobs}}\n`;
}

test('scheduled, proven, cancelled, and killed in between', { timeout: 600_000 }, async (t) => {
  if (process.getuid?.() !== 0) return t.skip('agent.yaml must be root’s to be followed');
  const estate = await estateHere(t);
  const config = ['--config', estate.at('server.yaml')];
  const agentAt = ['--state', estate.at('host/agent'), '--config', estate.at('agent.yaml')];
  const startServer = () => estate.start(['server', ...config]);
  const startAgent = () => estate.start(['agent', ...agentAt]);

  let server = startServer();
  const { line } = JSON.parse(
    await until('a line', () => estate.ok(['server', 'token', 'web1', ...config, '--json'])),
  );
  await until('enrolled', () => {
    const run = estate.run(['agent', 'enroll', '-', ...agentAt], { input: `${line}\n` });
    return run.status === 0;
  });
  estate.ok(['server', 'user', 'add', 'ann', '--role', 'operator', ...config]);
  const scopes = ['--scope', 'read', '--scope', 'run'];
  const { token } = JSON.parse(
    estate.ok(['server', 'access', 'ann', ...scopes, ...config, '--json']),
  );
  fs.writeFileSync(estate.at('token'), token, { mode: 0o600 });

  estate.place = parseEnrolmentLine(String(line)).place;

  // At look nothing of it runs, and it says so; the canary flies at every level.
  let agent = startAgent();
  const isLookOnly = async () => (await estate.schedule('www')).waits === 'look-only';
  await until('the level is known', isLookOnly);
  const look = await estate.schedule('www');
  assert.deepEqual([look.mark, /level look/.test(look.why)], ['unknown', true], look.why);
  const away = await estate.schedule('away');
  assert.deepEqual([away.mark, away.waits], ['unknown', 'not-enrolled']);
  const isCanary = ({ act, state }: Job) => act === 'probe' && state === 'done';
  await until('a canary', async () => (await estate.jobs()).some(isCanary));
  // Without a peer the watching is unknown, but not for want of a canary.
  await until('it is counted', async () => !/canary/.test(await estate.watching()));
  const atLook = await estate.jobs();
  assert.ok(
    atLook.every(({ act }) => act === 'probe'),
    'something ran at level look',
  );
  assert.ok(!fs.existsSync(estate.at('vault/snapshots')), 'a snapshot at level look');

  // At keep all three run and are proven.
  await killed(agent);
  estate.write('agent.yaml', agentYaml(estate, 'keep'));
  agent = startAgent();
  for (const name of ['www', 'try', 'bits']) {
    await until(`${name} is good`, async () => (await estate.schedule(name)).mark === 'ok');
  }
  const done = (await estate.jobs()).filter(({ state }) => state === 'done');
  const proven = (act: string) => JSON.parse(done.find((job) => job.act === act)?.answer ?? '{}');
  assert.match(proven('backup').backups[0].snapshot, /^[0-9a-f]+$/);
  assert.equal(proven('drill').isPassed, true);
  assert.ok(proven('scrub').scrub.packs >= 2);
  assert.equal(proven('scrub').scrub.damaged, 0);
  assert.ok(Array.isArray(estate.json(['server', 'jobs', 'web1']).jobs));
  assert.ok(Array.isArray(estate.json(['server', 'schedules']).schedules));

  // A backup that runs is cancelled within seconds.
  const large = estate.ask('backup', 'large');
  const isToldOf = async () => {
    const { state, why } = await estate.job(large);
    return state === 'running' && /[0-9]/.test(why);
  };
  await until('it says how far it is', isToldOf);
  await estate.cancel(large);
  const askedMs = Date.now();
  const end = await until('it ended', async () => {
    const job = await estate.job(large);
    return job.state !== 'running' && job;
  });
  t.diagnostic(`cancelled: ${end.state} after ${Date.now() - askedMs} ms`);
  assert.equal(end.state, 'cancelled');
  const late = estate.run(['server', 'cancel', large, ...config]);
  assert.match(late.stderr, /No such job is open/, 'on the terminal');

  // The agent is killed while one runs: nothing of it is left, and it is lost.
  const torn = estate.ask('backup', 'large');
  await until('it runs', () => backupsOf(estate).length > 0);
  await killed(agent);
  await until('its job ends with it', () => backupsOf(estate).length === 0);
  await killed(server);
  server = startServer();
  agent = startAgent();
  await until('it is lost', async () => (await estate.job(torn)).state === 'lost');
  const before = (await estate.schedule('www')).goodAt;
  await until('the next run is good', async () => {
    const { goodAt, mark } = await estate.schedule('www');
    return mark === 'ok' && goodAt !== before;
  });
  await killed(agent);
  await killed(server);
  await until('nothing runs any more', () => backupsOf(estate).length === 0);
  const checked = estate.ok(
    ['vault', 'check', '--read-data', '--config', estate.at('holdfast.yaml'), '--json'],
    { state: estate.at('host') },
  );
  assert.equal(JSON.parse(checked).isSound, true);
  estate.isWell = true;
});
