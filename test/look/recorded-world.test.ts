// Goal: what discovery finds here it finds in the records of another machine: data, disks, backups,
// what could not be seen; and nothing that a host sends makes it throw, or take long.
// Method: records as the script sends them, then hostile ones. That a reading is not quadratic shows in
// that this file ends: each hostile stream would take many minutes else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { coverageOf } from '../../src/watch/core/coverage.ts';
import type { Discovery } from '../../src/watch/core/discovery.ts';
import { readSight } from '../../src/adapters/look/read-sight.ts';
import { chunksOf, FIRST, LAST, LOOKED_AT, recordLine, sightOfLines } from './records.ts';

const GIB = 1024 ** 3;
const file = (path: string, text: string): string => recordLine('file', path, text, 0);
const list = (path: string, ...names: readonly string[]): string =>
  recordLine('list', path, names.map((name) => `${name}\0`).join(''));
const tree = (
  path: string,
  bytes: number,
  more: { unreadable?: number; cut?: string } = {},
): string =>
  recordLine('tree', path, bytes, 10, 2, 1_790_000_000, more.unreadable ?? 0, more.cut ?? '');
const mark = (path: string, type: string, bytes = 0, blocks = bytes / 512): string =>
  recordLine('mark', path, type, bytes, Math.ceil(blocks), 1_790_000_000);

const MACHINE = [
  file(
    '/proc/self/mountinfo',
    '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:41 / /nas rw - nfs4 st9:/export rw\n',
  ),
  file('/sys/block/sda/dev', '8:0\n'),
  file('/sys/block/sda/size', '2097152\n'),
  file('/sys/block/sda/sda1/dev', '8:1\n'),
  list('/sys/block/sda/slaves'),
  recordLine('statfs', '/', 1000, 400),
];

const rows = ({ data }: Discovery): readonly string[] =>
  data.map(({ kind, path, bytes, isComplete, isInUse, notes }) =>
    [kind, path, bytes, isComplete ? '' : 'at least', isInUse ? 'in use' : '', ...notes]
      .filter((each) => each !== '')
      .join(' '),
  );

test('trees and what marks in them tell: images, databases, repositories, history', async () => {
  const { discovery } = await sightOfLines([
    ...MACHINE,
    list('/home', 'dann'),
    list('/srv', 'dshop', 'dvm', 'dborg', 'dempty'),
    list('/srv/empty'),
    tree('/home/ann', 5000),
    tree('/srv/shop', 7000, { cut: 'stopped at its time limit' }),
    mark('/srv/shop/.git', 'd'),
    mark('/srv/shop/code/.git', 'f', 40),
    mark('/srv/shop/night.sql', 'f', 400),
    file('/srv/shop/night.sql', '-- PostgreSQL database dump\n'),
    tree('/srv/vm', 3 * GIB + 100),
    mark('/srv/vm/a.qcow2', 'f', 10 * GIB, GIB / 512),
    mark('/srv/vm/small.img', 'f', 1000),
    recordLine('process', 9, 0, 'qemu-system-x86_64\0-name\0a\0-drive\0file=/srv/vm/a.qcow2\0'),
    tree('/srv/borg', 9000),
    list('/srv/borg', 'fREADME', 'fconfig', 'ddata'),
    mark('/srv/borg', 'd'),
    file('/srv/borg/README', 'This is a Borg Backup repository.\n'),
    tree('/var/lib/postgresql', 0),
    tree('/var/lib/postgresql/15/main', 800),
    mark('/var/lib/postgresql/15/main/PG_VERSION', 'f', 3),
    mark('/var/lib/postgresql/15/main/base', 'd'),
    mark('/var/lib/postgresql/15/main/global', 'd'),
    mark('/var/lib/postgresql/15/main/postmaster.pid', 'f', 3),
  ]);
  assert.deepEqual([...rows(discovery)].sort(), [
    'home /home/ann 5000',
    `image /srv/vm/a.qcow2 ${GIB} in use`,
    'postgres /var/lib/postgresql/15/main 800 in use',
    'tree /srv/shop 7000 at least 2 git trees',
    `tree /srv/vm ${2 * GIB + 100}`,
  ]);
  assert.deepEqual(
    discovery.backups.map(
      ({ tool, repository, place }) => `${tool} ${repository} at ${place?.host}`,
    ),
    ['borg /srv/borg at st1.example', 'pg_dump /srv/shop at st1.example'],
  );
  assert.deepEqual(discovery.data[0]?.place.beneath, { disks: ['sda'], failuresSurvived: 0 });
  assert.deepEqual(
    discovery.notSeen.map(({ what }) => what),
    ['/nas'],
  );
});

