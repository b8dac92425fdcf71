// Goal: download.gluster.org before 27 April 2016, on the page: two disks in one linear volume are named as what takes
// all of it; its mirror is offered as the way back, and is called unverified, since nobody compared the copies.
// Method: the real server over TLS, both machines as their agents show them, the pages as they are sent.
import assert from 'node:assert/strict';
import test from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { GIB } from '../../src/base/units.ts';
import { TIB } from '../watch/look-example.ts';
import { fileSystemAt } from '../watch/discovery-example.ts';
import { pageText, placedData, shownHosts } from './exposure-replay.ts';

const DISKS = ['xvdb', 'xvdc'];
const disk = (name: string) => ({
  ...{ name, bytes: TIB, model: undefined, isRotational: undefined, isRemovable: false },
});

test('the linear volume is a single point of failure; the mirror is a way back that nobody has compared', async (t) => {
  const beneath = { disks: DISKS, failuresSurvived: 0 };
  const bench = await shownHosts(t, {
    download: {
      disks: DISKS.map(disk),
      fileSystems: [fileSystemAt('/srv', { beneath, stack: 'dm-0 (vg0-srv) on xvdb and xvdc' })],
      data: [placedData('download', '/srv/pub', { bytes: 300 * GIB, kind: 'www' }, beneath)],
      volumes: [
        {
          ...{ kind: 'lvm', name: 'vg0/srv', layout: 'linear', missingCount: 0, state: 'ok' },
          ...{ members: DISKS.map((name) => `/dev/${name}`), failuresSurvived: 0 },
          ...{ bytes: 2 * TIB, since: undefined },
        },
      ],
    },
    mirror: {
      data: [placedData('mirror', '/srv/mirror', { bytes: 300 * GIB, kind: 'www' })],
      backups: [
        {
          ...{ tool: 'rsync' as const, foundBy: ['cron' as const], count: 1 },
          ...{ traces: ['/etc/cron.d/mirror'], repository: '/srv/mirror' },
          place: {
            host: 'mirror',
            beneath: { disks: ['vda'], failuresSurvived: 0 },
            path: byteString('/srv/mirror'),
          },
          ...{ lastRun: undefined, lastWritten: undefined, jobPaths: undefined },
          ...{ fetches: ['download:/srv/pub'], openCommand: 'ls -l /srv/mirror' },
        },
      ],
    },
  });
  const findings = await pageText(bench, '/findings');
  assert.match(
    findings,
    /download vg0\/srv: xvdb and xvdc in one linear volume \(vg0\/srv\): either disk takes all/,
  );
  assert.match(findings, /as in download\.gluster\.org, 27 April 2016/);
  assert.match(
    findings,
    /rsync at mirror:\/srv\/mirror: was found and never opened: what it holds is unknown/,
  );
  for (const lost of ['host:download', 'disk:download/xvdb', 'disk:download/xvdc']) {
    const page = await pageText(bench, `/lose?lost=${encodeURIComponent(lost)}`);
    assert.match(page, /what would be lost of download:\/srv\/pub is unknown/, lost);
    assert.doesNotMatch(page, /nothing of \d+ data sets would be lost/, lost);
    const plan = await pageText(bench, `/recovery-plan?lost=${encodeURIComponent(lost)}`);
    assert.match(plan, /Unknown: open what was found, and ask again 1 download:\/srv\/pub/, lost);
    assert.match(plan, /rsync/, lost);
    assert.match(plan, /\$ ssh mirror 'ls -l \/srv\/mirror'/, lost);
  }
  // With the mirror gone too there is no way back, and that is said for good.
  const both = await pageText(bench, '/lose?lost=host%3Adownload&lost=host%3Amirror');
  assert.match(both, /all of download:\/srv\/pub would be lost/);
});
