/** A machine that is looked after by packages: what lies in its /var and /etc, run after run. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Day, type DayFile, writeHistory } from './days.ts';

type ListFiles = (
  root: string,
  mtimeOf: (stat: fs.Stats) => number | undefined,
) => ReadonlyMap<string, DayFile>;

const DAY_MS = 86_400_000;
/** Half past three in the morning, when cron has run. */
const FIRST_DAY = Date.UTC(2026, 0, 5, 3, 30);

/** What is done to it, one a day; between them nothing but what cron does every night. */
const RUNS: readonly string[] = [
  'apt-get update',
  ...installs('logrotate rsyslog cron', 'openssh-server', 'nginx', 'git', 'python3'),
  'apt-get clean',
  ...nights(4),
  'apt-get update && apt-get -y upgrade',
  ...installs('postgresql-15', 'php-cli php-fpm', 'man-db', 'bind9-dnsutils tcpdump'),
  ...nights(6),
  'apt-get clean',
  ...installs('mariadb-server', 'redis-server', 'certbot', 'fail2ban'),
  ...nights(7),
  'apt-get -y remove tcpdump',
  'apt-get -y purge php-cli php-fpm',
  'apt-get -y autoremove',
  ...nights(5),
  ...installs('apache2', 'exim4', 'munin-node'),
  'apt-get -y purge apache2 && apt-get -y autoremove --purge',
  ...nights(6),
  'apt-get update && apt-get -y dist-upgrade && apt-get clean',
  ...installs('vim tmux htop', 'rsync restic', 'build-essential'),
  ...nights(6),
  'apt-get -y remove build-essential && apt-get -y autoremove',
  'apt-get -y purge redis-server fail2ban',
  ...nights(4),
];

/** As cron.daily does: logs turn, and dpkg keeps what it knew. */
const NIGHT = `
for f in /var/log/*.log /var/log/nginx/*.log /var/log/apt/*.log; do
  if [ -f "$f" ]; then date >> "$f"; fi
done
if [ -x /usr/sbin/logrotate ]; then
  sed 's/^\\( *\\)\\(weekly\\|monthly\\)/\\1daily/' /etc/logrotate.conf > /tmp/rotate.conf
  logrotate --force /tmp/rotate.conf || true
fi
if [ -x /usr/libexec/dpkg/dpkg-db-backup ]; then /usr/libexec/dpkg/dpkg-db-backup || true; fi
if [ -x /usr/bin/mandb ]; then mandb --quiet || true; fi
`;

export function recordPackageRuns(list: ListFiles): void {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-record-'));
  try {
    const root = path.join(dir, 'root');
    execFileSync('debootstrap', ['--variant=minbase', 'bookworm', root], { stdio: 'ignore' });
    fs.writeFileSync(path.join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', {
      mode: 0o755,
    });
    fs.appendFileSync(
      path.join(root, 'etc/apt/sources.list'),
      'deb http://deb.debian.org/debian-security bookworm-security main\n',
    );
    const days = { var: [] as Day[], etc: [] as Day[] };
    RUNS.forEach((command, index) => {
      const begun = Date.now();
      runInside(root, command);
      const at = FIRST_DAY + index * DAY_MS;
      // What this run wrote is dated on its day of the calendar; what is older keeps its distance.
      const label = command === 'true' ? 'night' : command;
      for (const name of ['var', 'etc'] as const) {
        const known = days[name].at(-1)?.files;
        const found = list(path.join(root, name), (stat) => stat.mtimeMs);
        const files = new Map([...found].map(([file, is]) => [file, dated(is, known?.get(file))]));
        days[name].push({ label, at, files });
      }
      function dated(is: DayFile, was: DayFile | undefined): DayFile {
        if ((is.mtime ?? 0) >= begun) return { ...is, mtime: at };
        return { ...is, mtime: was?.mtime ?? Math.min(is.mtime ?? 0, FIRST_DAY - DAY_MS) };
      }
    });
    writeHistory({ name: 'package-runs-var', half: 'report', days: days.var });
    writeHistory({ name: 'package-runs-etc', half: 'tune', days: days.etc });
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** In namespaces of its own, which end with it and take their mounts along. */
function runInside(root: string, command: string): void {
  const script = `
mount -t proc proc ${root}/proc
cp /etc/resolv.conf /etc/hosts ${root}/etc/
chroot ${root} /bin/sh -euc '${`${command}\n${NIGHT}`.replaceAll("'", "'\\''")}'
`;
  execFileSync('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', script], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LANG: 'C' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
}

function installs(...packages: readonly string[]): readonly string[] {
  return packages.map((names) => `apt-get -y install --no-install-recommends ${names}`);
}

function nights(count: number): readonly string[] {
  return Array.from({ length: count }, () => 'true');
}
