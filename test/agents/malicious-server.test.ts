// Goal: a server that was taken over changes no byte of a host but in the agent's own directories and
// the freeze and claims of the guard, at any level; what runs is what agent.yaml names, where its
// level allows it. Method: the agent's loop with its real spool, books, jobs and freezer in a scratch
// root; words of every kind, of the schema and near it, by fast-check; the root is compared before
// and after. Over TLS: thousands of answers that are none.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../sim/seeded.ts';
import { ChildJobs } from '../../src/adapters/agent-jobs/child-jobs.ts';
import { HttpsLink } from '../../src/adapters/agent-link/https-link.ts';
import { newIdentity } from '../../src/adapters/agent-link/identity.ts';
import { peerRefusal } from '../../src/adapters/agent-mesh/peer-limits.ts';
import { reachProbe } from '../../src/adapters/agent-mesh/reach-probe.ts';
import { DiskSpool } from '../../src/adapters/agent-spool/disk-spool.ts';
import { FileHeardBook } from '../../src/adapters/agent-spool/heard-book.ts';
import { openNumbers } from '../../src/adapters/agent-spool/numbers.ts';
import { openServerKey } from '../../src/adapters/http/server-key.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { agentFreezer } from '../../src/main/guard/agent-freezer.ts';
import { StoredClaims } from '../../src/main/agent/stored-claims.ts';
import type { Level, Peer } from '../../src/watch/core/agent/messages.ts';
import { AgentLoop } from '../../src/watch/shell/agent/agent-loop.ts';
import type { AgentConfig } from '../../src/wire/agent/agent-config.ts';
import { heardMessage, heardWord } from '../../src/wire/agent/messages.ts';
import { TestClock, TestServer } from './agent-kit.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);
const ROUNDS = 80;
const SAMPLE = { seed: SEED, numRuns: ROUNDS };
const MARK = { server: 'a'.repeat(32), at: 9 };

const hex32 = fc
  .array(fc.integer({ min: 0, max: 15 }), { minLength: 32, maxLength: 32 })
  .map((digits) => digits.map((digit) => digit.toString(16)).join(''));
const known = ['nightly', 'weekly', 'bits', 'back', 'p-0a1b2c3d', 'test-a'];
const pathLike = [
  '../../etc/shadow',
  '/etc/passwd',
  'nightly; rm -rf /',
  '$(reboot)',
  '-rf',
  '--config=/tmp/x',
  'a/b',
  'nightly\0',
  '__proto__',
  'constructor',
  'toString',
  'NIGHTLY',
  '..',
  '.',
  '',
];
const count = fc.oneof(
  fc.nat(5),
  fc.maxSafeNat(),
  fc.constant(Number.MAX_SAFE_INTEGER),
  fc.constant(1),
);
const text = fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom(...pathLike, '\u001b[2J'));
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...known) },
  { weight: 2, arbitrary: fc.constantFrom(...pathLike) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z0-9._-]{1,64}$/) },
);
const ids = fc.oneof(fc.constant('e'.repeat(32)), hex32);
const act = fc.constantFrom('backup', 'restore', 'drill', 'scrub', 'probe', 'apply');
const peer = fc.record({
  agent: hex32,
  host: text,
  address: fc.oneof(text, fc.constant('127.0.0.1')),
  port: fc.integer({ min: 1024, max: 1030 }),
});

/** As the schema has them, and with anything in place of a value. */
const word = fc.oneof(
  fc.record({ word: fc.constant('job'), n: count, job: ids, act, name, leaseMs: count }),
  fc.record({ word: fc.constant('cancel'), n: count, job: ids }),
  fc.record({
    ...{ word: fc.constantFrom('freeze', 'claim'), n: count, id: ids, by: text, reason: text },
    forMs: count,
  }),
  fc.record({ word: fc.constant('unfreeze'), n: count, id: ids, by: text }),
  fc.record({ word: fc.constant('peers'), n: count, peers: fc.array(peer, { maxLength: 3 }) }),
);

const CONFIG: AgentConfig = {
  jobs: {
    nightly: { backup: 'www' },
    weekly: { drill: 'www' },
    bits: { scrub: '5%' },
    back: { restore: 'www', to: '/srv/restored' },
  },
  plans: true,
};

