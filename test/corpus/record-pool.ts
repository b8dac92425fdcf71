/**
 * A mirror of a part of Debian's archive, four times a day: which versions came when is what their
 * changelogs say; that the former goes a day and a half later, and indexes are kept by hash, is how
 * the archive does it.
 */
import { Seeded } from '../../sim/seeded.ts';
import { type Day, type DayFile, type Half, writeHistory } from './days.ts';
import { DebianSources } from './debian-sources.ts';
import { inScratch, sorted } from './record-tools.ts';

/** By turns to the one half and the other. */
const PACKAGES = [
  ...['ansible', 'apache2', 'attr', 'bash', 'bind9', 'borgbackup', 'btrfs-progs', 'chrony', 'curl'],
  ...[
    'dovecot',
    'dpkg',
    'exim4',
    'git',
    'gnupg2',
    'haproxy',
    'htop',
    'iproute2',
    'knot',
    'libvirt',
  ],
  ...['lxc', 'mariadb', 'nftables', 'nginx', 'openssh', 'openssl', 'postfix', 'rclone', 'redis'],
  ...['restic', 'rsync', 'rsyslog', 'samba', 'sqlite3', 'squid', 'sudo', 'tmux', 'tzdata', 'vim'],
  ...['xen', 'zstd'],
];
const [FROM, TO] = [Date.UTC(2023, 0, 1), Date.UTC(2025, 0, 1)];
const HOUR_MS = 3_600_000;
const RUN_MS = 6 * HOUR_MS;
/** As long as the archive keeps what was replaced. */
const STAYS_MS = 36 * HOUR_MS;
const BY_HASH_KEPT = 10;

interface Upload {
  readonly at: number;
  readonly until: number;
  readonly files: readonly string[];
}

export function recordPools(): void {
  inScratch((dir) => {
    const sources = new DebianSources(dir);
    for (const [turn, half] of (['fresh-tune', 'fresh-report'] satisfies Half[]).entries()) {
      const names = PACKAGES.filter((_, index) => index % 2 === turn);
      const uploads = names.flatMap((name) => uploadsOf(sources, name));
      const days = daysOf(uploads, new Seeded(20261120 + turn));
      writeHistory({ name: `debian-pool-${half.slice('fresh-'.length)}`, half, days });
    }
  });
}

const ENTRY = /^\S+ \(([^)]+)\) ([^;]+);[\s\S]*?^ -- .*> {2}(.*)$/gm;

function uploadsOf(sources: DebianSources, name: string): readonly Upload[] {
  const binaries = sources.binariesOf(name);
  const changelog = sources.changelogOf(name);
  if (changelog === '') process.stdout.write(`  ${name} is left out: no changelog to be had\n`);
  const entries = [...changelog.matchAll(ENTRY)]
    .map(([, version = '', suite = '', date = '']) => ({ version, suite, at: Date.parse(date) }))
    .filter(({ suite, at }) => suite === 'unstable' && at < TO)
    .toSorted((a, b) => a.at - b.at);
  return entries
    .map(({ version, at }, index): Upload => {
      const next = entries[index + 1]?.at ?? TO;
      return { at, until: next + STAYS_MS, files: filesOf(name, version, binaries) };
    })
    .filter(({ until }) => until > FROM);
}

function filesOf(name: string, version: string, binaries: readonly string[]): readonly string[] {
  const dir = `pool/main/${name.startsWith('lib') ? name.slice(0, 4) : name.slice(0, 1)}/${name}`;
  const file = version.replace(/^\d+:/, '');
  const upstream = file.replace(/-[^-]*$/, '');
  const source = [`${name}_${file}.dsc`, `${name}_${upstream}.orig.tar.xz`];
  const built = binaries.map((binary) => `${binary}_${file}_amd64.deb`);
  return [...source, `${name}_${file}.debian.tar.xz`, ...built].map((each) => `${dir}/${each}`);
}

const INDEXES = ['binary-amd64/Packages.xz', 'binary-amd64/Packages.gz', 'source/Sources.xz'];
const DISTS = 'dists/sid/main';

function daysOf(uploads: readonly Upload[], seeded: Seeded): readonly Day[] {
  const days: Day[] = [];
  let generation = 0;
  let known = '';
  for (let at = FROM; at < TO; at += RUN_MS) {
    const there = uploads.filter((upload) => upload.at <= at && at < upload.until);
    const pool = new Set(there.flatMap(({ files }) => files));
    const list = [...pool].join('\n');
    if (list !== known) generation += 1;
    known = list;
    const files = sorted([...poolFiles(pool), ...indexFiles(generation)]);
    const open = openOf([...pool], seeded);
    days.push({ label: new Date(at).toISOString().slice(0, 13), at, files, open });
  }
  return days;
}

function poolFiles(pool: ReadonlySet<string>): readonly (readonly [string, DayFile])[] {
  return [...pool].map((name) => [name, { size: 1 << 18, digest: name }]);
}

function indexFiles(generation: number): readonly (readonly [string, DayFile])[] {
  return INDEXES.flatMap((index): (readonly [string, DayFile])[] => {
    const [dir = '', name = ''] = index.split('/');
    const hashed = Array.from({ length: Math.min(BY_HASH_KEPT, generation) }, (_, older) => {
      const of = `${name} ${generation - older}`;
      const path = `${DISTS}/${dir}/by-hash/SHA256/${of.replace(' ', '-')}`;
      return [path, { size: 1 << 20, digest: of }] as const;
    });
    return [[`${DISTS}/${index}`, { size: 1 << 20, digest: `${name} ${generation}` }], ...hashed];
  });
}

/** Some are being fetched from the mirror while it is renewed: packages now and then, indexes more often. */
function openOf(pool: readonly string[], seeded: Seeded): ReadonlySet<string> {
  const open = new Set<string>();
  if (seeded.isTrue(0.3)) {
    for (let count = 1 + seeded.below(3); count > 0; count--) {
      open.add(pool[seeded.below(pool.length)] ?? '');
    }
  }
  if (seeded.isTrue(0.05)) open.add(`${DISTS}/${INDEXES[0]}`);
  return open;
}
