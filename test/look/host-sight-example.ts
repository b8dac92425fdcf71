import { byteString } from '../../src/base/bytes.ts';
import { GIB, minutes, seconds, unixMs } from '../../src/base/units.ts';
import type { HostLook, HostSight } from '../../src/watch/core/look/host-sight.ts';
import type { SavedLook } from '../../src/watch/core/look/saved-look.ts';
import { dataAt, DISCOVERY, fileSystemAt } from '../watch/discovery-example.ts';
import { NOW } from '../watch/estate-arbitrary.ts';

// Two hypervisors and a web server, as looks at them would see them.

export function sightOf(host: string, change: Partial<HostSight> = {}): HostSight {
  return {
    discovery: { ...DISCOVERY, host, user: { name: 'root', isRoot: true }, notSeen: [] },
    machine: {
      hostName: `${host}.example.org`,
      id: `id-${host}`,
      bootId: `boot-${host}`,
      bootedAt: unixMs(NOW - minutes(60_000)),
      kernel: '6.1.0-28-amd64',
      system: 'Debian GNU/Linux 12 (bookworm)',
      addresses: ['192.0.2.7'],
      virtualization: undefined,
    },
    disks: [{ disk: 'vda', writeCache: 'write back' }],
    volumes: [],
    mounts: [
      {
        mountPoint: byteString('/'),
        device: byteString('/dev/vda1'),
        type: 'ext4',
        options: ['rw', 'relatime'],
      },
    ],
    links: [{ name: 'eth0', isUp: true, speedMbit: 1000, duplex: 'full', bond: undefined }],
    guests: [],
    gluster: [],
    containers: [],
    webRoots: [],
    gitTrees: [],
    automation: [],
    storageErrors: [],
    clock: { offsetMs: 12, offsetWithinMs: seconds(1), isSynchronised: true },
    adminKeys: [{ user: 'root', fingerprint: 'SHA256:abc', comment: 'ann@laptop' }],
    ports: [{ protocol: 'tcp', address: '0.0.0.0', port: 22, program: 'sshd' }],
    units: ['ssh.service'],
    packages: new Map([
      ['openssh-server', '1:9.2p1-2+deb12u3'],
      ['linux-image-amd64', '6.1.119-1'],
    ]),
    besides: {
      firewall: ['inet filter input: tcp dport 22 accept'],
      accounts: ['root /bin/bash'],
      upstreams: [
        { kind: 'apt', server: 'deb.debian.org', what: 'bookworm main', isMirrored: true },
      ],
    },
    cut: undefined,
    malformedCount: 0,
    ...change,
  };
}

export function answered(host: string, change: Partial<HostSight> = {}): HostLook {
  return { host, kind: 'answered', tookMs: seconds(3), sight: sightOf(host, change) };
}

export function failed(host: string): HostLook {
  const why = 'no answer on port 22';
  return { host, kind: 'failed', tookMs: seconds(10), why, remedy: `Try by hand: ssh ${host}` };
}

/** Something of every kind, with bytes that are no UTF-8 and a name that would paint a terminal. */
export const EVERYTHING: SavedLook = {
  at: NOW,
  looks: [
    answered('hv1', {
      discovery: {
        ...DISCOVERY,
        host: 'hv1',
        fileSystems: [
          fileSystemAt('/', { stack: undefined }),
          fileSystemAt('/srv/\xff', { beneath: undefined }),
        ],
        data: [dataAt('/srv/\xff\xfe', { kind: 'image', bytes: 3.6 * GIB })],
        backups: [
          {
            tool: 'borg',
            foundBy: ['cron', 'files'],
            traces: ['/etc/cron.d/borg'],
            repository: 'st1:/srv/borg',
            place: { host: 'st1', beneath: undefined, path: byteString('/srv/borg') },
            lastRun: undefined,
            lastWritten: unixMs(NOW - minutes(480)),
            jobPaths: [byteString('/srv')],
            holdsOnly: [byteString('/srv')],
            fetches: ['web1:/srv/www'],
            openCommand: 'holdfast connect borg st1:/srv/borg',
            count: 1,
          },
        ],
      },
      volumes: [
        {
          kind: 'md',
          name: 'md0',
          layout: 'raid1',
          members: ['sda1', 'sdb1'],
          missingCount: 1,
          failuresSurvived: 0,
          state: 'degraded',
          bytes: 256 * GIB,
          since: unixMs(NOW - minutes(25_000)),
        },
      ],
      links: [
        {
          name: 'bond0',
          isUp: true,
          speedMbit: undefined,
          duplex: undefined,
          bond: { mode: '802.3ad', members: [{ name: 'eth0', isUp: false }] },
        },
      ],
      guests: [
        {
          name: 'web\u001b[31m',
          state: 'running',
          startsByItself: true,
          images: [{ path: byteString('/srv/images/web.img'), cache: 'unsafe', format: undefined }],
        },
      ],
      gluster: [
        {
          name: 'vmstore',
          type: 'Replicate',
          isStarted: true,
          replicas: 2,
          hasArbiter: false,
          bricks: [{ host: 'hv1', path: byteString('/bricks/1') }],
        },
      ],
      containers: [{ runtime: 'docker', container: 'db', path: byteString('/var/lib/x') }],
      webRoots: [byteString('/srv/www')],
      gitTrees: [
        {
          path: byteString('/srv/git'),
          untrackedCount: 3,
          changedCount: 1,
          unpushedCount: undefined,
          remoteCount: 0,
          submodulesMissing: 0,
        },
      ],
      automation: [{ kind: 'puppet', foundBy: 'timer', trace: 'puppet.timer', target: undefined }],
      storageErrors: [{ at: undefined, device: 'sda', text: 'I/O error, dev sda', count: 4 }],
    }),
    answered('web1', { packages: undefined, cut: 'it ended in the middle', malformedCount: 2 }),
    failed('db1'),
  ],
};