/** What may ever be run, by the least level that allows it. */
const RUNS: Readonly<Record<Level, readonly string[]>> = {
  look: [],
  keep: [
    'backup --name www --json',
    'drill latest --data-set www --own --json',
    'vault check --rotate 5% --json',
  ],
  act: ['restore latest /srv/restored --data-set www --own --json', 'apply p-0a1b2c3d --json'],
};

function rootHere(t: TestContext): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-malicious-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  for (const [file, content] of Object.entries({
    'etc/holdfast/agent.yaml': 'level: look\n',
    'etc/shadow': 'root:x\n',
    'srv/data/a': 'a',
    'home/ann/b': 'b',
    ran: '',
  })) {
    fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content);
  }
  for (const own of ['agent', 'guard']) {
    fs.mkdirSync(path.join(root, 'var/lib/holdfast', own), { recursive: true });
  }
  return root;
}

const OWN = ['var/lib/holdfast/agent', 'var/lib/holdfast/guard', 'ran'];

/** Every file that is not the agent's: what it is, and what is in it. */
function pictureOf(root: string): ReadonlyMap<string, string> {
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    names
      .filter((each) => !OWN.some((own) => each === own || each.startsWith(`${own}/`)))
      .map((each) => {
        const at = path.join(root, each);
        const { mode, size, nlink, uid } = fs.lstatSync(at);
        const bytes =
          (mode & fs.constants.S_IFMT) === fs.constants.S_IFREG ? fs.readFileSync(at) : '';
        const digest = createHash('sha256').update(bytes).digest('hex');
        return [each, JSON.stringify([mode, nlink, uid, bytes === '' ? 0 : size, digest])];
      }),
  );
}

for (const level of ['look', 'keep', 'act'] as const) {
  test(`SEED=${SEED} level ${level}: no word changes what is not the agent's`, async (t) => {
    const root = rootHere(t);
    const before = pictureOf(root);
    const clock = new TestClock();
    const server = new TestServer(clock);
    const wait = server.hear.bind(server);
    // Whatever numbers they have, twice the same and huge ones: they are handed over.
    server.hear = async (message, signal) => {
      const words = server.words.splice(0);
      if (words.length > 0) return { format: 'holdfast-heard-0', mark: MARK, words };
      const heard = await wait({ ...message, after: Number.MAX_SAFE_INTEGER }, signal);
      return { ...heard, words: [] };
    };
    const stop = new AbortController();
    const loop = new AgentLoop(partsIn(root, clock, server), {
      agent: 'b'.repeat(32),
      level,
      version: '0',
    });
    const run = loop.run(stop.signal);
    let sent = 0;
    await clock.pass(6000);
    const batches = fc.array(word, { minLength: 20, maxLength: 64, size: 'max' });
    for (const words of fc.sample(batches, SAMPLE)) {
      const valid = words.flatMap((each) => heardWord.safeParse(each).data ?? []);
      sent += valid.length;
      server.words.push(...valid);
      server.wakeAll();
      await clock.pass(4000);
    }
    assert.equal(server.words.length, 0, 'all of them were heard');
    // Children end in their own time.
    for (let turn = 0; turn < 40; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await clock.pass(1000);
    }
    stop.abort();
    await run;
    t.diagnostic(`SEED=${SEED}: ${sent} words`);
    assert.ok(sent > 500, 'liveness: words came through');
    assert.deepEqual(pictureOf(root), before);
    const ran = new Set(
      fs.readFileSync(path.join(root, 'ran'), 'utf8').split('\n').filter(Boolean),
    );
    const may = level === 'act' ? [...RUNS.keep, ...RUNS.act] : RUNS[level];
    for (const line of ran) assert.ok(may.includes(line), `it ran: ${line}`);
    if (level !== 'look') assert.ok(ran.size > 1, 'liveness: what is allowed was run');
    if (level === 'act')
      assert.ok(
        RUNS.act.some((line) => ran.has(line)),
        'liveness',
      );
    const guard = fs.readdirSync(path.join(root, 'var/lib/holdfast/guard'));
    assert.deepEqual(
      guard.filter(
        (each) => !['freeze.json', 'claims', 'stopped.json', 'freezer.json'].includes(each),
      ),
      [],
    );
  });
}

