// What a replay of exposure needs: hosts as their agents show them to a real server, and its pages as text.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import type { Discovery, FoundData } from '../../src/watch/core/discovery.ts';
import type { HostSight } from '../../src/watch/core/look/host-sight.ts';
import type { Beneath } from '../../src/watch/core/place.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { ServerBench } from '../server/server-bench.ts';
import { NOW, sightFrame } from '../server/shown-example.ts';
import { dataAt } from '../watch/discovery-example.ts';

type HostOfReplay = Partial<Discovery> & Partial<Pick<HostSight, 'volumes'>>;

export function placedData(
  host: string,
  path: string,
  change: Partial<FoundData>,
  beneath: Beneath = { disks: ['vda'], failuresSurvived: 0 },
): FoundData {
  return dataAt(path, { ...change, place: { host, beneath, path: byteString(path) } });
}

/** A server to which each of these hosts has shown itself. */
export async function shownHosts(
  t: TestContext,
  hosts: Readonly<Record<string, HostOfReplay>>,
): Promise<ServerBench> {
  const frames = { burst: 100, perMinute: 100 };
  const bench = await ServerBench.open(t, { agentRates: { frames } });
  for (const [host, { volumes = [], ...change }] of Object.entries(hosts)) {
    const talker = await bench.enrol(host);
    await talker.say([]);
    const quiet = { seenAt: NOW, backups: [], looked: [], notSeen: [], data: [] };
    const { discovery } = sightOf(host);
    const sight = {
      guests: [],
      gluster: [],
      automation: [],
      gitTrees: [],
      storageErrors: [],
      volumes,
    };
    const look = answered(host, { ...sight, discovery: { ...discovery, ...quiet, ...change } });
    const { status, body } = await talker.show('sight', sightFrame(look));
    assert.deepEqual([status, body.has], [200, true]);
  }
  // What was made before the last of them is given for a moment.
  const token = await bench.tokenOf('viewer');
  const since = Date.now();
  for (;;) {
    const { at } = await bench.json<{ at: string }>('/v1/exposure', { token });
    if (Date.parse(at) >= since) return bench;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a person reads there. */
export async function pageText(bench: ServerBench, where: string): Promise<string> {
  const { status, text } = await bench.ask(where, { token: await bench.tokenOf('viewer') });
  assert.equal(status, 200, where);
  const entities: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&amp;': '&',
    '&quot;': '"',
    '&#39;': "'",
  };
  return text
    .replace(/^.*<main/s, '<main')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&(?:lt|gt|amp|quot|#39);/g, (each) => entities[each] ?? each)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([:,.])/g, '$1');
}
