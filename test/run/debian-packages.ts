/** Something the integration tests use that is not ours: a Debian package, and how to see it. */
export interface Package {
  readonly name: string;
  /** A program in PATH or in the system folders, or an absolute path; there when installed. */
  readonly probe: string;
  /** What is tested with it. */
  readonly purpose: string;
}

export const PACKAGES = [
  { name: 'acl', probe: 'getfacl', purpose: 'fidelity of POSIX ACLs' },
  { name: 'attr', probe: 'getfattr', purpose: 'fidelity of extended attributes' },
  { name: 'borgbackup', probe: 'borg', purpose: 'counting backups that exist; benchmarks' },
  { name: 'e2fsprogs', probe: 'mkfs.ext4', purpose: 'file systems in images, full disks' },
  { name: 'fuse3', probe: 'fusermount3', purpose: 'a mount that hangs' },
  { name: 'libcap2-bin', probe: 'setcap', purpose: 'fidelity of file capabilities' },
  { name: 'mariadb-server', probe: 'mariadbd', purpose: 'a running MariaDB is torn' },
  {
    name: 'postgresql-15',
    probe: '/usr/lib/postgresql/15/bin/postgres',
    purpose: 'a running PostgreSQL is torn, a stopped one is not',
  },
  { name: 'python3', probe: 'python3', purpose: 'writers through mmap, file systems that hang' },
  { name: 'restic', probe: 'restic', purpose: 'counting backups that exist; benchmarks' },
  { name: 'rsync', probe: 'rsync', purpose: 'comparing a restored tree with its source' },
  { name: 'sqlite3', probe: 'sqlite3', purpose: 'an SQLite database with a WAL is torn' },
  { name: 'tar', probe: 'tar', purpose: 'comparing a tree with its export' },
  { name: 'zstd', probe: 'zstd', purpose: 'rescue under Node 18 and 20' },
] as const satisfies readonly Package[];

export type PackageName = (typeof PACKAGES)[number]['name'];
