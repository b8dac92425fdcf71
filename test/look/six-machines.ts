/**
 * Six machines that tell six stories, and one whose accounts misbehave, with the configuration of
 * ssh that leads to all of them.
 */
import fs from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { needs } from '../run/needs.ts';
import { ALIAS, canStartSshd } from '../ssh/sshd-fixture.ts';
import { type Machine, type MachineOptions, startMachine } from './machine.ts';

export interface Machines {
  readonly all: readonly Machine[];
  readonly named: (name: string) => Machine;
  /** As ~/.ssh/config would be. */
  readonly config: string;
  readonly stop: () => Promise<void>;
}

/** Whether they can be started here; else says why on `t`. */
export function canStartMachines(t: { skip(message?: string): void }): boolean {
  return canStartSshd(t) && needs(t, 'loop', 'e2fsprogs');
}

const STORIES: Readonly<Record<string, string>> = {
  // A file server whose data is in no backup; one name is there to hurt a terminal.
  fs1: `
mkdir -p srv/images srv/share "srv/share/$(printf 'evil\\033[2J\\033]0;x\\007')"
head -c 9000000 /dev/zero | tr '\\000' x > srv/images/a.raw
for i in 1 2 3 4 5 6 7 8 9; do head -c 20000 /dev/zero > srv/share/$i; done`,
  // A hypervisor.
  hv1: `
mkdir -p etc/libvirt/qemu/autostart var/lib/libvirt/images
for g in mail wiki; do
  head -c 4000000 /dev/zero | tr '\\000' y > var/lib/libvirt/images/$g.qcow2
  cat > etc/libvirt/qemu/$g.xml <<EOF
<domain type='kvm'>
  <name>$g</name>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='unsafe'/>
      <source file='/var/lib/libvirt/images/$g.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
EOF
done
ln -s /etc/libvirt/qemu/mail.xml etc/libvirt/qemu/autostart/mail.xml`,
  // A web server, and what mirrors it away.
  web1: `
mkdir -p var/www/site etc/nginx/sites-enabled etc/cron.d
head -c 300000 /dev/zero > var/www/site/photo.jpg
echo '<p>Hello' > var/www/site/index.html
printf 'server {\\n  listen 80;\\n  root /var/www/site;\\n}\\n' > etc/nginx/sites-enabled/site
echo '17 3 * * * root rsync -a --delete /var/www/ mirror:/var/www/' > etc/cron.d/mirror`,
  // A database, with a dump of it on the same disk.
  db1: `
mkdir -p var/lib/postgresql/15/main/base/1 var/lib/postgresql/15/main/global
mkdir -p var/lib/postgresql/15/main/pg_wal var/backups etc/cron.d
echo 15 > var/lib/postgresql/15/main/PG_VERSION
head -c 3000000 /dev/zero > var/lib/postgresql/15/main/base/1/1259
head -c 8192 /dev/zero > var/lib/postgresql/15/main/global/pg_control
printf -- '--\\n-- PostgreSQL database dump\\n--\\n' > var/backups/shop.sql
echo '30 1 * * * postgres pg_dump -f /var/backups/shop.sql shop' > etc/cron.d/dump`,
  // Where another machine's borg repository lies; looked at as a user who may not read it all.
  bk1: `
mkdir -p srv/borg/data/0 home/looker root/secret
printf 'This is a Borg Backup repository.\\nSee https://borgbackup.readthedocs.io/\\n' > srv/borg/README
printf '[repository]\\nversion = 1\\nsegments_per_dir = 1000\\n' > srv/borg/config
printf BORG_SEG > srv/borg/data/0/1
touch srv/borg/hints.1 srv/borg/index.1 srv/borg/integrity.1
chmod 700 root
${account('looker', '/bin/sh')}`,
  plain: '',
};

