// Goal: the server is shown what this host is once it changed, every six hours and to each start of it, as
// little as that takes; an older server, a refusal and a line that is cut hold up nothing else of the agent.
// Method: the agent's loop over ports that the test owns, its time moved by the test.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fault } from '../../src/base/fault.ts';
import type { Show, ShowKind, Shown } from '../../src/watch/core/agent/messages.ts';
import type { Showing, ShowParts } from '../../src/watch/shell/agent/show-ports.ts';
import { away, makeKit, refusing } from './agent-kit.ts';

const HOUR_MS = 3_600_000;

interface Got {
  readonly message: Show;
  readonly isOffer: boolean;
}

/** A host of which the test says what is so, and a server that has what it was sent. */
class Shows implements ShowParts {
  readonly got: Got[] = [];
  readonly has = new Set<string>();
  same: Record<ShowKind, string> = { sight: 'a', ledger: 'a', plans: 'a' };
  looks = 0;
  ledgerLooks = 0;
  hint = '';
  trouble: Fault | undefined;
  isOld = false;
  knowsNoPlans = false;
  /** It reads nothing of what was added since. */
  isStrict = false;
  readonly #kit: ReturnType<typeof makeKit>;

  constructor(kit: ReturnType<typeof makeKit>) {
    this.#kit = kit;
  }

  readonly source: ShowParts['source'] = {
    hint: () => this.hint,
    look: (_signal, { known, isPlain }) => {
      if (known === undefined) this.looks += 1;
      else this.ledgerLooks += 1;
      const kinds: readonly ShowKind[] = known === undefined ? ['sight', 'ledger'] : ['ledger'];
      const showings = kinds.map((kind): Showing => {
        const sha256 = `${kind} ${this.same[kind]} ${this.looks}${isPlain ? ' plain' : ''}`;
        const frame = Buffer.from(sha256);
        const upMs = this.#kit.clock.upMs();
        return { kind, frame, sha256, same: this.same[kind], upMs };
      });
      return Promise.resolve({ showings, trouble: '' });
    },
  };

  /** Undefined until a test wants plans. */
  plans: ShowParts['plans'];
  planHint = '';
  planLooks = 0;

  withPlans(): this {
    this.plans = {
      hint: () => this.planHint,
      look: () => {
        this.planLooks += 1;
        const sha256 = `plans ${this.same.plans} ${this.planLooks}`;
        const upMs = this.#kit.clock.upMs();
        const frame = Buffer.from(sha256);
        const showing: Showing = { kind: 'plans', frame, sha256, same: this.same.plans, upMs };
        return Promise.resolve({ showings: [showing], trouble: '' });
      },
    };
    return this;
  }

