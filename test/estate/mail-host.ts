/**
 * A mail server of Debian on a host of its own: exim as it comes from the mirror, laid over the programs of
 * that host alone. Nothing is installed on this machine, and nothing leaves the switch.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { needs } from '../run/needs.ts';
import { type Estate, until } from './estate.ts';
import type { NetHost } from './net-host.ts';

const PORT = 25;

const CONFIG = `
primary_hostname = mail.example.test
spool_directory = /run/exim
log_file_path = /run/exim/%slog
exim_user = mail
exim_group = mail
keep_environment =
tls_advertise_hosts =
local_interfaces = 0.0.0.0
daemon_smtp_ports = ${PORT}
acl_smtp_rcpt = all
acl_smtp_data = all
host_lookup =
rfc1413_query_timeout = 0s
begin acl
all:
  accept
begin routers
box:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = /run/box
  maildir_format
  user = mail
  group = mail
  envelope_to_add
`;

/** Whether it can be had here; else says why on `t`. */
export function canStartMail(t: { skip(message?: string): void }): boolean {
  return needs(t, 'root', 'mount', 'overlay', 'debian-mirror');
}

export interface Mail {
  readonly subject: string;
  readonly to: string;
  readonly text: string;
}

export interface MailHost {
  readonly host: NetHost;
  /** `ADDRESS:PORT` for `tell:`. */
  readonly server: string;
  /** All that it has taken and delivered, oldest first. */
  readonly mails: () => readonly Mail[];
  readonly log: () => string;
}

export async function addMailHost(estate: Estate): Promise<MailHost> {
  const root = fetched(estate.at('exim'));
  const host = await estate.addHost('mail', storyOf(root, estate.at('exim')));
  const inside = `/proc/${host.init}/root/run`;
  const log = (): string => fs.readFileSync(`${inside}/exim/mainlog`, 'utf8');
  const daemon = host.start(['/usr/sbin/exim4', '-C', '/run/exim.conf', '-bdf'], { log: 'exim' });
  await until('exim listens', () => {
    if (daemon.isOver) throw new Error(daemon.said);
    return log().includes('listening for SMTP');
  });
  const box = `${inside}/box/new`;
  return {
    host,
    log,
    server: `${host.address}:${PORT}`,
    mails: () => {
      if (!fs.existsSync(box)) return [];
      // Maildir names begin with the time.
      return fs
        .readdirSync(box)
        .sort()
        .map((name) => mailOf(fs.readFileSync(path.join(box, name), 'utf8')));
    },
  };
}

/** What is to be installed for it, unpacked; what this machine has is not among it. */
function fetched(dir: string): string {
  const [cache, root] = [path.join(dir, 'cache'), path.join(dir, 'root')];
  fs.mkdirSync(path.join(cache, 'partial'), { recursive: true });
  const where = ['-o', `Dir::Cache::archives=${cache}`, '-o', 'APT::Sandbox::User=root'];
  const what = ['--yes', '--quiet=2', '--download-only', '--no-install-recommends'];
  execFileSync('apt-get', ['install', ...where, ...what, 'exim4-daemon-light'], { stdio: 'pipe' });
  const packages = fs.readdirSync(cache).filter((name) => name.endsWith('.deb'));
  for (const name of packages) execFileSync('dpkg', ['-x', path.join(cache, name), root]);
  // Debian's /lib is in /usr; not every package says so.
  const lib = path.join(root, 'lib');
  if (fs.existsSync(lib)) execFileSync('cp', ['-a', lib, path.join(root, 'usr')]);
  return root;
}

function storyOf(root: string, dir: string): string {
  const account = 'Debian-exim:x:8:8::/run/exim:/usr/sbin/nologin';
  fs.writeFileSync(path.join(dir, 'exim.conf'), CONFIG);
  return `
mount -t overlay -o lowerdir=${root}/usr:/usr none /usr
(cat /etc/passwd; echo ${account}) > /run/passwd
(cat /etc/group; echo Debian-exim:x:8:) > /run/group
mount --bind /run/passwd /etc/passwd
mount --bind /run/group /etc/group
cp ${dir}/exim.conf /run/exim.conf
mkdir /run/exim /run/box
chown mail:mail /run/exim /run/box`;
}

function mailOf(text: string): Mail {
  const [head = '', ...body] = text.split('\n\n');
  const unfolded = head.replaceAll(/\n[ \t]+/g, ' ');
  const header = (name: string): string =>
    new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1] ?? '';
  return {
    subject: header('Subject'),
    to: header('Envelope-to'),
    text: decoded(body.join('\n\n'), header('Content-Transfer-Encoding')),
  };
}

function decoded(text: string, by: string): string {
  if (by === 'base64') return Buffer.from(text, 'base64').toString('utf8');
  if (by !== 'quoted-printable') return text;
  const bytes = text
    .replaceAll(/=\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
