// Goal: every way to delete that a host shows is found, what is guarded is told from what is not,
// and what cannot be told is unknown.
// Method: a root directory made for the test, read as discovery reads a machine.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createHash } from 'node:crypto';
import { kitFor, SHIMS } from '../../guard/core/kit.ts';
import type { Way } from '../../guard/core/ways.ts';
import { LocalWorld } from '../discovery/local-world.ts';
import { absoluteCalls, deletesInLine, guardedLine } from './deletes-in-line.ts';
import { findWays } from './find-ways.ts';

const HOLDFAST = '/usr/local/bin/holdfast';
const roots: string[] = [];
after(() => {
  for (const root of roots) fs.rmSync(root, { recursive: true });
});

async function waysOf(files: Readonly<Record<string, string>>): Promise<readonly Way[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-ways-'));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return (await findWays(new LocalWorld(root), HOLDFAST)).ways;
}

function said(ways: readonly Way[]): readonly string[] {
  return ways.map(({ state, kind, where }) => `${state} ${kind} ${where}`);
}

test('lines that delete, and lines that do not', () => {
  const deletes: Readonly<Record<string, string | undefined>> = {
    'rsync -a --delete /a/ /b/': 'rsync --delete',
    'nice -n 19 /usr/bin/rsync -a --delete-after /a/ /b/': 'rsync --delete',
    'rsync -a --del src/ host:/dst': 'rsync --delete',
    'rsync -a --remove-source-files /a/ /b/': 'rsync --delete',
    'cd /srv && rsync -a --delete a/ b/': 'rsync --delete',
    'rclone sync /a remote:b': 'rclone sync',
    'rclone purge remote:b': 'rclone sync',
    'find /srv/logs -mtime +30 -delete': 'find -delete',
    'find /srv -name x -exec rm {} +': 'find -delete',
    'rm -rf /srv/old': 'rm -r',
    'lftp -e "mirror -R --delete /a /b" host': 'lftp mirror --delete',
    'rsync -a /a/ /b/': undefined,
    'rsync -an --delete /a/ /b/': undefined,
    'rsync -a --delete --dry-run /a/ /b/': undefined,
    'rsync --server -e.LsfxCIvu --delete . /srv': undefined,
    'rclone copy /a remote:b': undefined,
    'find /tmp/x -delete': undefined,
    'rm -rf "$scratch"': undefined,
    'rm -rf /tmp/build': undefined,
    'rm /srv/one': undefined,
    'echo rsync --delete': undefined,
  };
  for (const [line, kind] of Object.entries(deletes)) {
    assert.equal(deletesInLine(line, new Map())[0]?.kind, kind, line);
  }
});

test('a line through the guard is told, and a line is made one', () => {
  const guarded = 'holdfast guard run -- rsync -a --delete /a/ /b/';
  assert.deepEqual(deletesInLine(guarded, new Map()), [
    { kind: 'rsync --delete', program: 'rsync', target: '/b/', isGuarded: true },
  ]);
  const observed = 'holdfast guard run -v --observe -- rsync -a --delete /a/ /b/';
  assert.deepEqual(deletesInLine(observed, new Map()), [
    {
      ...{ kind: 'rsync --delete', program: 'rsync', target: '/b/' },
      ...{ isGuarded: false, isObserved: true },
    },
  ]);
  const of = { program: 'rsync', holdfast: HOLDFAST };
  assert.equal(guardedLine(observed, of), guarded.replace('run', 'run -v'));
  const lines: Readonly<Record<string, string>> = {
    'rsync -a --delete /a/ /b/': `${HOLDFAST} guard run -- rsync -a --delete /a/ /b/`,
    'cd /x && /usr/bin/rsync --delete a b >/dev/null': `cd /x && ${HOLDFAST} guard run -- /usr/bin/rsync --delete a b >/dev/null`,
    'rsync --delete a b; rsync --delete c d': `${HOLDFAST} guard run -- rsync --delete a b; ${HOLDFAST} guard run -- rsync --delete c d`,
  };
  for (const [line, expected] of Object.entries(lines))
    assert.equal(guardedLine(line, of), expected);
  // What the text does not show is not promised.
  assert.equal(guardedLine('"$RSYNC" --delete a b', of), undefined);
  assert.deepEqual(absoluteCalls('/usr/bin/rsync -a\nrsync b\n/opt/rsync c', 'rsync'), [
    '/usr/bin/rsync',
    '/opt/rsync',
  ]);
});

test('cron, timers, and scripts that are typed by hand', async () => {
  const ways = await waysOf({
    'etc/crontab': '5 4 * * * root rsync -a --delete /a/ /b/\n',
    'etc/cron.d/clean': '@daily root /usr/local/sbin/clean\n',
    'etc/cron.d/guarded': '5 * * * * root holdfast guard run -- rsync -a --delete /a/ /c/\n',
    'usr/local/sbin/clean': '#!/bin/sh\nDIR=/srv/old\nfind $DIR -mtime +9 -delete\n',
    'usr/local/bin/scap-master-sync':
      '#!/bin/bash\n# rsync --delete /x /y\n/usr/bin/rsync -a --delete "$1::common" /srv/staging\n',
    'usr/local/bin/harmless': '#!/bin/sh\nrsync -a /a /b\n',
    'etc/systemd/system/mirror.timer': '[Timer]\nOnCalendar=daily\n',
    'etc/systemd/system/mirror.service': '[Service]\nExecStart=/usr/bin/rclone sync /a b:c\n',
  });
  assert.deepEqual(
    new Set(said(ways)),
    new Set([
      'open rsync --delete /etc/crontab',
      'open find -delete /usr/local/sbin/clean',
      'closed rsync --delete /etc/cron.d/guarded',
      'open rsync --delete /usr/local/bin/scap-master-sync',
      'open rclone sync mirror.timer',
    ]),
  );
  const script = ways.find(({ where }) => where.endsWith('scap-master-sync'));
  assert.equal(script?.target, '/srv/staging');
});

