// Goal: a server that is killed with -9 again and again, and cut off between a commit and its answer, loses nothing
// that it acknowledged and has nothing twice; and whatever is asked of it meanwhile, it says of nothing that it is
// ok when it is not. Method: a real server and agent on hosts of their own; numbered lines of the kernel and items
// whose truth the test owns; an oracle compares every answer with what was so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../sim/seeded.ts';
import { Estate, until } from '../estate/estate.ts';
import { canStartHosts } from '../estate/net-host.ts';
import { Watcher } from '../estate/oracle.ts';
import { addWatchedFiles, type WatchedFiles } from '../estate/watched-files.ts';

const ROUNDS = Number(process.env.HOLDFAST_FAULT_ROUNDS ?? 6);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Agents are let say so many lines a second. */
const LINE_EVERY_MS = 150;

/** Numbered lines, as the kernel says them. */
class Lines {
  readonly #host: WatchedFiles;
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  constructor(host: WatchedFiles) {
    this.#host = host;
    this.#timer = setInterval(() => this.say(), LINE_EVERY_MS);
  }

  say(): string {
    const text = `line ${this.#count}`;
    this.#host.kernel.say(4, text);
    this.#count += 1;
    return text;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get all(): readonly string[] {
    return Array.from({ length: this.#count }, (_, nth) => `line ${nth}`);
  }
}

const linesOf = async (estate: Estate): Promise<readonly string[]> =>
  (await estate.api.lines('web1')).map(({ text }) => text).filter((text) => /^line /.test(text));

/** Cut in one direction, so that what is said arrives and no answer does; mended where it did not arrive. */
async function isCommittedUnheard(
  estate: Estate,
  web1: WatchedFiles,
  lines: Lines,
): Promise<boolean> {
  web1.net.dropFrom(estate.server);
  const said = lines.say();
  for (let waited = 0; waited < 3000; waited += 100) {
    if ((await linesOf(estate)).includes(said)) return true;
    await sleep(100);
  }
  // A request was on its way when the line was cut: the next one waits for its answer.
  web1.net.hearFrom(estate.server);
  await until('it is heard again', async () => (await linesOf(estate)).includes(said));
  return false;
}

test('killed in a loop, and between commit and answer', async (t) => {
  if (!canStartHosts(t)) return;
  t.diagnostic(`SEED=${SEED}, ${ROUNDS} rounds`);
  const random = seededRandom(SEED);
  const below = (limit: number): number => ((random.bytes(2)[0] ?? 0) * limit) >> 8;
  const estate = await Estate.start(t);
  const web1 = await addWatchedFiles(estate, 'web1', { count: 3 });
  const lines = new Lines(web1);
  t.after(() => lines.stop());
  await web1.agrees();
  const watcher = new Watcher(t, estate.api, web1.known);

  for (let round = 0; round < ROUNDS; round++) {
    await sleep(500 + below(2500));
    const nth = below(3);
    web1.put(nth, web1.known[nth]?.truth.isSo !== true);
    await sleep(below(1500));
    // At any moment of what it does: in a commit, before an answer, while it starts.
    await estate.serverProcess.kill();
    await sleep(below(3000));
    estate.startServer();
    if (round % 3 === 2) {
      await sleep(below(600));
      await estate.serverProcess.kill();
      estate.startServer();
    }
  }
  await estate.answers();
  t.diagnostic(`after ${ROUNDS} kills all is as it is: ${await web1.agrees()} ms`);

  // Between a commit and its answer; then the server is killed.
  lines.stop();
  let tries = 1;
  while (!(await isCommittedUnheard(estate, web1, lines))) tries += 1;
  await estate.serverProcess.kill();
  web1.net.hearFrom(estate.server);
  estate.startServer();
  await estate.answers();
  t.diagnostic(`after a lost answer (try ${tries}) all is as it is: ${await web1.agrees()} ms`);

  await until('the last line is here', async () => {
    return (await linesOf(estate)).at(-1) === lines.all.at(-1);
  });
  assert.deepEqual(await linesOf(estate), lines.all, 'each once, in its order');
  const { samples, missed, wrong, marks } = await watcher.stop();
  t.diagnostic(
    `${lines.all.length} lines; ${samples} answers, none for ${JSON.stringify(missed)}: ${JSON.stringify(marks)}`,
  );
  assert.deepEqual(wrong, []);
  assert.ok(samples > 2 * ROUNDS && (marks.ok ?? 0) > 0, 'it was asked, and was well in between');
});
