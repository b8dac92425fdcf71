/**
 * The two deployment masters of Wikimedia 2016, and what they deploy to: machines with disks, names,
 * machine ids and networks of their own, real sshd and rsync, and Holdfast as it is installed from a
 * checkout. `mira` is reached from here; all others only from mira.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { type Machine, startMachine } from '../look/machine.ts';
import { ALIAS } from '../ssh/sshd-fixture.ts';
import type { Ran } from '../cli/run-cli.ts';
import fs from 'node:fs';

const ROOT = path.join(import.meta.dirname, '..', '..');
const MIB = 1 << 20;

/** What both masters had before it happened: branches, configuration, a few things in no repository. */
const STAGING = `
mkdir -p srv/staging && cd srv/staging
for branch in php-1.27.0-wmf.11 php-1.27.0-wmf.12; do
  for part in includes languages resources maintenance; do
    mkdir -p $branch/$part
    for n in $(seq 1 90); do echo "<?php // $branch $part $n" > $branch/$part/file$n.php; done
  done
  echo "<?php // live settings" > $branch/LocalSettings.php
done
mkdir -p wmf-config private docroot/wwwportal
for n in $(seq 1 40); do echo "<?php // db $n" > wmf-config/db-$n.php; done
echo '<?php $secret = 1;' > private/PrivateSettings.php
echo '<?php return [];' > wikiversions.php
ln -s php-1.27.0-wmf.12 docroot/current
head -c 3000000 /dev/zero | tr '\\000' l > php-1.27.0-wmf.12/languages/l10n.cdb
find . -exec touch -h -d '2016-01-26 18:00' {} +
cd ../..`;

/** A fresh installation: what puppet had put there until then. */
const HALF_PROVISIONED = `
mkdir -p srv/staging/wmf-config srv/staging/docroot
echo '# not provisioned yet' > srv/staging/README
for n in 1 2 3; do echo "<?php // db $n" > srv/staging/wmf-config/db-$n.php; done
# As rsync left it: the rest is still to come.`;

const INSTALLED = `
mkdir -p opt/holdfast usr/local/bin root/.ssh var/lib
mount --bind ${ROOT} opt/holdfast
printf '#!/bin/sh\nexport HOLDFAST_STATE=/var/lib/holdfast\nexec /opt/holdfast/bin/holdfast "$@"\n' \\
  > usr/local/bin/holdfast
chmod 755 usr/local/bin/holdfast
chmod 700 root/.ssh`;

export class Master {
  readonly #machine: Machine;
  /** Whose network it is in. */
  readonly #behind: Master | undefined;

  constructor(machine: Machine, behind?: Master) {
    this.#machine = machine;
    this.#behind = behind;
  }

  get machine(): Machine {
    return this.#machine;
  }

  /** Typed by hand as root, in a shell over ssh. */
  type(line: string, input = ''): Ran {
    const { dir, host, port } = this.#machine;
    const ssh = ['ssh', '-F', path.join(dir, 'ssh_config'), '-p', String(port), host, line];
    const inNetwork =
      this.#behind === undefined ? [] : [`--target=${this.#behind.machine.pid}`, '--net'];
    const ran = spawnSync('nsenter', [...inNetwork, ...ssh], {
      input,
      encoding: 'utf8',
      maxBuffer: 64 * MIB,
    });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** @throws where it does not end with 0 */
  must(line: string, input = ''): string {
    const { status, stdout, stderr } = this.type(line, input);
    if (status !== 0) throw new Error(`${line}\nended with ${status}\n${stdout}\n${stderr}`);
    return stdout;
  }

  write(file: string, content: string): void {
    this.must(`cat > ${file}`, content);
  }

  /** Every entry below a directory with kind, mode, owner, size, time, and content: one line each. */
  manifest(dir: string): readonly string[] {
    const list = `find . -printf '%P|%y|%m|%U|%G|%T@|%l\\n' | LC_ALL=C sort`;
    const sums = `find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`;
    return this.must(`cd ${dir} && ${list} && ${sums}`).trimEnd().split('\n');
  }

  /** So that `ssh NAME` there leads to that machine. */
  knows(name: string, other: Machine): void {
    const at = `/root/.ssh/${name}`;
    const text = (file: string): string => fs.readFileSync(path.join(other.dir, file), 'utf8');
    const lines = [
      `Host ${name}`,
      `  HostName ${other.host}`,
      `  Port ${other.port}`,
      '  User root',
      `  IdentityFile ${at}.key`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${at}.hosts`,
      `  HostKeyAlias ${ALIAS}`,
      '',
    ];
    const files = {
      [`${at}.key`]: text('client-key'),
      [`${at}.hosts`]: text('known_hosts'),
      [`${at}.conf`]: lines.join('\n'),
      '/root/.ssh/config': 'Include /root/.ssh/*.conf\n',
    };
    const writes = Object.entries(files).map(
      ([file, content]) => `cat > ${file} <<'END-OF-FILE'\n${content}END-OF-FILE\n`,
    );
    this.must(`umask 077\n${writes.join('')}`);
  }

  async stop(): Promise<void> {
    await this.#machine.stop();
  }
}

/** @param machineId of thirty-two digits: a re-image gives another one */
export async function startMaster(
  name: string,
  options: { readonly story?: string; readonly machineId?: string; readonly behind?: Master } = {},
): Promise<Master> {
  const { story = STAGING, machineId, behind } = options;
  const id = machineId === undefined ? '' : `echo ${machineId} > etc/machine-id`;
  const machine = await startMachine({
    name,
    story: [INSTALLED, id, story].join('\n'),
    ...(behind !== undefined && { behind: behind.machine }),
  });
  return new Master(machine, behind);
}

export const startReimaged = (name: string, behind: Master): Promise<Master> =>
  startMaster(name, { behind, story: HALF_PROVISIONED, machineId: '0badc0de'.repeat(4) });

/** Machines that what lies on a master is put to: each with nothing on it yet. */
export async function startTargets(count: number, behind: Master): Promise<readonly Master[]> {
  const targets: Master[] = [];
  try {
    for (let nth = 1; nth <= count; nth++) {
      const name = `mw${String(nth).padStart(2, '0')}`;
      const target = await startMaster(name, { behind, story: 'mkdir -p srv/staging' });
      targets.push(target);
      behind.knows(name, target.machine);
    }
    return targets;
  } catch (error) {
    for (const target of targets) await target.stop();
    throw error;
  }
}
