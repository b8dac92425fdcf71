// Goal: what `npm run package` makes is the same each time, installs in a bare Debian, works there, and
// goes again; a newer one keeps key, spool and configuration, an older one is refused; on a host itself
// `enroll localhost` and `remove` leave what was there, killed or not.
// Method: it is made twice; debootstrap makes a Debian in a directory, from the mirror of this machine,
// and all of it happens there by chroot, with every file looked at before and after.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { debianMirror } from '../run/debian-mirror.ts';
import { needs } from '../run/needs.ts';
import { differences, pictureOf } from './root-picture.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-delivery-'));
test.after(() => fs.rmSync(scratch, { recursive: true }));

const OWN = ['--mount', '--propagation', 'private'];
const INSIDE = 'mount -t proc none "$0/proc"; exec chroot "$0" "$@"';
/** Its lists and logs; and a directory of no package goes when the last thing in it has gone. */
const DEB_LEAVES =
  /^\/(?:opt$|var\/lib\/dpkg\/|var\/log\/|etc\/(?:passwd|group|shadow|gshadow)-?$|etc\/\.pwd\.lock)/;
const OF_USERADD = /^\/etc\/(?:\.pwd\.lock|(?:passwd|group|shadow|gshadow|subuid|subgid)-)$/;
/** As dpkg-query has it, not a template of ours. */
const VERSION = ['$', '{Version}'].join('');

function run(program: string, args: readonly string[]): { status: number | null; said: string } {
  const ran = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8', HOME: '/root' },
  });
  return { status: ran.status, said: `${ran.stdout}${ran.stderr}${ran.error?.message ?? ''}` };
}