test('not seen is not absent: refused, not come to, hidden, cut; with what would show it', async () => {
  const first = recordLine('look', 1, LOOKED_AT / 1000, 1000, 'ann');
  const sight = await sightOfLines(
    [
      ...MACHINE,
      list('/home', 'dann', 'dbob', 'dcarl'),
      recordLine('denied', '/home/bob'),
      recordLine('denied', '/var/spool/cron/crontabs'),
      tree('/home/ann', 10, { unreadable: 2 }),
      recordLine('process', 1, 0, 'init\0'),
      recordLine('process', 2, 1000, 'sh\0'),
      recordLine('notseen', 'LVM', 'needs root', 'sudo lvs', ''),
    ],
    first,
  );
  const { discovery } = sight;
  assert.deepEqual(
    discovery.notSeen.map(({ what, why, command }) => `${what}: ${why}: ${command}`),
    [
      'LVM: needs root: sudo lvs',
      '/nas: nfs4, not entered: undefined',
      'crontabs of others: not readable as ann: holdfast look root@st1.example',
      '2 places in /home/ann: not readable as ann: holdfast look root@st1.example',
      '/home/bob: not readable as ann: holdfast look root@st1.example',
      'open files of 1 process: not readable as ann: holdfast look root@st1.example',
      '/home/carl: the look did not come to it: undefined',
    ],
  );
  // Data that were refused are a row all the same: unknown, never "nothing there".
  assert.deepEqual(rows(discovery), ['home /home/ann 10 at least', 'home /home/bob 0 at least']);
  const states = coverageOf(discovery, []).rows.map(({ data, state }) => `${data.path} ${state}`);
  assert.equal(states.length, 2);
});

test('backups by job and process; a repository elsewhere is named as the job names it', async () => {
  const { discovery } = await sightOfLines([
    ...MACHINE,
    list('/etc/cron.d', 'fnight'),
    file('/etc/cron.d/night', '0 3 * * * root /usr/local/bin/night.sh\n'),
    file('/usr/local/bin/night.sh', '#!/bin/sh\nborg create ssh://st1/srv/borg::x /home\n'),
    recordLine('run', 'crontab -l', 0, '0 4 * * * rsync -a /srv/web st2:/srv/copy\n'),
    recordLine('process', 4, 0, 'restic\0-r\0sftp:st3:/r\0backup\0/home\0'),
    recordLine('run', 'lvs', 127, ''),
  ]);
  assert.deepEqual(
    discovery.backups.map(({ tool, repository, place, foundBy }) =>
      [tool, repository, place?.host, ...foundBy].join(' '),
    ),
    [
      'borg ssh://st1/srv/borg server st1 cron',
      'restic sftp:st3:/r server st3 process',
      'rsync st2:/srv/copy server st2 cron',
    ],
  );
});

test('a stream that ends early is partial, and one that goes on after its end is left', async () => {
  const options = { host: 'h', asRoot: '', askedAt: LOOKED_AT, answeredAt: LOOKED_AT };
  const early = await readSight(chunksOf(FIRST + tree('/srv/a', 1)), options);
  assert.equal(early.cut, 'it ended before its last record');
  assert.equal(early.discovery.data.length, 1);
  let isLeft = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunksOf(FIRST + LAST);
      for (;;) yield await Promise.resolve(Buffer.from('["denied","/x"]\n'));
    } finally {
      isLeft = true;
    }
  }
  assert.equal((await readSight(endless(), options)).cut, undefined);
  assert.ok(isLeft);
  const told = await readSight(chunksOf(FIRST + recordLine('end', 30, 'time is over')), options);
  assert.equal(told.cut, 'time is over');
});

