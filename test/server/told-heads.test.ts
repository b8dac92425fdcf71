// Goal: the server remembers what agents told of vaults, over restarts of its own and re-installed hosts; a vault
// that was set back is a finding, on the page of its data sets, and people are told; a person may say that it
// is right so. An agent that tells of no heads, and a vault that goes on, alarm nobody.
// Method: the real server over TLS, twice on one state; agents of the test; a clock that the test moves on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { minutes } from '../../src/base/units.ts';
import { exposedNow } from '../../src/main/server/exposed.ts';
import { type RunningServer, startServer } from '../../src/main/server/server.ts';
import { vaultHeads } from '../../src/watch/core/heads/vault-heads.ts';
import type { LedgerReport } from '../../src/watch/core/ledger-report.ts';
import type { Role } from '../../src/access/core/roles.ts';
import { ServerBench, Talker } from './server-bench.ts';
import { ledgerFrame, lookAt, reportOf, sightFrame } from './shown-example.ts';

const BY = { who: 'test', from: 'terminal' };
const WRITER = 'a'.repeat(16);
const PASSWORD = 'correct horse battery staple';
const FAR = 'ssh://backup@st9/vault';

interface Heads {
  readonly seqs: readonly number[];
  readonly vault?: string;
  readonly copy?: string;
}

function headsOf({ seqs, vault = 'v1', copy = FAR }: Heads): NonNullable<LedgerReport['heads']> {
  const links = seqs.map((seq) => ({
    ...{ writer: WRITER, seq, id: String(seq).padStart(64, '0'), isBelieved: true },
  }));
  // Only the first digits of an id are told.
  const own = links.map((link) => ({ ...link, id: link.id.split('').reverse().join('') }));
  return [vaultHeads({ vault, copy, unread: 0 }, own)];
}

class World {
  readonly #directory: string;
  #ahead = 0;
  #server: RunningServer | undefined;

  constructor(t: TestContext) {
    const real = os.uptime;
    // What server and agents count by: docs/design/027-evidence.md.
    t.mock.method(os, 'uptime', () => real() + this.#ahead);
    this.#directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-told-'));
    t.after(async () => {
      await this.#server?.close();
      fs.rmSync(this.#directory, { recursive: true });
    });
  }

  get server(): RunningServer {
    return this.#server ?? assert.fail('it is not started');
  }

  async start(): Promise<void> {
    await this.#server?.close();
    this.#server = await startServer({
      ...{ stateDirectory: this.#directory, config: {}, configFile: undefined },
      ...{ clock: nodeClock(), listen: { host: '127.0.0.1', port: 0 }, url: undefined },
      ...{
        log: (line) => assert.fail(line),
        agentRates: { frames: { burst: 100, perMinute: 100 } },
      },
      onBug: (error) => {
        throw error;
      },
    });
  }

  pass(ms: number): void {
    this.#ahead += ms / 1000;
  }

  get #at() {
    return { port: this.server.at.port, pin: Buffer.from(this.server.pin, 'base64url') };
  }