test('what a package brought and nobody changed is left out; changed it is not', async () => {
  const script = '#!/bin/sh\nfind /var/old -delete\n';
  const md5 = createHash('md5').update(script).digest('hex');
  const status = `Package: x\nConffiles:\n /etc/cron.daily/x ${md5}\n`;
  const files = { 'var/lib/dpkg/status': status, 'etc/cron.daily/x': script };
  assert.deepEqual(await waysOf(files), []);
  const changed = await waysOf({ ...files, 'etc/cron.daily/x': `${script}rm -rf /srv/a\n` });
  assert.equal(changed.length, 2);
});

test('modules of rsyncd: only what really refuses counts as closed', async () => {
  const module = (options: string): string => `[m]\npath = /srv/m\n${options}\n`;
  const cases: Readonly<Record<string, string>> = {
    '': 'closed',
    'read only = no': 'open',
    'Read Only = false\nrefuse options = delete remove-* force': 'closed',
    'read only = no\nrefuse options = delete': 'open',
    'read only = no\nrefuse options = delete* remove-* force': 'open',
    'read only = no\nrefuse options = delete, remove-*, force': 'open',
    'read only = no\nrefuse options = delete delete-* remove-* force': 'open',
    'read only = no\nrefuse options = delete remove-* force !delete': 'open',
    'read only = no\nrefuse options = delete remove-source-files remove-sent-files force': 'closed',
  };
  for (const [options, state] of Object.entries(cases)) {
    const [way] = await waysOf({ 'etc/rsyncd.conf': module(options) });
    assert.equal(way?.state, state, options);
  }
  const global = await waysOf({
    'etc/rsyncd.conf': `read only = no\n&include /etc/rsyncd.d\n`,
    'etc/rsyncd.d/a.conf': '[a]\npath = /a\n',
  });
  assert.deepEqual(said(global), ['open rsync daemon /etc/rsyncd.conf'], 'inherited, included');
});

test('keys: a forced command that cannot delete is closed, a shell is unknown', async () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA';
  const cases: Readonly<Record<string, string | undefined>> = {
    [`command="rrsync -ro /srv" ${key} a`]: 'closed',
    [`command="rrsync /srv" ${key} a`]: 'open',
    [`command="rrsync -no-del /srv" ${key} a`]: 'open',
    [`command="rsync --server -logDtpre.iLsfx --delete . /srv" ${key} a`]: 'open',
    [`command="rsync --server --sender -logDtpr . /srv" ${key} a`]: 'closed',
    [`command="/usr/bin/true" ${key} a`]: undefined,
    [`${key} ann@laptop`]: 'unknown',
  };
  for (const [line, state] of Object.entries(cases)) {
    const ways = await waysOf({ 'root/.ssh/authorized_keys': `# keys\n${line}\n` });
    assert.equal(ways[0]?.state, state, line);
  }
});

test('what the kit prints for a way closes it: the host is read again', async () => {
  const options = { holdfast: HOLDFAST, group: 'deployers', hasSudo: true, programs: {} };
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA';
  const open = await waysOf({
    'etc/cron.d/mirror': '5 4 * * * root rsync -a --delete /a/ /b/\n',
    'etc/rsyncd.conf': '[m]\npath = /m\nread only = no\nrefuse options = delete* compress\n',
    'root/.ssh/authorized_keys': `command="rrsync /srv" ${key} a\n`,
  });
  assert.deepEqual(new Set(open.map(({ state }) => state)), new Set(['open']));
  const pieces = kitFor(open, options);
  const text = (kind: string): string => pieces.find((piece) => piece.kind === kind)?.text ?? '';
  assert.match(text('rsyncd'), /refuse options = delete remove-\* force compress\n/);
  const closed = await waysOf({
    'etc/cron.d/mirror': `5 4 * * * root ${text('line')}`,
    'etc/rsyncd.conf': `read only = no\n${text('rsyncd')}`,
    'root/.ssh/authorized_keys': text('authorized-keys'),
  });
  assert.equal(closed.length, 3);
  assert.deepEqual(new Set(closed.map(({ state }) => state)), new Set(['closed']));
});

test('a wrapped script is closed, and open again where it calls around the shim', async () => {
  const wrapper = `#!/bin/sh\nPATH=${SHIMS}:$PATH; export PATH\nexec /usr/local/lib/holdfast/behind/usr/local/bin/sync-it "$@"\n`;
  const shim = `#!/bin/sh\nexec ${HOLDFAST} guard run -- /usr/bin/rsync "$@"\n`;
  const files = (original: string): Record<string, string> => ({
    'usr/local/bin/sync-it': wrapper,
    [`${SHIMS.slice(1)}/rsync`]: shim,
    'usr/local/lib/holdfast/behind/usr/local/bin/sync-it': original,
  });
  const closed = await waysOf(files('#!/bin/sh\nrsync -a --delete /a/ /b/\n'));
  assert.deepEqual(said(closed), ['closed rsync --delete /usr/local/bin/sync-it']);
  const open = await waysOf(files('#!/bin/sh\n/usr/bin/rsync -a --delete /a/ /b/\n'));
  assert.deepEqual(said(open), ['open rsync --delete /usr/local/bin/sync-it']);
});