test('a file in pieces is one; a table of mounts that was cut gives way to a whole one', async () => {
  const mounts = 'tmpfs /run tmpfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\n';
  const pieces = [
    recordLine('file', '/etc/os-release', 'ID=x\nPRETTY', 2),
    recordLine('file', '/etc/os-release', '_NAME="Some Linux 1"\n', 0),
  ];
  const cut = recordLine(
    'file',
    '/proc/self/mountinfo',
    '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:2 / /ho',
    1,
  );
  const whole = await sightOfLines([...pieces, cut, file('/proc/self/mounts', mounts)]);
  assert.equal(whole.machine.system, 'Some Linux 1');
  assert.deepEqual(
    whole.discovery.fileSystems.map(({ mountPoint }) => mountPoint),
    ['/run', '/'],
  );
  assert.ok(!whole.discovery.notSeen.some(({ what }) => what === 'further mounts'));
  const partial = await sightOfLines([cut]);
  assert.deepEqual(
    partial.mounts.map(({ mountPoint }) => mountPoint),
    ['/'],
  );
  assert.equal(partial.discovery.notSeen[0]?.what, 'further mounts');
});

test('two thousand mounts, each with a tree', async () => {
  const numbers = Array.from({ length: 2000 }, (_, at) => at);
  const sight = await sightOfLines([
    file(
      '/proc/self/mounts',
      numbers.map((at) => `/dev/mapper/vg-lv${at} /mnt/d${at} ext4 rw 0 0\n`).join(''),
    ),
    ...numbers.map((at) => file(`/sys/block/dm-${at}/dm/name`, `vg-lv${at}\n`)),
    ...numbers.map((at) => tree(`/mnt/d${at}`, at + 1)),
  ]);
  assert.equal(sight.discovery.data.length, 2000);
  assert.equal(sight.discovery.fileSystems.length, 2000);
});

const repeated = (count: number, line: (at: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, at) => line(at));

