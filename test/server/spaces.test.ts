// Goal: what a host says of the space of its vaults is on the page, with what it is of and when it is full; of a host
// that says nothing of it nothing is said.
// Method: the real server over TLS, agents of the test that show their ledgers, with and without spaces.
import assert from 'node:assert/strict';
import test from 'node:test';
import { GIB } from '../../src/base/units.ts';
import { ServerBench } from './server-bench.ts';
import { ledgerFrame, lookAt, reportOf, sightFrame } from './shown-example.ts';

const SPACE = {
  ...{ vault: 'main', copy: '/srv/vault', storedBytes: 100 * GIB, monthBytes: 50 * GIB },
  ...{ leftOut: 0, room: { freeBytes: 100 * GIB, totalBytes: 300 * GIB, floorBytes: 50 * GIB } },
  dataSets: [
    {
      ...{ dataSet: 'photos', host: 'web1', captures: 9, bytes: 80 * GIB },
      ...{ storedBytes: 60 * GIB, monthBytes: undefined },
    },
  ],
};

test('the space of a vault comes from its host to the page', async (t) => {
  const frames = { burst: 100, perMinute: 100 };
  const bench = await ServerBench.open(t, { agentRates: { frames } });
  const token = await bench.tokenOf('viewer');
  for (const host of ['web1', 'web2']) {
    const agent = await bench.enrol(host);
    await agent.say([]);
    const look = lookAt(host, '/srv/www');
    assert.equal((await agent.show('sight', sightFrame(look))).status, 200);
    const change = host === 'web1' ? { spaces: [SPACE] } : {};
    const report = reportOf(host, '/srv/www', change);
    assert.equal((await agent.show('ledger', ledgerFrame(report))).status, 200);
  }
  const end = Date.now() + 60_000;
  for (;;) {
    const page = await bench.ask('/space', { token });
    const text = page.text.replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');
    if (/Vault main/.test(text)) {
      // Of 100 GiB that are free 50 are to stay: at 50 a month that is a month.
      assert.match(text, /1 vault takes 100 GiB; .*full in (?:30|31) d/);
      assert.match(text, /photos/);
      assert.match(text, /of web1, 9 snapshots/);
      assert.doesNotMatch(text, /of web2/);
      return;
    }
    assert.ok(Date.now() < end, text.slice(0, 1000));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
