/** Something the integration tests use that is not ours: a Debian package, and how to see it. */
export interface Package {
  readonly name: string;
  /** A program in PATH or in the system folders, or an absolute path; there when installed. */
  readonly probe: string;
  /** What is tested with it. */
  readonly purpose: string;
}

const MULTIARCH = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

export const PACKAGES = [
  { name: 'acl', probe: 'getfacl', purpose: 'fidelity of POSIX ACLs' },
  { name: 'attr', probe: 'getfattr', purpose: 'fidelity of extended attributes' },
  { name: 'borgbackup', probe: 'borg', purpose: 'opening its repositories; benchmarks' },
  { name: 'bsdutils', probe: 'script', purpose: 'commands that want a person at a terminal' },
  { name: 'btrfs-progs', probe: 'mkfs.btrfs', purpose: 'subvolumes, and snapshots of them' },
  { name: 'chromium', probe: 'chromium', purpose: 'the page of a look in a browser' },
  { name: 'busybox', probe: 'busybox', purpose: 'the script of look under its shell and tools' },
  { name: 'cron', probe: 'cron', purpose: 'a freeze that stops it' },
  { name: 'debootstrap', probe: 'debootstrap', purpose: 'rescue in a bare Debian' },
  { name: 'e2fsprogs', probe: 'mkfs.ext4', purpose: 'file systems in images, full disks' },
  { name: 'fuse3', probe: 'fusermount3', purpose: 'a mount that hangs' },
  { name: 'gawk', probe: 'gawk', purpose: 'the script of look under its awk' },
  { name: 'iptables', probe: 'iptables', purpose: 'a network that drops what is sent' },
  { name: 'iproute2', probe: 'ip', purpose: 'a network of its own for a server' },
  { name: 'libcap2-bin', probe: 'setcap', purpose: 'fidelity of file capabilities' },
  {
    name: 'libfaketime',
    probe: `/usr/lib/${MULTIARCH}/faketime/libfaketime.so.1`,
    purpose: 'clocks that are set while a program runs',
  },
  { name: 'libnbd-bin', probe: 'nbdfuse', purpose: 'a device that fails' },
  { name: 'libvirt-clients', probe: 'virsh', purpose: 'images of guests' },
  { name: 'libvirt-daemon-system', probe: 'libvirtd', purpose: 'images of running guests' },
  { name: 'mariadb-server', probe: 'mariadbd', purpose: 'a running MariaDB is torn; its dumps' },
  { name: 'mawk', probe: 'mawk', purpose: 'the script of look under its awk' },
  { name: 'nbdkit', probe: 'nbdkit', purpose: 'a device that fails' },
  { name: 'nginx', probe: 'nginx', purpose: 'a web server must not serve what was set aside' },
  { name: 'openssh-client', probe: 'ssh', purpose: 'vaults on another machine' },
  { name: 'openssh-server', probe: 'sshd', purpose: 'vaults on another machine' },
  {
    name: 'openssh-sftp-server',
    probe: '/usr/lib/openssh/sftp-server',
    purpose: 'vaults behind nothing but SFTP',
  },
  { name: 'pgbackrest', probe: 'pgbackrest', purpose: 'opening repositories of pgBackRest' },
  {
    name: 'postgresql-15',
    probe: '/usr/lib/postgresql/15/bin/postgres',
    purpose: 'a running PostgreSQL is torn, a stopped one is not',
  },
  { name: 'puppet-agent', probe: 'puppet', purpose: 'a freeze that disables it' },
  { name: 'python3', probe: 'python3', purpose: 'writers through mmap, file systems that hang' },
  {
    name: 'python3-cryptography',
    probe: '/usr/lib/python3/dist-packages/cryptography',
    purpose: 'rescue by rescue.py',
  },
  {
    name: 'qemu-system-x86',
    probe: 'qemu-system-x86_64',
    purpose: 'images of running guests',
  },
  { name: 'qemu-utils', probe: 'qemu-img', purpose: 'images of guests' },
  { name: 'rclone', probe: 'rclone', purpose: 'guarding it' },
  { name: 'restic', probe: 'restic', purpose: 'opening its repositories; benchmarks' },
  { name: 'rsync', probe: 'rsync', purpose: 'comparing a restored tree with its source' },
  { name: 'sudo', probe: 'visudo', purpose: 'whether it takes the line that the kit prints' },
  { name: 'sqlite3', probe: 'sqlite3', purpose: 'an SQLite database with a WAL is torn' },
  { name: 'systemd', probe: 'systemd-analyze', purpose: 'how far its units are sandboxed' },
  { name: 'tar', probe: 'tar', purpose: 'comparing a tree with its export' },
  { name: 'xfsprogs', probe: 'mkfs.xfs', purpose: 'undo on XFS' },
  { name: 'zstd', probe: 'zstd', purpose: 'rescue under Node 18 and 20, and by rescue.py' },
] as const satisfies readonly Package[];

export type PackageName = (typeof PACKAGES)[number]['name'];
