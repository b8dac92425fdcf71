/**
 * A machine for looks: an sshd with a disk, processes and a name of its own, and with nothing of the
 * machine that runs the test but its programs.
 */
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { type Sshd, type SshdOptions, startSshd } from '../ssh/sshd-fixture.ts';

export interface Machine extends Sshd {
  readonly name: string;
  /** Every file of its own disk, with all that a write to it would change. */
  readonly files: () => readonly string[];
  /** Command lines of all that runs there. */
  readonly processes: () => readonly string[];
  /** Its root, as this machine can see it. */
  readonly inside: string;
  /** CPU of its sessions that have ended, and of the server itself. */
  readonly cpuS: (ticksPerSecond: number) => number;
}

export interface MachineOptions extends Pick<SshdOptions, 'port' | 'behind' | 'settings'> {
  readonly name: string;
  /** Shell text, run with its root in `$R` before its server starts. */
  readonly story: string;
  readonly diskSize?: number;
}

const DISK_SIZE = 96 << 20;
/** What programs need of /etc to run; the rest would tell of the machine that runs the test. */
const ETC = [
  ...['passwd', 'group', 'shadow', 'nsswitch.conf', 'alternatives', 'ld.so.cache', 'ld.so.conf'],
  ...['ld.so.conf.d', 'localtime', 'os-release', 'debian_version', 'login.defs'],
];

/** Whoever starts it stops it. */
export async function startMachine({
  name,
  story,
  diskSize = DISK_SIZE,
  ...options
}: MachineOptions): Promise<Machine> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-machine-'));
  const root = path.join(dir, 'root');
  fs.mkdirSync(root);
  fs.closeSync(fs.openSync(path.join(dir, 'disk'), 'w'));
  fs.truncateSync(path.join(dir, 'disk'), diskSize);
  execFileSync('mkfs.ext4', ['-q', '-m', '0', path.join(dir, 'disk')], {
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  });
  const setUp = [`R=${root}`, `mount -o loop ${path.join(dir, 'disk')} $R`, bare(name), story];
  const remove = (): void => fs.rmSync(dir, { recursive: true });
  const machine = { setUp: setUp.join('\n'), root };
  const sshd = await startSshd({ ...options, machine }).catch((error: unknown) => {
    remove();
    throw error;
  });
  // Other users than root read authorized_keys by themselves.
  fs.chmodSync(sshd.dir, 0o711);
  fs.chmodSync(path.join(sshd.dir, 'authorized_keys'), 0o644);
  const server = `/proc/${firstChild(sshd.pid)}`;
  const inside = `${server}/root`;
  return {
    ...sshd,
    name,
    inside,
    files: () => filesBelow(inside),
    processes: () => processesOf(inside),
    cpuS: (ticksPerSecond) => {
      const fields = fs
        .readFileSync(`${server}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return ticks / ticksPerSecond;
    },
    async stop() {
      await sshd.stop();
      remove();
    },
  };
}

/** The root of a system without anything on it. */
function bare(name: string): string {
  return `
export PATH="$PATH:/usr/sbin:/sbin"
hostname ${name}
cd $R
rm -rf lost+found
mkdir -p usr etc/ssh var/lib/dpkg var/log var/tmp tmp run/sshd proc sys dev root srv home mnt opt
chmod 1777 tmp var/tmp
for d in bin sbin lib lib32 lib64 libx32; do
  if [ -L /$d ]; then cp -P /$d $d; elif [ -d /$d ]; then mkdir $d && mount --bind /$d $d; fi
done
mount --bind /usr usr
mount -t tmpfs tmpfs usr/local
mount --bind /var/lib/dpkg var/lib/dpkg
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
for f in ${ETC.join(' ')}; do if [ -e /etc/$f ]; then cp -a /etc/$f etc/; fi; done
echo ${name} > etc/hostname
echo ${machineId(name)} > etc/machine-id
`;
}

/** Thirty-two hexadecimal digits that differ from name to name. */
function machineId(name: string): string {
  return Buffer.from(name.padEnd(16, '.')).toString('hex').slice(0, 32);
}

/** unshare waits outside; what it started is in the machine. */
function firstChild(pid: number): number {
  return Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')[0]);
}

function filesBelow(root: string): readonly string[] {
  const fields = ['%D', '%P', '%y', '%m', '%U', '%G', '%s', '%T@', '%C@', '%n'].join(' ');
  const args = [`${root}/`, '-xdev', '-printf', `${fields}\n`];
  const lines = execFileSync('find', args, { encoding: 'utf8', maxBuffer: 64 << 20 }).split('\n');
  // Where something is mounted, the entry is that of another disk.
  const [disk = ''] = lines[0]?.split(' ') ?? [];
  return lines.filter((line) => line.startsWith(`${disk} `)).sort();
}

function processesOf(root: string): readonly string[] {
  const pids = fs.readdirSync(`${root}/proc`).filter((name) => /^[0-9]+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const args = fs.readFileSync(`${root}/proc/${pid}/cmdline`, 'utf8');
      return [args.replaceAll('\0', ' ').trim()];
    } catch {
      return []; // It ended in between.
    }
  });
}
