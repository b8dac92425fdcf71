// Goal: a server of which all files were put back from one older copy learns that from its agents, does
// nothing with that state and says `recover`; no lie of an agent does as much.
// Method: the real server and the agents' real line to it; a copy of the whole directory, put back.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { newIdentity } from '../../src/adapters/agent-link/identity.ts';
import { HttpsLink } from '../../src/adapters/agent-link/https-link.ts';
import { KeptGeneration } from '../../src/adapters/agent-link/kept-generation.ts';
import { GenerationSeal } from '../../src/adapters/http/generation-seal.ts';
import { openServerKey } from '../../src/adapters/http/server-key.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeRandom } from '../../src/adapters/node/random.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { openServerState, type StateChange } from '../../src/adapters/sqlite/open-server-state.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { monotonicMs, unixMs } from '../../src/base/units.ts';
import { Generations } from '../../src/main/server/generations.ts';
import { recoverServer } from '../../src/main/server/recover.ts';
import { startServer } from '../../src/main/server/server.ts';
import type { Said } from '../../src/watch/core/agent/messages.ts';
import { generationText, parseGeneration } from '../../src/wire/agent/generation.ts';

const BY = { who: 'test', from: 'terminal' };
const ports = { disk: nodeDisk(), tools: nodeTools() };

const isNeeded = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'HF_RECOVER_NEEDED' && error.message.includes('copy');

class Place {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-copy-'));
  readonly directory = path.join(this.root, 'server');
  readonly #copy = path.join(this.root, 'copy');

  constructor(t: TestContext) {
    fs.mkdirSync(this.directory, { mode: 0o700 });
    t.after(() => fs.rmSync(this.root, { recursive: true }));
  }