  async enrol(host: string): Promise<Talker> {
    const { secret } = await this.server.served.access.makeEnrolment(BY, host);
    const talker = new Talker(this.#at);
    assert.equal((await talker.post('enrol', talker.agent.enrol(secret))).status, 200);
    await talker.say([]);
    await talker.show('sight', sightFrame(lookAt(host, '/srv/www')));
    return talker;
  }

  async moved(talker: Talker): Promise<void> {
    talker.moveTo(this.#at);
    await talker.say([]);
  }

  async tell(talker: Talker, host: string, heads: Heads | undefined, isSent = true): Promise<void> {
    const report = reportOf(host, '/srv/www', heads === undefined ? {} : { heads: headsOf(heads) });
    // A new mark: what it saw is placed where the server's clock is now.
    await talker.say([]);
    const { status, body } = await talker.show('ledger', ledgerFrame(report), {}, isSent);
    assert.deepEqual([status, body.has], [200, true]);
  }

  /** Of what was taken until now. */
  async found(): Promise<readonly string[]> {
    const { served } = this.server;
    const since = served.now().wallMs;
    for (let n = 0; n < 600; n++) {
      const exposed = await exposedNow(served);
      if (exposed.at >= since) {
        return exposed.findings
          .filter(({ code }) => code.startsWith('vault-'))
          .map(({ code, hosts, dataSets = [] }) => [code, ...hosts, ...dataSets].join(' '));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assert.fail('it is not made again');
  }

  marks(): readonly string[] {
    return this.server.served.told.subjects().map(({ subject, mark }) => `${subject} ${mark}`);
  }

  async alertOn(subject: string, isOpen: boolean): Promise<void> {
    for (let n = 0; n < 400; n++) {
      const open = await this.server.served.state.openAlerts();
      if (open.some((alert) => alert.subject === subject) === isOpen) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`the alert on ${subject} is ${isOpen ? 'not opened' : 'not closed'}`);
  }
}

test('a vault that was set back with its host is found, whoever is enrolled in its place, and people are told', async (t) => {
  const world = new World(t);
  await world.start();
  const web1 = await world.enrol('web1');
  await world.tell(web1, 'web1', { seqs: [1, 2, 3] });
  await world.tell(web1, 'web1', { seqs: [1, 2, 3, 4] });
  assert.deepEqual([await world.found(), world.marks()], [[], []]);
  await world.start();
  // Installed anew, from a backup of the machine: another key, and a state that knows of nothing.
  const again = await world.enrol('web1');
  await world.tell(again, 'web1', { seqs: [1, 2] });
  const wanted = 'vault-set-back web1 web1:/srv/www';
  assert.deepEqual(await world.found(), [wanted]);
  assert.deepEqual(world.marks(), [`vault:${FAR} failed`]);
  await world.alertOn(`vault:${FAR}`, true);
  await world.start();
  assert.deepEqual(await world.found(), [wanted], 'a restart forgets nothing');
  await world.moved(again);
  await world.tell(again, 'web1', { seqs: [1, 2, 3, 4, 5] });
  assert.deepEqual([await world.found(), world.marks()], [[], [`vault:${FAR} ok`]]);
  await world.alertOn(`vault:${FAR}`, false);
});

test('what one host told another misses, also when it only offers what it had shown', async (t) => {
  const world = new World(t);
  await world.start();
  const web1 = await world.enrol('web1');
  const web2 = await world.enrol('web2');
  await world.tell(web2, 'web2', { seqs: [1, 2] });
  await world.tell(web1, 'web1', { seqs: [1, 2, 3] });
  assert.deepEqual(await world.found(), []);
  await world.tell(web2, 'web2', { seqs: [1, 2] }, false);
  assert.deepEqual(await world.found(), [], 'it may have looked before');
  world.pass(minutes(2));
  await world.tell(web2, 'web2', { seqs: [1, 2] }, false);
  assert.deepEqual(await world.found(), ['vault-set-back web2 web2:/srv/www']);
});

test('another vault in its place is found; a person says that it is right so', async (t) => {
  const world = new World(t);
  await world.start();
  const { served } = world.server;
  const web1 = await world.enrol('web1');
  // Its own directory has the name by which the server knows the host.
  await world.tell(web1, 'vm-17', { seqs: [1], copy: 'vm-17:/vault' });
  await world.tell(web1, 'vm-18', { seqs: [1], copy: 'vm-18:/vault', vault: 'v2' });
  assert.deepEqual(world.marks(), ['vault:web1:/vault failed']);
  const { changes, settle } = served.told.accept({ place: 'web1:/vault', by: 'ada' }, served.now());
  await served.state.commit(changes);
  settle();
  assert.deepEqual([await world.found(), world.marks()], [[], ['vault:web1:/vault ok']]);
  assert.throws(() => served.told.accept({ place: 'nowhere', by: 'ada' }, served.now()));
});

test('an admin says on the page of findings that it is right so; nobody else is asked, nor may', async (t) => {
  const world = new World(t);
  await world.start();
  const { served, at } = world.server;
  const web1 = await world.enrol('web1');
  await world.tell(web1, 'web1', { seqs: [1, 2, 3], copy: 'web1:/vault' });
  await world.tell(web1, 'web1', { seqs: [1], copy: 'web1:/vault' });
  assert.equal((await world.found()).length, 1);
  const press = async (role: Role) => {
    await served.access.makeUser(BY, { name: role, role, password: PASSWORD });
    const got = await served.access.signIn({ name: role, password: PASSWORD, from: '127.0.0.1' });
    assert.ok(got.outcome === 'signed-in');
    const headers = {
      cookie: `__Host-holdfast=${got.session}`,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const send = (where: string, method: string, body?: string) =>
      ServerBench.askAt(at.port, where, { method, headers, body });
    const { text } = await send('/findings', 'GET');
    assert.match(text, /vault at web1:\/vault/);
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const fields = new URLSearchParams({ csrf, place: 'web1:/vault', reason: 'from the copy' });
    const { status } = await send('/vaults/accept', 'POST', fields.toString());
    return [text.includes('action="/vaults/accept"'), status];
  };
  assert.deepEqual(await press('operator'), [false, 403]);
  assert.equal((await world.found()).length, 1);
  assert.deepEqual(await press('admin'), [true, 303]);
  assert.deepEqual([await world.found(), world.marks()], [[], ['vault:web1:/vault ok']]);
  const lines = await served.state.audit({ after: 0, countMax: 100 });
  const said = lines.filter(({ act }) => act === 'vault-accepted');
  assert.deepEqual(
    said.map(({ who, detail }) => [who, detail.reason]),
    [['admin', 'from the copy']],
  );
});

test('nobody is alarmed by who tells of no heads, nor by a name of another host', async (t) => {
  const world = new World(t);
  await world.start();
  const web1 = await world.enrol('web1');
  const web2 = await world.enrol('web2');
  await world.tell(web1, 'web1', { seqs: [1, 2, 3], copy: 'web1:/vault' });
  await world.tell(web1, 'web1', undefined);
  await world.tell(web2, 'web2', { seqs: [9], copy: 'web1:/vault' });
  world.pass(minutes(2));
  await world.tell(web1, 'web1', { seqs: [1, 2, 3, 4], copy: 'web1:/vault' });
  assert.deepEqual([await world.found(), world.marks()], [[], []]);
  assert.deepEqual(
    world.server.served.told.all().map(({ host }) => host),
    ['web1'],
  );
});
