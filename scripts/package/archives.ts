/** The three forms of what was staged. The same input gives the same bytes. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { nameOf, type Release, ROOT, run, settle } from './stage.ts';

const DEBIAN_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const RPM_ARCH: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const SUMMARY = 'says what you would lose if a disk, a server or a key died now';
const DESCRIPTION = [
  'Holdfast looks at machines, keeps backups in encrypted vaults, stands before',
  'what deletes, and tells people. This package brings its own Node.js. Nothing is',
  'started by installing it.',
];

export interface Made {
  readonly top: string;
  readonly out: string;
  readonly release: Release;
  /** Packed fast and large, for whoever only wants to see what is in it. */
  readonly isQuick: boolean;
}

export function makeTarball({ top, out, release, isQuick }: Made): string {
  const file = path.join(out, `${nameOf(release)}.tar.gz`);
  const tar = path.join(path.dirname(top), 'tar');
  run('tar', [
    ...['--create', `--file=${tar}`, '--sort=name', '--format=gnu', '--numeric-owner'],
    ...['--owner=0', '--group=0', `--mtime=@${release.epochS}`],
    ...['-C', path.dirname(top), path.basename(top)],
  ]);
  run('sh', ['-c', 'gzip -n "$2" <"$0" >"$1"', tar, file, isQuick ? '-1' : '-6']);
  fs.unlinkSync(tar);
  return file;
}

/** As it lies in the file system of a host: below /opt, with its units where systemd looks. */
function layOut(made: Made, root: string): void {
  const { top, release } = made;
  const at = (name: string): string => path.join(root, name);
  fs.cpSync(top, at('opt/holdfast'), { recursive: true, preserveTimestamps: true });
  for (const each of ['usr/bin', 'usr/lib/systemd/system', 'usr/lib/sysusers.d']) {
    fs.mkdirSync(at(each), { recursive: true });
  }
  fs.symlinkSync('../../opt/holdfast/bin/holdfast', at('usr/bin/holdfast'));
  for (const name of fs.readdirSync(path.join(top, 'systemd'))) {
    if (name.endsWith('.conf')) continue; // A drop-in, which is put in place by who decides the level.
    fs.copyFileSync(path.join(top, 'systemd', name), at(`usr/lib/systemd/system/${name}`));
  }
  for (const name of fs.readdirSync(path.join(top, 'sysusers.d'))) {
    fs.copyFileSync(path.join(top, 'sysusers.d', name), at(`usr/lib/sysusers.d/${name}`));
  }
  settle(root, release.epochS);
}

export function makeDeb(made: Made): string {
  const { top, out, release, isQuick } = made;
  const root = path.join(path.dirname(top), 'deb');
  layOut(made, root);
  const arch = DEBIAN_ARCH[release.arch] ?? release.arch;
  const control = path.join(root, 'DEBIAN');
  fs.mkdirSync(control);
  const kilobytes = Math.ceil(sizeOf(root) / 1024);
  const lines = [
    'Package: holdfast',
    `Version: ${release.version}`,
    `Architecture: ${arch}`,
    'Maintainer: Holdfast <holdfast@localhost>',
    'Section: admin',
    'Priority: optional',
    `Installed-Size: ${kilobytes}`,
    'Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1 | libgcc1',
    'Recommends: openssh-client',
    `Description: ${SUMMARY}`,
    ...DESCRIPTION.map((line) => ` ${line}`),
  ];
  fs.writeFileSync(path.join(control, 'control'), `${lines.join('\n')}\n`);
  fs.writeFileSync(path.join(control, 'md5sums'), sumsOf(root));
  for (const name of ['preinst', 'postinst', 'prerm', 'postrm']) {
    fs.copyFileSync(path.join(ROOT, 'packaging/deb', name), path.join(control, name));
    fs.chmodSync(path.join(control, name), 0o755);
  }
  settle(root, release.epochS);
  const file = path.join(out, `holdfast_${release.version}_${arch}.deb`);
  run(
    'dpkg-deb',
    [
      '--root-owner-group',
      ...(isQuick ? ['-Zgzip', '-z1'] : ['-Zxz', '-z3']),
      '--build',
      root,
      file,
    ],
    {
      SOURCE_DATE_EPOCH: String(release.epochS),
    },
  );
  return file;
}

/** Undefined where rpmbuild is not there. */
export function makeRpm(made: Made, rpmbuild: string | undefined): string | undefined {
  if (rpmbuild === undefined) return undefined;
  const { top, out, release } = made;
  const root = path.join(path.dirname(top), 'rpm-root');
  layOut(made, root);
  const work = path.join(path.dirname(top), 'rpm');
  fs.mkdirSync(work);
  const spec = path.join(work, 'holdfast.spec');
  fs.writeFileSync(spec, specText(root, release));
  const arch = RPM_ARCH[release.arch] ?? release.arch;
  const define = (name: string, value: string): readonly string[] => [
    '--define',
    `${name} ${value}`,
  ];
  run(
    rpmbuild,
    [
      ...['-bb', '--target', `${arch}-linux`],
      ...define('_topdir', work),
      ...define('_build_id_links', 'none'),
      ...define('_buildhost', 'holdfast'),
      ...define('use_source_date_epoch_as_buildtime', '1'),
      ...define('clamp_mtime_to_source_date_epoch', '1'),
      spec,
    ],
    { SOURCE_DATE_EPOCH: String(release.epochS) },
  );
  const name = `holdfast-${release.version}-1.${arch}.rpm`;
  fs.copyFileSync(path.join(work, 'RPMS', arch, name), path.join(out, name));
  return path.join(out, name);
}

/** Nothing is compiled, stripped or looked into: it is packed as it is. */
function specText(root: string, release: Release): string {
  const script = (name: string): string =>
    fs.readFileSync(path.join(ROOT, 'packaging/rpm', name), 'utf8').trimEnd();
  return [
    '%global debug_package %{nil}',
    '%global __os_install_post %{nil}',
    'AutoReqProv: no',
    'Name: holdfast',
    `Version: ${release.version}`,
    'Release: 1',
    `Summary: ${SUMMARY}`,
    'License: Apache-2.0',
    'Requires: glibc >= 2.28, libstdc++, libgcc',
    '%description',
    ...DESCRIPTION,
    '%install',
    `cp -a ${root}/. %{buildroot}/`,
    '%files',
    '%defattr(-,root,root,-)',
    '/opt/holdfast',
    '/usr/bin/holdfast',
    '/usr/lib/systemd/system/holdfast*',
    '/usr/lib/sysusers.d/holdfast*',
    ...['post', 'preun', 'postun'].flatMap((name) => [`%${name}`, script(name)]),
    '',
  ].join('\n');
}

function filesBelow(root: string): readonly string[] {
  return fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.lstatSync(path.join(root, name)).isFile())
    .filter((name) => !name.startsWith('DEBIAN/'))
    .sort();
}

function sizeOf(root: string): number {
  return filesBelow(root).reduce((sum, name) => sum + fs.statSync(path.join(root, name)).size, 0);
}

/** dpkg's own list of sums is of MD5; nobody relies on it against anything but bit rot. */
function sumsOf(root: string): string {
  const sum = (name: string): string =>
    createHash('md5')
      .update(fs.readFileSync(path.join(root, name)))
      .digest('hex');
  return filesBelow(root)
    .map((name) => `${sum(name)}  ${name}\n`)
    .join('');
}