function partsIn(root: string, clock: TestClock, link: TestServer) {
  const agentDir = byteString(path.join(root, 'var/lib/holdfast/agent'));
  const stateDir = byteString(path.join(root, 'var/lib/holdfast'));
  const random = seededRandom(SEED);
  const ports = { disk: nodeDisk(), tools: { ...nodeTools(), random } };
  const numbers = openNumbers(ports, agentDir, clock.now());
  const book = { ...ports, stateDir };
  const frozen = agentFreezer({ ports, stateDir, clock: { now: () => clock.now() } });
  const script = `echo "$@" >> ${root}/ran`;
  const command = ['/bin/sh', '-c', script, 'sh'] as const;
  const jobs = new ChildJobs(CONFIG, { command, env: { PATH: '/usr/bin:/bin' } });
  const look = () => Promise.resolve({ saw: 'healthy' as const, why: '', detail: {} });
  return {
    ...{ clock, random, link, numbers, jobs },
    spool: new DiskSpool({ ...ports, numbers }, agentDir, 400_000),
    heard: new FileHeardBook(ports, agentDir),
    freezer: frozen,
    claims: new StoredClaims(book, { now: () => clock.now() }),
    probes: [{ item: 'test:a', kind: 'test', everyMs: 60_000, timeoutMs: 1000, look }],
    reachFor: (peer: Peer) => reachProbe(peer, peerRefusal({ port: 1026, address: '127.0.0.1' })),
  };
}

test('no name that the schema lets pass can be a path or an option', () => {
  fc.assert(
    fc.property(fc.oneof(name, text, fc.anything()), (given) => {
      const job = {
        word: 'job',
        n: 1,
        job: 'a'.repeat(32),
        act: 'backup',
        name: given,
        leaseMs: 1,
      };
      const parsed = heardWord.safeParse(job);
      if (!parsed.success) return;
      assert.match(String(given), /^[a-z0-9][a-z0-9._-]{0,63}$/);
    }),
    { seed: SEED, numRuns: 5000 },
  );
});

test('no word takes a key that it does not know', () => {
  const key = fc.constantFrom(
    'command',
    'path',
    'args',
    'env',
    'url',
    'cwd',
    'shell',
    '__proto__x',
  );
  fc.assert(
    fc.property(word, key, fc.anything(), (given, extra, value) => {
      assert.equal(heardWord.safeParse({ ...given, [extra]: value ?? 1 }).success, false);
    }),
    { seed: SEED, numRuns: 3000 },
  );
});

test(`SEED=${SEED}: answers that are none fail with a Fault, and with nothing else`, async (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-answers-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const key = await openServerKey(path.join(root, 'key.pem'));
  let answer = '';
  let status = 200;
  const server = https.createServer({ key: key.key, cert: key.cert }, (request, response) => {
    request.resume();
    request.on('end', () => {
      response.statusCode = status;
      response.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const place = { host: '127.0.0.1', port: address.port, pin: key.pin.toString('hex') };
  const link = new HttpsLink(newIdentity(), place);
  t.after(async () => {
    link.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const head = { format: 'holdfast-heard-0', mark: MARK };
  const body = fc.oneof(
    fc.array(fc.oneof(word, fc.anything())).map((words) => ({ ...head, words })),
    fc.anything(),
    fc.record({ format: fc.string(), mark: fc.anything(), words: fc.anything() }),
    fc.dictionary(fc.string(), fc.anything()),
  );
  let refused = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.constantFrom(200, 200, 200, 204, 301, 400, 401, 500),
      async (given, code) => {
        [answer, status] = [textOf(given), code];
        const hear = { format: 'holdfast-hear-0', agent: 'b'.repeat(32), run: 1, seq: 1 } as const;
        try {
          const heard = await link.hear(
            { ...hear, boot: 'b', upMs: 1, after: 0 },
            new AbortController().signal,
          );
          assert.ok(heardMessage.safeParse(heard).success);
          taken += 1;
        } catch (error) {
          assert.ok(error instanceof Fault && error.code.startsWith('HF_SERVER_'), String(error));
          refused += 1;
        }
      },
    ),
    { seed: SEED, numRuns: 1500 },
  );
  t.diagnostic(`SEED=${SEED}: ${taken} taken, ${refused} refused`);
  assert.ok(taken > 5 && refused > 500, 'liveness: both kinds came');
});

function textOf(given: unknown): string {
  try {
    const plain = (_key: string, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value;
    return `${JSON.stringify(given, plain)}`;
  } catch {
    return '{';
  }
}