  copy(): void {
    fs.cpSync(this.directory, this.#copy, { recursive: true });
  }

  /** Database, register and key, all of one moment, in the files that they were made in: as a volume is put back. */
  putBack(): void {
    const kept = new Set(fs.readdirSync(this.#copy));
    for (const name of fs.readdirSync(this.directory)) {
      const file = path.join(this.directory, name);
      if (kept.has(name)) fs.writeFileSync(file, fs.readFileSync(path.join(this.#copy, name)));
      else fs.rmSync(file, { recursive: true });
    }
  }

  async start(t: TestContext) {
    const ended: unknown[] = [];
    const server = await startServer({
      ...{ stateDirectory: this.directory, config: {}, configFile: undefined, clock: nodeClock() },
      ...{ listen: { host: '127.0.0.1', port: 0 }, url: undefined, log: () => undefined },
      onBug: (error) => ended.push(error),
    });
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (isOpen) await server.close();
      isOpen = false;
    };
    t.after(close);
    return { server, ended, close };
  }

  recover() {
    return recoverServer({
      directory: this.directory,
      registerFile: undefined,
      clock: nodeClock(),
    });
  }
}

/** As a host that was enrolled: its key and what it keeps. */
class Agent {
  readonly identity = newIdentity();
  readonly #dir: string;

  constructor(place: Place, host: string) {
    this.#dir = path.join(place.root, host);
    fs.mkdirSync(this.#dir);
  }

  /** As after a start of the agent: only what is on the disk is known. */
  async with<T>(server: Server, act: (link: HttpsLink) => Promise<T>): Promise<T> {
    const { port } = server.at;
    const pin = Buffer.from(server.pin, 'base64url').toString('hex');
    const kept = new KeptGeneration(ports, { dir: byteString(this.#dir), pin });
    const link = new HttpsLink(this.identity, { host: '127.0.0.1', port, pin }, kept);
    return act(link).finally(() => link.close());
  }

  async enrol(server: Server, host: string): Promise<void> {
    const { secret } = await server.served.access.makeEnrolment(BY, host);
    const { publicKey } = this.identity;
    const facts = { level: 'look', version: '0', boot: 'b' } as const;
    const message = { format: 'holdfast-enrol-0', token: secret, publicKey, ...facts } as const;
    await this.with(server, (link) => link.enrol(message));
  }

  say(server: Server): Promise<Said> {
    const { agent } = this.identity;
    const spoken = { agent, run: 1, seq: 1, boot: 'b', upMs: 10, wallMs: 10, version: '0' };
    const more = { level: 'look', isFrozen: false, records: [] } as const;
    const message = { format: 'holdfast-say-0', ...spoken, ...more } as const;
    return this.with(server, (link) => link.say(message, AbortSignal.timeout(20_000)));
  }

  get file(): string {
    return path.join(this.#dir, 'generation');
  }
}

type Server = Awaited<ReturnType<Place['start']>>['server'];

/** A copy, then a start after it that the agents of both hear of. */
async function lived(t: TestContext) {
  const place = new Place(t);
  const [web1, db1] = [new Agent(place, 'web1'), new Agent(place, 'db1')];
  const first = await place.start(t);
  await web1.enrol(first.server, 'web1');
  await web1.say(first.server);
  await first.close();
  place.copy();
  const second = await place.start(t);
  await db1.enrol(second.server, 'db1');
  await web1.say(second.server);
  await db1.say(second.server);
  assert.deepEqual([...first.ended, ...second.ended], []);
  await second.close();
  return { place, web1, db1 };
}

async function assertOlder(t: TestContext, place: Place, agent: Agent): Promise<void> {
  const { server, ended, close } = await place.start(t);
  await assert.rejects(agent.say(server), 'nothing is acknowledged with it');
  assert.equal(ended.length, 1);
  assert.ok(isNeeded(ended[0]), String(ended[0]));
  await close();
  // Also where nobody says it again.
  await assert.rejects(place.start(t), isNeeded);
}

test('all files of one older copy: the first agent that heard of a later state ends it, and recover makes it good', async (t) => {
  const { place, web1 } = await lived(t);
  place.putBack();
  await assertOlder(t, place, web1);
  const made = await place.recover();
  assert.deepEqual([made.found, made.agents.map(({ host }) => host)], ['copy', ['web1']]);
  const { server, ended, close } = await place.start(t);
  for (let n = 0; n < 3; n += 1) await web1.say(server);
  await close();
  const again = await place.start(t);
  await web1.say(again.server);
  assert.deepEqual([...ended, ...again.ended], [], 'what was recovered is ours from here on');
  await again.close();
  await assert.rejects(place.recover(), { code: 'HF_RECOVER_NOTHING' });
});

test('an agent that the older copy does not know, and is refused, says it as well', async (t) => {
  const { place, db1 } = await lived(t);
  place.putBack();
  await assertOlder(t, place, db1);
});

test('a copy that went on by itself has no state in common with the later one, however far it comes', async (t) => {
  const { place, web1 } = await lived(t);
  place.putBack();
  for (let n = 0; n < 3; n += 1) await (await place.start(t)).close();
  await assertOlder(t, place, web1);
});

test('lies: another key, another number, a cut one, one of an earlier state: nothing ends', async (t) => {
  const { place, web1 } = await lived(t);
  const said = fs.readFileSync(web1.file, 'latin1').trimEnd().split(' ');
  const real = parseGeneration(said[1] ?? '');
  assert.ok(real !== undefined && said[0] !== undefined);
  const other = new GenerationSeal(await openServerKey(path.join(place.root, 'other.pem')));
  const later = { n: real.n + 7, id: 'a'.repeat(32) };
  const lies = [
    other.sealed(later),
    generationText({ ...real, ...later }),
    generationText({ ...real, id: later.id }),
    `${real.n + 7}.${'a'.repeat(32)}.${'A'.repeat(96)}`,
  ];
  const { server, ended, close } = await place.start(t);
  for (const lie of lies) {
    fs.writeFileSync(web1.file, `${said[0]} ${lie}\n`);
    await web1.say(server);
  }
  fs.writeFileSync(web1.file, `${said.join(' ')}\n`);
  await web1.say(server);
  assert.deepEqual(ended, []);
  // Nor does a file beside the state that somebody else has written.
  await close();
  fs.writeFileSync(path.join(place.directory, 'later-generation'), `${lies[0] ?? ''}\n`);
  await (await place.start(t)).close();
});

test('an agent says what is its server’s: a generation of another pin, or a damaged file, is not said', (t) => {
  const place = new Place(t);
  const dir = byteString(place.root);
  const text = `12.${'b'.repeat(32)}.${'A'.repeat(96)}`;
  const kept = new KeptGeneration(ports, { dir, pin: '1'.repeat(64) });
  kept.hear(text);
  kept.hear(`11.${'c'.repeat(32)}.${'A'.repeat(96)}`);
  kept.hear('13.nonsense');
  const at = (pin: string) => new KeptGeneration(ports, { dir, pin }).text;
  assert.deepEqual([at('1'.repeat(64)), at('2'.repeat(64))], [text, undefined]);
  fs.writeFileSync(path.join(place.root, 'generation'), 'x'.repeat(400));
  assert.equal(at('1'.repeat(64)), undefined);
});

test('a new generation follows a line of the log within seconds, and all else within ten minutes', async (t) => {
  const place = new Place(t);
  let nowMs = 0;
  const clock = { now: () => unixMs(1_800_000_000_000), monotonic: () => monotonicMs(nowMs) };
  const followed: Generations[] = [];
  const state = await openServerState(path.join(place.directory, 'server.db'), {
    onCommitted: (changes: readonly StateChange[]) => {
      for (const each of followed) each.follow(changes);
      return Promise.resolve();
    },
  });
  const seal = new GenerationSeal(
    await openServerKey(path.join(place.directory, 'server-key.pem')),
  );
  const generations = await Generations.open({
    ...{ directory: place.directory, state, seal, clock, random: nodeRandom() },
    onOlder: assert.fail,
  });
  followed.push(generations);
  const nAfter = async (waitMs: number): Promise<number> => {
    nowMs += waitMs;
    await generations.beat();
    return (parseGeneration(generations.text ?? '')?.n ?? 0) - 1_800_000_000_000;
  };
  assert.deepEqual([await nAfter(0), await nAfter(3_600_000)], [0, 0], 'nothing was committed');
  const entry = {
    at: unixMs(1),
    who: 'a',
    act: 'x',
    outcome: 'done',
    subject: '',
    from: 'b',
  } as const;
  await state.commit([{ do: 'audit', entry: { ...entry, detail: {} } }]);
  assert.equal(await nAfter(10_000), 1);
  const silent = { do: 'silent', agent: 'a'.repeat(32), from: unixMs(1) } as const;
  await state.commit([silent]);
  assert.deepEqual([await nAfter(599_999), await nAfter(1)], [1, 2]);
  assert.equal(await nAfter(3_600_000), 2, 'its own line is no news');
  await state.close();
});