function must(program: string, args: readonly string[]): string {
  const { status, said } = run(program, args);
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${said}`);
  return said;
}

function packages(out: string, ...more: readonly string[]): string {
  must(process.execPath, [path.join(ROOT, 'scripts/package.ts'), `--out=${out}`, ...more]);
  return fs.readFileSync(path.join(out, 'SHA256SUMS'), 'utf8');
}

/** The same package under a version that is a little newer. @returns that version */
function withVersion(deb: string, to: string, more: string): string {
  const folder = path.join(scratch, 'repacked');
  must('dpkg-deb', ['-R', deb, folder]);
  const control = path.join(folder, 'DEBIAN/control');
  const text = fs.readFileSync(control, 'utf8').replace(/^Version: .*$/m, `$&${more}`);
  fs.writeFileSync(control, text);
  must('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', folder, to]);
  fs.rmSync(folder, { recursive: true });
  return /^Version: (.*)$/m.exec(text)?.[1] ?? '';
}

test('the same bytes twice', (t) => {
  const sums = packages(path.join(scratch, 'one'), '--only=tarball,deb', '--quick');
  assert.equal(
    packages(path.join(scratch, 'two'), '--only=tarball,deb', '--quick', '--no-build'),
    sums,
  );
  assert.match(sums, /^[0-9a-f]{64} {2}holdfast-[0-9.]+-linux-\w+\.tar\.gz$/m);
  t.diagnostic(sums.trim().replaceAll('\n', '; '));
});

test('in a bare Debian', async (t) => {
  if (!needs(t, 'root', 'mount', 'debootstrap', 'debian-mirror')) return;
  const root = path.join(scratch, 'debian');
  const mirror = debianMirror();
  assert.ok(mirror !== undefined);
  must('unshare', [...OWN, 'debootstrap', '--variant=minbase', mirror.suite, root, mirror.uri]);
  const inside = (...words: readonly string[]) =>
    run('unshare', [...OWN, 'sh', '-euc', INSIDE, root, ...words]);
  const mustInside = (...words: readonly string[]): string => {
    const { status, said } = inside(...words);
    assert.equal(status, 0, `${words.join(' ')}: ${said}`);
    return said;
  };
  const out = path.join(scratch, 'one');
  fs.cpSync(out, path.join(root, 'srv'), { recursive: true });
  const [deb, tarball] = ['.deb', '.tar.gz'].map((end) =>
    fs.readdirSync(out).find((name) => name.endsWith(end)),
  );
  assert.ok(deb !== undefined && tarball !== undefined);

  await t.test('the .deb installs, works, and is purged', () => {
    const before = pictureOf(root);
    mustInside('dpkg', '-i', `/srv/${deb}`);
    assert.match(mustInside('holdfast', '--version'), /^holdfast [0-9.]+$/m);
    assert.match(mustInside('holdfast', 'agent', '--help'), /agent\.yaml/);
    const looked = inside(
      'env',
      'HOLDFAST_STATE=/srv/state',
      'holdfast',
      'look',
      'localhost',
      '--json',
    );
    assert.ok(looked.status === 0 || looked.status === 6, looked.said);
    assert.match(looked.said, /"host":"localhost"/);
    // What the ledger and the server stand on, and what files are kept whole by.
    const keep =
      'holdfast init --vault /srv/v --new-key-file /srv/k && holdfast backup --vault /srv/v --key-file /srv/k /etc';
    mustInside('env', 'HOLDFAST_STATE=/srv/state', 'sh', '-c', keep);
    assert.match(mustInside('id', 'holdfast'), /holdfast/);
    mustInside('dpkg', '--purge', 'holdfast');
    mustInside('rm', '-rf', '/srv/state', '/srv/v', '/srv/k');
    const rest = differences(before, pictureOf(root)).filter((name) => !DEB_LEAVES.test(name));
    assert.deepEqual(rest, []);
    mustInside('sh', '-c', 'userdel holdfast; userdel holdfast-server; true');
  });

  await t.test('a newer .deb keeps what the agent has, and an older one is refused', () => {
    const at = (name: string): string => path.join(root, name);
    const newer = withVersion(path.join(out, deb), at('srv/newer.deb'), '+next');
    mustInside('dpkg', '-i', `/srv/${deb}`);
    // A systemd that writes down what it is told.
    const fake = at('usr/bin/systemctl');
    fs.writeFileSync(fake, '#!/bin/sh\necho "$*" >>/srv/told\n', { mode: 0o755 });
    fs.mkdirSync(at('run/systemd/system'), { recursive: true });
    const keep: Readonly<Record<string, string>> = {
      'var/lib/holdfast/agent/key.pem': 'key',
      'var/lib/holdfast/agent/spool/0000000000000001.spool': 'spool',
      'etc/holdfast/agent.yaml': 'level: keep\n',
    };
    for (const [name, text] of Object.entries(keep)) {
      fs.mkdirSync(path.dirname(at(name)), { recursive: true });
      fs.writeFileSync(at(name), text);
    }
    const kept = (): void => {
      for (const [name, text] of Object.entries(keep)) {
        assert.equal(fs.readFileSync(at(name), 'utf8'), text, name);
      }
    };
    mustInside('dpkg', '-i', '/srv/newer.deb');
    kept();
    const told = fs.readFileSync(at('srv/told'), 'utf8');
    assert.match(told, /^try-restart holdfast-agent\.service/m);
    assert.doesNotMatch(told, /^(?:enable|start|restart)/m, 'what did not run is not started');
    assert.equal(newer, mustInside('dpkg-query', '-W', '-f', VERSION, 'holdfast'));
    const back = inside('dpkg', '-i', `/srv/${deb}`);
    assert.notEqual(back.status, 0);
    assert.match(back.said, /is older than/);
    assert.equal(newer, mustInside('dpkg-query', '-W', '-f', VERSION, 'holdfast'));
    kept();
    mustInside('holdfast', 'agent', '--help');
    mustInside('dpkg', '--remove', 'holdfast');
    kept();
    mustInside('dpkg', '--purge', 'holdfast');
    assert.ok(!fs.existsSync(at('var/lib/holdfast')), 'its state goes, and no vault was there');
    fs.rmSync(fake);
    fs.rmSync(at('run/systemd'), { recursive: true });
    fs.rmSync(at('etc/holdfast'), { recursive: true });
    mustInside('sh', '-c', 'userdel holdfast; userdel holdfast-server; true');
  });

  await t.test('on the host itself: enrolled and removed, also when it is killed', () => {
    mustInside('sh', '-c', `cd /srv && tar -xzf ${tarball}`);
    const unpacked = `/srv/${tarball.replace('.tar.gz', '')}/bin/holdfast`;
    const before = pictureOf(root);
    const enroll = () =>
      mustInside(
        unpacked,
        'enroll',
        'localhost',
        '--no-server',
        '--yes',
        '--package',
        `/srv/${tarball}`,
      );
    const unchanged = (): void => {
      const rest = differences(before, pictureOf(root)).filter((name) => !OF_USERADD.test(name));
      assert.deepEqual(rest, []);
    };
    enroll();
    assert.match(mustInside('holdfast', '--version'), /^holdfast /m);
    assert.match(mustInside('holdfast', 'remove', '--yes'), /nothing of Holdfast any more/);
    unchanged();
    // Killed when the program is gone and the list is not: what stands under its name ends it.
    enroll();
    const rm = path.join(root, 'usr/bin/rm');
    fs.renameSync(rm, `${rm}.real`);
    const killing = `#!/bin/sh\ncase "$*" in *' /opt/holdfast') rm.real "$@"; kill -9 $PPID; esac\nexec rm.real "$@"\n`;
    fs.writeFileSync(rm, killing, { mode: 0o755 });
    const first = inside('holdfast', 'remove', '--yes');
    fs.renameSync(`${rm}.real`, rm);
    assert.notEqual(first.status, 0, first.said);
    assert.ok(!fs.existsSync(path.join(root, 'opt/holdfast')));
    mustInside('holdfast', 'remove', '--yes');
    unchanged();
  });
});