  readonly link: ShowParts['link'] = {
    show: async (message, frame): Promise<Shown | undefined> => {
      await Promise.resolve();
      this.got.push({ message, isOffer: frame === undefined });
      if (this.trouble !== undefined) throw this.trouble;
      if (message.kind === 'plans' && this.knowsNoPlans) throw refusing('malformed');
      if (this.isStrict && !message.sha256.endsWith(' plain')) throw refusing('malformed');
      if (this.isOld) return undefined;
      const mark = { server: this.#kit.server.id, at: this.#kit.clock.upMs() - 40_000 };
      const format = 'holdfast-shown-0' as const;
      if (message.mark?.server !== mark.server) return { format, mark, has: false, wants: 'mark' };
      if (frame !== undefined) this.has.add(message.sha256);
      return { format, mark, has: this.has.has(message.sha256) };
    },
  };

  /** What came since it was asked last. */
  take(): readonly string[] {
    return this.got
      .splice(0)
      .map(({ message, isOffer }) => `${message.kind}${isOffer ? ' offered' : ''}`);
  }
}

function started(wanted: (shows: Shows) => Shows = (shows) => shows) {
  const kit = makeKit();
  const shows = wanted(new Shows(kit));
  const agent = kit.start([], 'look', { shows });
  return { kit, shows, agent };
}

test('both are shown once, and again only where what matters has changed', async () => {
  const { kit, shows, agent } = started();
  await kit.clock.pass(20_000);
  assert.deepEqual(shows.take(), ['sight', 'ledger']);
  await kit.clock.pass(3 * HOUR_MS);
  assert.ok(shows.looks >= 3 && shows.looks <= 5, `${shows.looks} looks`);
  assert.deepEqual(shows.take(), []);
  shows.same = { ...shows.same, sight: 'b' };
  await kit.clock.pass(HOUR_MS);
  assert.deepEqual(shows.take(), ['sight']);
  await kit.clock.pass(7 * HOUR_MS);
  assert.deepEqual(shows.take().toSorted(), ['ledger', 'sight']);
  await agent.stop();
});

test('a ledger that changed is read at once, and the host is not looked at for it', async () => {
  const { kit, shows, agent } = started();
  await kit.clock.pass(20_000);
  shows.take();
  const { looks } = shows;
  shows.hint = 'written';
  shows.same = { ...shows.same, ledger: 'b' };
  await kit.clock.pass(60_000);
  assert.deepEqual(shows.take(), ['ledger']);
  assert.deepEqual([shows.looks, shows.ledgerLooks], [looks, 1]);
  await agent.stop();
});

test('a server that starts anew is offered what it had, and sent what it has not', async () => {
  const { kit, shows, agent } = started();
  await kit.clock.pass(20_000);
  shows.take();
  kit.server.restart('c'.repeat(32));
  await kit.clock.pass(60_000);
  assert.deepEqual(new Set(shows.take()), new Set(['sight offered', 'ledger offered']));
  shows.has.clear();
  kit.server.restart('d'.repeat(32));
  await kit.clock.pass(60_000);
  const sent = shows.take().filter((each) => !each.endsWith('offered'));
  assert.deepEqual(sent.toSorted(), ['ledger', 'sight']);
  await agent.stop();
});

test('numbers grow through all that is said, heard and shown', async () => {
  const { kit, shows, agent } = started();
  await kit.clock.pass(60_000);
  const all = [...kit.server.says, ...kit.server.hears, ...shows.got.map(({ message }) => message)];
  const seqs = all.map(({ seq }) => seq);
  assert.equal(new Set(seqs).size, seqs.length);
  await agent.stop();
});

test('an older server is asked again in an hour, and is told the rest meanwhile', async () => {
  const { kit, shows, agent } = started();
  shows.isOld = true;
  await kit.clock.pass(30 * 60_000);
  assert.deepEqual(shows.take(), ['sight']);
  assert.ok(kit.server.says.length > 50, 'it goes on to say what it sees');
  shows.isOld = false;
  await kit.clock.pass(HOUR_MS);
  assert.deepEqual(new Set(shows.take()), new Set(['sight', 'ledger']));
  await agent.stop();
});

test('what is refused for what it is, is not sent again until it is another; a cut line is', async () => {
  const { kit, shows, agent } = started();
  shows.trouble = refusing('malformed');
  await kit.clock.pass(HOUR_MS / 2);
  const refused = shows.take();
  assert.ok(refused.length >= 2 && refused.length <= 4, refused.join());
  const [last] = kit.of('agent:show').toReversed();
  assert.ok(last?.t === 'seen' && last.saw === 'impaired', 'it says that it was refused');
  shows.trouble = away();
  shows.same = { sight: 'b', ledger: 'b', plans: 'b' };
  shows.hint = 'written';
  await kit.clock.pass(HOUR_MS);
  assert.ok(shows.take().length >= 2, 'it is tried again');
  shows.trouble = undefined;
  await kit.clock.pass(10 * 60_000);
  assert.ok(shows.take().length >= 2);
  assert.ok(shows.has.has(`sight b ${shows.looks}`) || shows.has.size >= 2);
  await agent.stop();
});

test('a plan that comes, goes or is signed is shown at once, and nothing else is looked at for it', async () => {
  const { kit, shows, agent } = started((all) => all.withPlans());
  await kit.clock.pass(20_000);
  assert.deepEqual(new Set(shows.take()), new Set(['sight', 'ledger', 'plans']));
  const { looks } = shows;
  await kit.clock.pass(HOUR_MS / 2);
  assert.equal(shows.planLooks, 1, 'nothing happened');
  shows.planHint = 'held';
  shows.same = { ...shows.same, plans: 'held' };
  await kit.clock.pass(20_000);
  assert.deepEqual(shows.take(), ['plans']);
  shows.planHint = 'looked at, and the same';
  await kit.clock.pass(20_000);
  assert.deepEqual(shows.take(), []);
  assert.deepEqual([shows.looks, shows.planLooks], [looks, 3]);
  await agent.stop();
});

test('a server from before plans is shown the rest, and asked again in an hour', async () => {
  const { kit, shows, agent } = started((all) => all.withPlans());
  shows.knowsNoPlans = true;
  await kit.clock.pass(60_000);
  const got = shows.take();
  assert.deepEqual(new Set(got), new Set(['sight', 'ledger', 'plans']));
  assert.equal(got.filter((kind) => kind === 'plans').length, 1);
  const said = kit.of('agent:show').map((each) => (each.t === 'seen' ? each.saw : each.t));
  assert.ok(!said.includes('impaired'), `that is no trouble: ${said.join()}`);
  shows.same = { ...shows.same, plans: 'held' };
  shows.planHint = 'held';
  await kit.clock.pass(60_000);
  assert.deepEqual(shows.take(), []);
  shows.knowsNoPlans = false;
  await kit.clock.pass(1.1 * HOUR_MS);
  assert.ok(shows.take().includes('plans'));
  await agent.stop();
});

test('to a server that reads nothing of what was added, all is shown without it; to its next start with it', async () => {
  const { kit, shows, agent } = started();
  shows.isStrict = true;
  await kit.clock.pass(HOUR_MS / 2);
  assert.ok([...shows.has].length === 2, [...shows.has].join());
  assert.ok([...shows.has].every((sha256) => sha256.endsWith(' plain')));
  const said = kit.of('agent:show').filter((each) => each.t === 'seen' && each.saw !== 'healthy');
  assert.deepEqual(said, [], 'nothing is left that it was not shown');
  // It was brought up to date: one that starts anew is shown all that there is.
  shows.isStrict = false;
  shows.has.clear();
  kit.server.restart('e'.repeat(32));
  await kit.clock.pass(HOUR_MS / 2);
  assert.equal(
    [...shows.has].filter((sha256) => !sha256.endsWith(' plain')).length,
    2,
    [...shows.has].join(),
  );
  await agent.stop();
});
