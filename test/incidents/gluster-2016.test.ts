// Goal: what happened to download.gluster.org on 27 April 2016 is noticed and told within a minute, not by a
// person on IRC after three hours: its block device died at 05:39, XFS said so to nobody, and every URL was a
// 403. Method: a host with nginx on XFS on a device that starts to fail; its agent, a server and a real exim on
// hosts of their own; what a person is told is read from the mailbox.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { Estate, until, type Watched } from '../estate/estate.ts';
import { addMailHost, canStartMail, type Mail, type MailHost } from '../estate/mail-host.ts';
import { canStartHosts } from '../estate/net-host.ts';
import { type BadDisk, badDisk } from '../probes/bad-disk.ts';
import { folder } from '../probes/probe-bench.ts';
import { needs } from '../run/needs.ts';

const HTTP = 'http:download';
const KERNEL = 'kernel:log';
/** docs/operating/probes.md, and agent.yaml below; each is a tenth later at most, and may take this long. */
const INTERVAL_MS = { [HTTP]: 5_000, [KERNEL]: 15_000 };
const SLACK_MS = 15_000;
/** docs/operating/alerts.md: a thing on a host waits so long to see whether its host has failed too. */
const GROUP_MS = 30_000;
const SERVED = 'gluster-3.7.11-1.el7.x86_64.rpm';

interface Replay {
  readonly estate: Estate;
  readonly mail: MailHost;
  readonly download: Watched;
  readonly disk: BadDisk;
}

async function replay(t: TestContext): Promise<Replay> {
  const disk = await badDisk(t, folder(t));
  execFileSync('mkfs.xfs', ['-q', disk.device], { stdio: 'pipe' });
  // The address of the mail server is known before it is there: it is plugged in next.
  const told = `server: "10.99.0.2:25", tls: none, sender: holdfast@example.test, to: misc@example.test`;
  const estate = await Estate.start(t, {
    config: `tell: {channels: {misc: {kind: smtp, test: never, ${told}}}}\n`,
  });
  const mail = await addMailHost(estate);
  assert.equal(mail.server, '10.99.0.2:25');
  const device = disk.device.replace('/dev/', '');
  const download = await estate.addWatched('download', {
    story: `mount ${disk.device} /srv`,
    isAbout: (text) => new RegExp(`\\b${device}\\b`).test(text),
    agent: `probes:
  download: {kind: http, url: 'http://127.0.0.1:80/pub/', text: ${SERVED}, every: 5s, limit: 4s}
`,
  });
  serveFrom(download);
  download.startAgent();
  return { estate, mail, download, disk };
}

/** nginx, and what a download server does all day: it gets new files. */
function serveFrom({ net }: Watched): void {
  const page = `<a href="${SERVED}">${SERVED}</a>`;
  net.must('sh', '-ec', `mkdir /srv/pub && echo '${page}' > /srv/pub/index.html && sync -f /srv`);
  const config = `${net.dir}/nginx.conf`;
  fs.writeFileSync(
    config,
    `user nobody nogroup; daemon off; pid /run/nginx.pid; error_log /run/nginx.log;
events {}
http { access_log off; server { listen 80; root /srv; } }
`,
  );
  net.start(['nginx', '-c', config], { log: 'nginx' });
  const upload = 'while :; do date > /srv/pub/upload && sync /srv/pub/upload; sleep 1; done';
  net.start(['sh', '-c', upload], { log: 'upload' });
}

const isMark = async ({ estate }: Replay, item: string, mark: string): Promise<boolean> =>
  (await estate.api.item('download', item))?.mark === mark;

test('noticed in the log and in the content, told by mail, ended only by health', async (t) => {
  const has = canStartHosts(t) && canStartMail(t);
  if (!has || !needs(t, 'loop', 'fuse', 'nbdkit', 'libnbd-bin', 'xfsprogs', 'xfs', 'nginx')) return;
  const all = await replay(t);
  const { mail, download, disk, estate } = all;
  await until('the host is well', async () => {
    const items = await estate.api.itemsOf('download');
    const well = [HTTP, KERNEL, 'mount:/srv'].map((name) =>
      items.find(({ item }) => item === name),
    );
    if (well.every((item) => item?.mark === 'ok')) return true;
    throw new Error(JSON.stringify(well));
  });
  assert.deepEqual(mail.mails(), [], 'nothing is said of a host that is well');

  // 05:39.
  disk.fail();
  const begin = performance.now();
  await Promise.all(
    ([HTTP, KERNEL] as const).map(async (item) => {
      const tookMs = await until(`${item} has failed`, () => isMark(all, item, 'failed'));
      t.diagnostic(`${item}: failed after ${tookMs} ms, looked at every ${INTERVAL_MS[item]} ms`);
      assert.ok(tookMs < INTERVAL_MS[item] * 1.1 + SLACK_MS, `${item} after ${tookMs} ms`);
    }),
  );
  const kernel = await estate.api.item('download', KERNEL);
  t.diagnostic(kernel?.why ?? '');
  assert.match(kernel?.why ?? '', new RegExp(`${disk.device.replace('/dev/', '')}`));
  t.diagnostic((await estate.api.item('download', HTTP))?.why ?? '');

  const aboutHttp = ({ subject }: Mail): boolean => /failed/.test(subject) && /http/.test(subject);
  const aboutKernel = ({ subject }: Mail): boolean => /failed.*kernel/.test(subject);
  await until('it is in the mailbox', () => {
    const mails = mail.mails();
    return mails.some(aboutHttp) && mails.some(aboutKernel);
  });
  const toldMs = Math.round(performance.now() - begin);
  t.diagnostic(`in the mailbox after ${toldMs} ms: ${subjectsOf(mail).join('; ')}`);
  assert.ok(toldMs < INTERVAL_MS[KERNEL] * 1.1 + GROUP_MS + 2 * SLACK_MS, `after ${toldMs} ms`);
  for (const each of mail.mails().filter((one) => aboutHttp(one) || aboutKernel(one))) {
    assert.match(each.subject, /download/);
    assert.match(each.to, /misc@example\.test/);
    t.diagnostic(each.text);
  }

  // Silence is no health: the agent ends, and what has failed is unknown.
  await download.agent().kill();
  await until('nothing is known', () => isMark(all, HTTP, 'unknown'));
  assert.deepEqual(subjectsOf(mail).filter(isResolved), [], 'silence resolved it');

  // 08:56: repaired. 09:00: it serves.
  disk.mend();
  download.net.must('sh', '-c', 'umount -l /srv');
  await until(
    'it is mounted again',
    () => download.net.run(['mount', disk.device, '/srv']).status === 0,
  );
  assert.deepEqual(subjectsOf(mail).filter(isResolved), [], 'nobody has looked yet');
  download.startAgent();
  await until('that it serves is told', () =>
    mail.mails().some((one) => isResolved(one.subject) && /http/.test(one.subject)),
  );
  assert.equal(await isMark(all, HTTP, 'ok'), true);
  t.diagnostic(subjectsOf(mail).join('; '));
  t.diagnostic(mail.mails().at(-1)?.text ?? '');
});

const subjectsOf = (mail: MailHost): readonly string[] =>
  mail.mails().map(({ subject }) => subject);
const isResolved = (subject: string): boolean => /\bok\b/.test(subject);
