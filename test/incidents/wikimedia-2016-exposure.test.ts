// Goal: before anybody ran a sync on Wikimedia's deployment server it would have been on the page: `/srv` is in no
// recovery point, and stands above everything else, since only `/home` was being backed up (2016).
// Method: the real server over TLS, the deployment server as its agent shows it, the pages as they are sent.
import assert from 'node:assert/strict';
import test from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { GIB, MIB } from '../../src/base/units.ts';
import { pageText, placedData, shownHosts } from './exposure-replay.ts';

test('/srv is at the top of what is unprotected, and /home, which has a job, is not there', async (t) => {
  const tin = {
    data: [
      placedData('tin', '/srv/mediawiki-staging', { bytes: 14 * GIB, kind: 'tree' }),
      placedData('tin', '/home', { bytes: 90 * GIB, kind: 'home' }),
      placedData('tin', '/etc', { bytes: 6 * MIB, kind: 'config' }),
    ],
    backups: [
      {
        ...{ tool: 'bacula' as const, foundBy: ['configuration' as const], count: 1 },
        ...{ traces: ['/etc/bacula/bacula-fd.conf'], repository: undefined, place: undefined },
        ...{ lastRun: undefined, lastWritten: undefined, openCommand: 'bconsole' },
        // Only /home was being backed up.
        ...{ jobPaths: [byteString('/home')], holdsOnly: [byteString('/home')] },
      },
    ],
  };
  const bench = await shownHosts(t, { tin });
  const unprotected = await pageText(bench, '/unprotected');
  const at = (path: string): number => unprotected.indexOf(path);
  assert.ok(at('/srv/mediawiki-staging') > 0, unprotected.slice(0, 800));
  assert.ok(at('/etc') === -1 || at('/srv/mediawiki-staging') < at('/etc'), 'it is the first');
  const [, certain = ''] =
    /In no recovery point(.*?)(?:A backup was found that may hold it|$)/.exec(unprotected) ?? [];
  assert.doesNotMatch(certain, /tin:?\s*\/home\b/, 'what a job names is not called unprotected');
  const { rows } = await bench.json<{ rows: { path: string; state: string }[] }>('/v1/coverage', {
    token: await bench.tokenOf('viewer'),
  });
  assert.deepEqual([rows[0]?.path, rows[0]?.state], ['/srv/mediawiki-staging', 'none']);
  assert.equal(rows.find(({ path }) => path === '/home')?.state, 'unknown', 'until it is opened');
  // And that losing the machine takes it for good is the sentence on the first page.
  assert.match(await pageText(bench, '/'), /If tin died now, all of tin:\/srv\/mediawiki-staging/);
});
