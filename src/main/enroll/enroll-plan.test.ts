// Goal: what an admin has on a host is neither replaced without a copy, nor put on the list of what
// `remove` takes away; and no enrolment goes back to an older version. Method: surveys of such hosts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Survey } from '../../adapters/enroll/survey.ts';
import { enrollPlan, isOlder } from './enroll-plan.ts';
import { keptSentences } from './enroll-words.ts';
import type { DeliveredPackage } from './package-here.ts';

const HOST: Survey = {
  ...{ isRoot: true, kernel: 'Linux', machine: 'x86_64', libc: 'glibc 2.36', free: 2 ** 40 },
  tools: new Set(['systemctl', 'sha256sum', 'tar', 'gzip', 'dpkg', 'useradd', 'userdel']),
  ...{ isSystemdRunning: true, users: new Set(), there: new Set(['/opt', '/var/lib']) },
  ...{ unpacked: undefined, packagedBy: undefined, isEnrolled: false, kept: [], wrapped: [] },
  ...{ callers: [], installed: undefined },
};
const TAR: DeliveredPackage = {
  ...{ file: '/p', name: 'p.tar.gz', by: 'tar', version: '0.2.0', arch: 'x64' },
  ...{ sha256: 'a'.repeat(64), bytes: 1 },
};
const DEB: DeliveredPackage = { ...TAR, name: 'p.deb', by: 'dpkg' };

function planned(survey: Survey, delivered = TAR) {
  return enrollPlan({ host: 'web1', survey, level: 'look', delivered }).installed;
}

function withThere(...paths: readonly string[]): Survey {
  return { ...HOST, there: new Set([...HOST.there, ...paths]) };
}

test('a /opt/holdfast that is not ours is not replaced', () => {
  for (const delivered of [TAR, DEB]) {
    assert.throws(() => planned(withThere('/opt/holdfast'), delivered), /did not put there/);
  }
  const installed = planned(HOST);
  assert.ok(installed.steps.some(({ at }) => at === '/opt/holdfast'));
  // Ours: by the list, or by what lies in it where the list is lost.
  planned({ ...withThere('/opt/holdfast'), installed });
  planned({ ...withThere('/opt/holdfast'), unpacked: 'b'.repeat(64) });
});

test('a package and a key that were there before are not on the list, and that is said', () => {
  const before = { ...withThere('/opt/holdfast', '/var/lib/holdfast/agent'), packagedBy: 'dpkg' };
  const installed = planned(before, DEB);
  const places = installed.steps.map((step) => `${step.do} ${step.at}`);
  assert.ok(!places.includes('package holdfast'));
  assert.ok(!places.includes('tree /var/lib/holdfast/agent'));
  const kept = keptSentences({ ...before, installed });
  assert.ok(
    kept.some((text) => text.includes('apt purge holdfast')),
    kept.join('\n'),
  );
  assert.ok(kept.some((text) => text.includes('/var/lib/holdfast/agent')));
  // What an enrolment put there stays on its list, however often it is enrolled again.
  const ours = planned(HOST, DEB);
  const again = planned({ ...before, installed: ours }, DEB);
  assert.deepEqual(again.steps, ours.steps);
  assert.deepEqual(keptSentences({ ...before, installed: ours }), []);
});

test('no way back to an older version, and none is taken for older that is not', () => {
  const newer = { ...HOST, installed: { ...planned(HOST), version: '0.10.0' } };
  assert.throws(() => planned(newer), /newer than 0\.2\.0/);
  planned({ ...HOST, installed: { ...planned(HOST), version: '0.2.0' } });
  planned({ ...HOST, installed: { ...planned(HOST), version: '0.1.9' } });
  assert.deepEqual(
    ['0.2.0', '0.10.0', '1.0.0', '0.2.0-1', '0.2', '0.1.9'].map((version) =>
      isOlder(version, '0.2.0'),
    ),
    [false, false, false, false, false, true],
  );
});
