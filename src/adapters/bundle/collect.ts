/** What a mailing list asks for, section by section; each within its limit, and none of it changes anything. */
import fs from 'node:fs';
import os from 'node:os';
import { errnoOf } from '../node/errno.ts';
import { ProbeChild } from '../probes/probe-child.ts';
import type { KnownNames } from '../../watch/core/bundle/redact.ts';

export interface Section {
  readonly title: string;
  readonly text: string;
}

interface Asked {
  readonly title: string;
  /** The first program of them that is there is asked; its arguments. */
  readonly programs?: readonly (readonly string[])[];
  readonly file?: string;
}

const LIMIT_MS = 10_000;
/** More than the ring of a kernel holds; the end of it is kept. */
const BYTES_MAX = 16 * 1024 * 1024;
const PART_CHARACTERS_MAX = 32_768;
const FILE_BYTES_MAX = 256 * 1024;

const ASKED: readonly Asked[] = [
  { title: 'kernel', programs: [['uname', '-srvmo']] },
  { title: 'system', file: '/etc/os-release' },
  { title: 'uptime', programs: [['uptime']] },
  { title: 'memory', programs: [['free', '-m']] },
  {
    title: 'pressure',
    programs: [['head', '/proc/pressure/cpu', '/proc/pressure/io', '/proc/pressure/memory']],
  },
  { title: 'mounts', file: '/proc/mounts' },
  { title: 'space', programs: [['df', '-hTl']] },
  { title: 'inodes', programs: [['df', '-iTl']] },
  {
    title: 'block devices',
    programs: [['lsblk', '-o', 'NAME,TYPE,SIZE,ROTA,RO,FSTYPE,STATE,MOUNTPOINT']],
  },
  { title: 'md', file: '/proc/mdstat' },
  { title: 'lvm groups', programs: [['vgs', '-o', '+vg_missing_pv_count']] },
  { title: 'lvm volumes', programs: [['lvs', '-a', '-o', '+devices,lv_health_status']] },
  { title: 'zfs pools', programs: [['zpool', 'status', '-v']] },
  { title: 'zfs versions', programs: [['zfs', 'version']] },
  { title: 'btrfs', programs: [['btrfs', 'filesystem', 'show']] },
  { title: 'gluster version', programs: [['gluster', '--version']] },
  { title: 'gluster peers', programs: [['gluster', '--mode=script', 'peer', 'status']] },
  { title: 'gluster volumes', programs: [['gluster', '--mode=script', 'volume', 'info']] },
  { title: 'gluster state', programs: [['gluster', '--mode=script', 'volume', 'status']] },
  {
    title: 'postgres',
    programs: [
      ['postgres', '--version'],
      ['psql', '--version'],
    ],
  },
  {
    title: 'mariadb',
    programs: [
      ['mariadbd', '--version'],
      ['mysqld', '--version'],
    ],
  },
  { title: 'libvirt', programs: [['virsh', '--version']] },
  {
    title: 'backup tools',
    programs: [
      ['restic', 'version'],
      ['borg', '--version'],
    ],
  },
  {
    title: 'last kernel lines',
    programs: [
      ['journalctl', '--dmesg', '--boot', '--lines=300', '--no-pager', '--quiet', '--no-hostname'],
      ['dmesg', '--ctime'],
    ],
  },
];

/** All at once: one that hangs costs its limit and no more. */
export async function collectSections(signal: AbortSignal): Promise<readonly Section[]> {
  const seen = await Promise.all(
    ASKED.map(async (asked) => ({ title: asked.title, text: await textOf(asked, signal) })),
  );
  return seen.flatMap(({ title, text }) => (text === undefined ? [] : [{ title, text }]));
}

async function textOf({ file, programs = [] }: Asked, signal: AbortSignal) {
  if (file !== undefined) return readOf(file);
  let said: string | undefined;
  for (const [program = '', ...args] of programs) {
    const answer = await new ProbeChild().run({
      ...{ program, args, signal, limitMs: LIMIT_MS, bytesMax: BYTES_MAX },
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` },
    });
    if (answer.how === 'missing') continue;
    if (answer.how !== 'ended') {
      said = `(${answer.why})`;
      continue;
    }
    const text = (answer.stdout + answer.stderr).trim();
    if (answer.status === 0 && text !== '') return lastOf(text);
    if (answer.status === 0) said ??= '(nothing)';
    else said = `(${program} ended with ${answer.status}) ${lastOf(text)}`.trimEnd();
  }
  return said;
}

function readOf(file: string): string | undefined {
  try {
    return lastOf(fs.readFileSync(file, 'utf8').slice(0, FILE_BYTES_MAX).trim());
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno === 'ENOENT' ? undefined : `(${file} cannot be read: ${errno})`;
  }
}

/** What came last is what matters, of a log; others are shorter. */
function lastOf(text: string): string {
  if (text.length <= PART_CHARACTERS_MAX) return text;
  const kept = text.slice(-PART_CHARACTERS_MAX);
  return `(the beginning is left out)\n${kept.slice(kept.indexOf('\n') + 1)}`;
}

/** Names that this machine knows: its own, those of /etc/hosts, and the accounts of people. */
export function namesHere(): KnownNames {
  const hosts = (readOf('/etc/hosts') ?? '')
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
    .filter((name) => !/^(?:localhost|ip6-|broadcasthost)/.test(name));
  const users = (readOf('/etc/passwd') ?? '').split('\n').flatMap((line) => {
    const [name = '', , uid = '', , gecos = ''] = line.split(':');
    const isPerson = Number(uid) >= 1000 && Number(uid) < 60_000;
    return isPerson ? [name, ...gecos.split(/[,\s]+/).filter((word) => word.length > 2)] : [];
  });
  const asked = [process.env.SUDO_USER, process.env.USER, process.env.LOGNAME];
  return {
    hosts: [os.hostname(), ...hosts].filter((name) => name !== ''),
    users: [...users, ...asked.flatMap((name) => name ?? [])],
  };
}