/** Each account has a login shell that does what no login shell should. */
const ROGUES: Readonly<Record<string, string>> = {
  endless: `exec yes 'this is no look'`,
  flood: `echo '["look",1,0,0,"flood"]'; exec yes '["run","flood",0,"on and on and on"]'`,
  garbage: `printf '\\033[2J\\033]0;x\\007\\200\\377["look",1,"\\n["list"\\n[[[[\\n'; exit 3`,
  silent: 'exec sleep 100000',
  // One that reads words and nothing else, as fish or csh read not what sh reads.
  words: `
[ "$1" = -c ] || exit 2
case $2 in *[!a-zA-Z0-9\\ /-]*) echo 'words: I do not read that' >&2; exit 1 ;; esac
set -- $2
[ "$1" = exec ] && shift
exec "$@"`,
  noisy: `printf 'Welcome!\\nYou have mail.\\nno end of line: '; exec /bin/sh "$@"`,
};

/** Whoever starts them stops them. */
export async function startMachines(): Promise<Machines> {
  const all: Machine[] = [];
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-machines-'));
  const hang = net.createServer().listen(0, '127.0.0.1');
  const stop = async (): Promise<void> => {
    hang.close();
    // The one behind another goes first: its cable ends in the other's network.
    for (const machine of all.toReversed()) await machine.stop();
    fs.rmSync(dir, { recursive: true });
  };
  const named = (name: string): Machine => {
    const found = all.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no machine ${name}`);
    return found;
  };
  const add = async (name: string, options: Partial<MachineOptions> = {}): Promise<void> => {
    all.push(await startMachine({ name, story: STORIES[name] ?? '', ...options }));
  };
  try {
    await once(hang, 'listening');
    for (const name of ['fs1', 'hv1', 'web1', 'plain']) await add(name);
    await add('bk1', { port: 2200 });
    await add('db1', { behind: named('web1') });
    const shells = Object.entries(ROGUES).map(([name, text]) => rogue(name, text));
    await add('rogue', { story: shells.join('\n') });
    const config = path.join(dir, 'ssh_config');
    fs.writeFileSync(config, configText(named, (hang.address() as net.AddressInfo).port));
    return { all, named, config, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function account(name: string, shell: string): string {
  return `
echo '${name}:x:1500:1500::/home/${name}:${shell}' >> etc/passwd
echo '${name}:*:19000:0:99999:7:::' >> etc/shadow`;
}

function rogue(name: string, text: string): string {
  return `
cat > opt/${name} <<'EOF'
#!/bin/sh
${text}
EOF
chmod 755 opt/${name}
${account(name, `/opt/${name}`)}`;
}

function configText(named: (name: string) => Machine, hangPort: number): string {
  const block = (alias: string, machine: Machine, more: readonly string[] = []): string => {
    const lines = [
      ...more,
      `HostName ${machine.host}`,
      `Port ${machine.port}`,
      'User root',
      `IdentityFile ${machine.dir}/client-key`,
      `UserKnownHostsFile ${machine.dir}/known_hosts`,
    ];
    return `Host ${alias}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  };
  const fs1 = named('fs1');
  return [
    ...['fs1', 'hv1', 'web1', 'plain'].map((name) => block(name, named(name))),
    block('bk1', named('bk1'), ['User looker']),
    block('db1', named('db1'), ['ProxyJump web1']),
    ...Object.keys(ROGUES).map((name) => block(name, named('rogue'), [`User ${name}`])),
    block('refused', fs1, [`IdentityFile ${named('hv1').dir}/client-key`]).replace(
      `  IdentityFile ${fs1.dir}/client-key\n`,
      '',
    ),
    block('lost', named('db1'), ['ProxyJump refused']),
    block('stranger', fs1, ['UserKnownHostsFile /dev/null']),
    `Host hang\n  HostName 127.0.0.1\n  Port ${hangPort}\n`,
    'Host *',
    ...[`HostKeyAlias ${ALIAS}`, 'GlobalKnownHostsFile none', 'IdentitiesOnly yes'],
    ...['IdentityAgent none', 'StrictHostKeyChecking yes', 'UpdateHostKeys no'],
    '',
  ].join('\n');
}