/** Each took minutes, or all memory, before what it attacks was bounded. */
const HOSTILE: Readonly<Record<string, () => readonly string[]>> = {
  'devices that stand on each other': () =>
    repeated(60, (at) =>
      [
        file(`/sys/block/n${at}/dev`, `1:${at}\n`),
        list(`/sys/block/n${at}/slaves`, ...repeated(60, (other) => `dn${other}`)),
      ].join(''),
    ).concat(file('/proc/self/mountinfo', '22 1 1:0 / / rw - ext4 /dev/n0 rw\n')),
  'logical volumes made of each other': () => [
    recordLine(
      'run',
      'lvs',
      0,
      `VG|LV|Attr|Type|LSize|Devices\n${repeated(60, (at) => `v|l${at}|-|x|1|${repeated(60, (other) => `l${other}(0)`).join(',')}\n`).join('')}`,
    ),
  ],
  'words that grow': () => [
    list('/etc/cron.d', 'fx'),
    file(
      '/etc/cron.d/x',
      `A=${'x'.repeat(60_000)}\n* * * * * root restic ${'$A'.repeat(50_000)}\n`,
    ),
  ],
  'scripts that are run again and again': () => [
    file('/s.sh', `#!/bin/sh\n${'rsync -a /x /y\n'.repeat(4000)}`),
    ...repeated(20, (at) =>
      file(`/etc/cron.d/c${at}`, '* * * * * root /s.sh /s.sh /s.sh /s.sh /s.sh\n'.repeat(5000)),
    ),
  ],
  'blank lines without end': () =>
    repeated(20, (at) => file(`/etc/bacula/f${at}`, '\n'.repeat(120_000))),
  'sections without end': () => [file('/etc/sanoid/sanoid.conf', '[\n'.repeat(80_000))],
  'definitions without end': () =>
    repeated(20, (at) =>
      file(`/etc/libvirt/qemu/g${at}.xml`, `<name>g</name>${'<disk '.repeat(40_000)}</disk>`),
    ),
  'slashes without end': () => {
    const path = `${'/'.repeat(240_000)}x`;
    return [
      ...repeated(20, (at) => recordLine('process', at + 10, 0, `rsync\0${path}\0/b\0`)),
      recordLine('process', 9, 0, `postgres\0-D\0${path}\0`),
      recordLine('process', 8, 0, `restic\0-r\0sftp:${path}\0backup\0/srv\0`),
      file('/etc/bacula/f', `File = ${path}\n`),
    ];
  },
  'much YAML': () =>
    repeated(500, (at) => file(`/etc/borgmatic.d/${at}.yaml`, 'a: b\n'.repeat(3200))),
  'dumps that unpack a thousandfold': () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000)).toString('latin1').slice(0, 900);
    return repeated(8000, (at) =>
      [mark(`/srv/d/${at}-backup.sql.gz`, 'f', 1), file(`/srv/d/${at}-backup.sql.gz`, bomb)].join(
        '',
      ),
    );
  },
  'brackets in brackets': () =>
    repeated(20, (at) => file(`/etc/borgmatic.d/${at}.yaml`, '['.repeat(200_000))),
  'names of prototypes': () => [
    file('/__proto__', 'x'),
    list('/home', 'd__proto__', 'dconstructor'),
    tree('/home/__proto__', 1),
    recordLine('run', '__proto__', 0, 'x'),
    recordLine('process', 1, 0, 'constructor\0hasOwnProperty\0'),
    file('/etc/cron.d/x', '* * * * * root toString /x\n__proto__=1\n* * * * * r valueOf\n'),
  ],
  'escapes and numbers out of range': () => [
    tree('/srv/\x1b[2J\r\n\xff', 2 ** 53 - 1),
    recordLine('tree', '/srv/b', -1, 0, 0, 0, 0, ''),
    recordLine('statfs', '/', 1e308, 0),
    file('/sys/block/sda/size', `${'9'.repeat(400)}\n`),
    file('/proc/uptime', '-5 x\n'),
    recordLine('run', 'kernel log', 0, '99999999999.9 h kernel: I/O error, dev \x1b[31m, x\n'),
  ],
};

for (const [name, lines] of Object.entries(HOSTILE)) {
  test(`hostile: ${name}`, async () => {
    const sight = await sightOfLines([...MACHINE, ...lines()]);
    assert.equal(sight.discovery.host, 'st1.example');
    assert.doesNotThrow(() => JSON.stringify(sight));
    assert.doesNotMatch(JSON.stringify(sight), /null,"failuresSurvived"|:null/);
  });
}

test('hostile: a million records', async () => {
  const sent = FIRST + recordLine('denied', '/a').repeat(1_000_000);
  const options = { host: 'h', asRoot: '', askedAt: LOOKED_AT, answeredAt: LOOKED_AT };
  const sight = await readSight(chunksOf(sent), options);
  assert.match(sight.cut ?? '', /^it sent more than \d+ records$/);
});

test('hostile: records with random bytes in them are read or dropped, never thrown at', async (t) => {
  const seed = Number(process.env.SEED ?? 20261120);
  t.diagnostic(`SEED=${seed}`);
  let state = seed >>> 0;
  const dice = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const good = [
    ...MACHINE,
    ...(HOSTILE['names of prototypes']?.() ?? []),
    tree('/srv/a', 5),
    mark('/srv/a/x.img', 'f', 1),
  ];
  let seen = 0;
  for (let round = 0; round < 100; round++) {
    const bytes = Buffer.from(good.join(''), 'latin1');
    for (let flips = dice(40); flips > 0; flips--) bytes[dice(bytes.length)] = dice(256);
    const sight = await sightOfLines([bytes.toString('latin1')]);
    seen += sight.discovery.data.length;
  }
  assert.ok(seen > 50, `${seen} data sets were seen all the same`);
});
