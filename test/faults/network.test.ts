// Goal: a network in two halves, and one that carries in one direction only, make nothing ok that nobody hears of,
// and nobody down who is well; mended, all is as it is without hands. Method: hosts on a switch that drop what
// others send; an oracle compares every answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEASE_MS } from '../../src/watch/core/standing/standing.ts';
import { Estate, MESH_PORT, until } from '../estate/estate.ts';
import { canStartHosts } from '../estate/net-host.ts';
import { Watcher } from '../estate/oracle.ts';
import { addWatchedFiles, type WatchedFiles } from '../estate/watched-files.ts';

const NAMES = ['a', 'b', 'c'] as const;
/** A request that waits for its answer, a look at a peer, and what the machine needs. */
const SLACK_MS = 30_000 + 27_000 + 15_000;

async function isUnknown(estate: Estate, name: string): Promise<boolean> {
  const paths = (await estate.api.itemsOf(name)).filter(({ kind }) => kind === 'path');
  return paths.length > 0 && paths.every(({ mark }) => mark === 'unknown');
}

test('in two halves, and in one direction only', async (t) => {
  if (!canStartHosts(t)) return;
  const estate = await Estate.start(t, {
    server: [`mesh: ${MESH_PORT}`],
    config: `hosts: {${NAMES.map((name, at) => `${name}: {address: 10.99.0.${at + 2}}`).join(', ')}}\n`,
  });
  const [a, b, c] = [
    await addWatchedFiles(estate, 'a'),
    await addWatchedFiles(estate, 'b'),
    await addWatchedFiles(estate, 'c'),
  ];
  const hosts: readonly WatchedFiles[] = [a, b, c];
  for (const each of hosts) await each.agrees();
  await until('each reaches each', async () => {
    const reaches = (await estate.api.items()).filter(({ kind }) => kind === 'reach');
    return reaches.filter(({ mark }) => mark === 'ok').length === 6;
  });
  const watcher = new Watcher(
    t,
    estate.api,
    hosts.flatMap(({ known }) => known),
  );
  const wasDown = async (): Promise<readonly string[]> =>
    (await estate.api.hosts()).map(({ why }) => why).filter((why) => /neither/.test(why));

  await t.test('halves: server and a, b and c', async () => {
    const pairs = [b, c].flatMap((far) =>
      [estate.server, a.net].map((near) => [far.net, near] as const),
    );
    for (const each of [b, c]) each.line.makes(false, () => undefined);
    for (const [far, near] of pairs) {
      far.dropFrom(near);
      near.dropFrom(far);
    }
    // It breaks where nobody hears of it.
    b.put(0, false);
    const ms = await until('of b and c nothing is known', async () => {
      assert.deepEqual(await wasDown(), [], 'a alone moves nothing');
      return (await isUnknown(estate, 'b')) && (await isUnknown(estate, 'c'));
    });
    t.diagnostic(`halves: the other one unknown after ${ms} ms`);
    assert.ok(ms < LEASE_MS + SLACK_MS);
    for (const each of [b, c]) each.line.makes(true, () => undefined);
    for (const [far, near] of pairs) {
      far.hearFrom(near);
      near.hearFrom(far);
    }
    t.diagnostic(
      `whole again: b after ${await b.agrees()} ms, c after ${await c.agrees()} ms more`,
    );
  });

  await t.test('one direction: a hears nothing of the server', async () => {
    a.line.makes(false, () => a.net.dropFrom(estate.server));
    a.put(0, false);
    const ms = await until('of a nothing is known', () => isUnknown(estate, 'a'));
    t.diagnostic(`one direction: unknown after ${ms} ms`);
    assert.ok(ms < LEASE_MS + SLACK_MS);
    assert.deepEqual(await wasDown(), [], 'b and c reach it');
    a.line.makes(true, () => a.net.hearFrom(estate.server));
    t.diagnostic(`whole again after ${await a.agrees()} ms`);
  });
  const { samples, wrong, marks } = await watcher.stop();
  t.diagnostic(`${samples} answers: ${JSON.stringify(marks)}`);
  assert.deepEqual(wrong, []);
  assert.ok(samples > 20);
});
