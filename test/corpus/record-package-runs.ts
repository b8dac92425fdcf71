/** A machine that is looked after by packages: what lies in its /var and /etc, run after run. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Day, type DayFile, type Half, writeHistory } from './days.ts';
import { filesBelow } from './record-tools.ts';

const HOUR_MS = 3_600_000;
/** Half past three in the morning, when cron has run. */
const FIRST_DAY = Date.UTC(2026, 0, 5, 3, 30);

interface Machine {
  readonly everyMs: number;
  /** What is recorded: a directory below its root, by the name of the history. */
  readonly recorded: Readonly<Record<string, { readonly dir: string; readonly half: Half }>>;
  /** What is done to it; between them nothing but what cron does every night. */
  readonly runs: readonly string[];
}

const MACHINES: Readonly<Record<'bookworm' | 'trixie', Machine>> = {
  bookworm: {
    everyMs: 24 * HOUR_MS,
    recorded: {
      'package-runs-var': { dir: 'var', half: 'report' },
      'package-runs-etc': { dir: 'etc', half: 'tune' },
    },
    runs: [
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
    ],
  },
  // Hourly, and most of it on two afternoons: several of them fall into the same 24 hours.
  trixie: {
    everyMs: HOUR_MS,
    recorded: {
      'hourly-packages-var': { dir: 'var', half: 'fresh-report' },
      'hourly-packages-doc': { dir: 'usr/share/doc', half: 'fresh-tune' },
    },
    runs: [
      'apt-get update',
      ...installs('logrotate rsyslog cron', 'man-db', 'haproxy', 'rsync borgbackup', 'curl jq'),
      ...nights(8),
      ...installs('dovecot-imapd', 'bind9', 'memcached'),
      'apt-get clean',
      ...nights(10),
      'apt-get update && apt-get -y dist-upgrade',
      'apt-get -y purge borgbackup',
      'apt-get -y autoremove --purge',
      ...installs('varnish', 'git'),
      ...nights(8),
      'apt-get -y purge varnish && apt-get -y autoremove --purge && apt-get clean',
      ...nights(6),
    ],
  },
};

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

export function recordPackageRuns(suite: keyof typeof MACHINES): void {
  const { recorded, runs, everyMs } = MACHINES[suite];
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-record-'));
  try {
    const root = path.join(dir, 'root');
    prepareRoot(root, suite);
    const days = new Map<string, Day[]>(Object.keys(recorded).map((name) => [name, []]));
    for (const [index, command] of runs.entries()) {
      const begun = Date.now();
      runInside(root, command);
      const at = FIRST_DAY + index * everyMs;
      const label = `${index} ${command === 'true' ? 'night' : command}`;
      for (const [name, { dir: below }] of Object.entries(recorded)) {
        const known = days.get(name)?.at(-1)?.files;
        const found = filesBelow(path.join(root, below), (stat) => stat.mtimeMs);
        const files = [...found].map(([file, is]) => {
          return [file, dated(is, known?.get(file), { begun, at })] as const;
        });
        days.get(name)?.push({ label, at, files: new Map(files) });
      }
    }
    for (const [name, { half }] of Object.entries(recorded)) {
      writeHistory({ name, half, days: days.get(name) ?? [] });
    }
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** What this run wrote is dated on its hour of the calendar; what is older keeps its distance. */
function dated(
  is: DayFile,
  was: DayFile | undefined,
  { begun, at }: { readonly begun: number; readonly at: number },
): DayFile {
  if ((is.mtime ?? 0) >= begun) return { ...is, mtime: at };
  return { ...is, mtime: was?.mtime ?? Math.min(is.mtime ?? 0, FIRST_DAY - 24 * HOUR_MS) };
}

function prepareRoot(root: string, suite: string): void {
  execFileSync('debootstrap', ['--variant=minbase', suite, root], { stdio: 'ignore' });
  fs.writeFileSync(path.join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', {
    mode: 0o755,
  });
  fs.appendFileSync(
    path.join(root, 'etc/apt/sources.list'),
    `deb http://deb.debian.org/debian-security ${suite}-security main\n`,
  );
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
