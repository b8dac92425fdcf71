import { byteString } from '../../../base/bytes.ts';
import type { Upstream } from '../../../watch/core/look/host-sight.ts';
import type { World } from '../../discovery/world.ts';
import { wordsOf } from '../words.ts';
import { linesOf } from './told.ts';

const UPSTREAMS_MAX = 500;

/** Networks of mirrors, by which one name stands for many machines of many owners. */
const NETWORKS =
  /(?:^|\.)(?:debian|ubuntu|alpinelinux|centos|fedoraproject|rockylinux|almalinux|opensuse|kernel)\.(?:org|com)$|^(?:mirrors?|mirrorlist|ftp)\./;

/** What hosts install from, as their files name it; what is switched off is none. */
export function upstreamsOf(world: World): readonly Upstream[] {
  const found = new Map<string, Upstream>();
  const add = (
    kind: Upstream['kind'],
    address: string,
    of: { what: string; mirrored?: boolean },
  ) => {
    const scheme = /^([a-z+]+):/.exec(address)?.[1] ?? '';
    const server = /^[a-z+-]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)/.exec(address)?.[1];
    // A directory of the machine itself is none, nor is a name with a variable in it.
    if (server === undefined || server.includes('$') || /^(?:file|cdrom|copy)$/.test(scheme))
      return;
    const isMirrored = of.mirrored === true || /^mirror/.test(scheme) || NETWORKS.test(server);
    const one = { kind, server: wordsOf(server), what: wordsOf(of.what), isMirrored };
    found.set(JSON.stringify(one), one);
  };
  const each = (folder: string, end: RegExp): readonly string[] =>
    (world.list(byteString(folder)) ?? []).flatMap(({ name }) =>
      end.test(name) ? (world.read(byteString(`${folder}/${name}`)) ?? []) : [],
    );
  const one = (path: string): readonly string[] => {
    const text = world.read(byteString(path));
    return text === undefined ? [] : [text];
  };
  const lists = [...one('/etc/apt/sources.list'), ...each('/etc/apt/sources.list.d', /\.list$/)];
  for (const line of lists.flatMap(linesOf)) {
    const [, address, what] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (address !== undefined) add('apt', address, { what: what ?? '' });
  }
  for (const text of each('/etc/apt/sources.list.d', /\.sources$/)) deb822(text, add);
  for (const folder of ['/etc/yum.repos.d', '/etc/zypp/repos.d']) {
    for (const text of each(folder, /\.repo$/)) repositories(text, add);
  }
  for (const line of one('/etc/apk/repositories').flatMap(linesOf)) {
    if (!line.startsWith('#')) add('apk', line.replace(/^@\S+\s+/, '').trim(), { what: '' });
  }
  named(one('/etc/pip.conf'), /^\s*index-url\s*=\s*(\S+)/, (address) =>
    add('pip', address, { what: '' }),
  );
  named(one('/etc/npmrc'), /^\s*(?:@\S+:)?registry\s*=\s*(\S+)/, (address) =>
    add('npm', address, { what: '' }),
  );
  named(one('/etc/docker/daemon.json'), /"(https?:\/\/[^"]+)"/, (address) =>
    add('docker', address, { what: 'registry mirror', mirrored: true }),
  );
  return [...found.values()].slice(0, UPSTREAMS_MAX);
}

type Add = (
  kind: Upstream['kind'],
  address: string,
  of: { what: string; mirrored?: boolean },
) => void;

function named(texts: readonly string[], by: RegExp, add: (address: string) => void): void {
  for (const line of texts.flatMap(linesOf)) {
    const address = by.exec(line)?.[1];
    if (address !== undefined) add(address);
  }
}

/** Paragraphs of `URIs:` and `Suites:`. */
function deb822(text: string, add: Add): void {
  for (const paragraph of text.split(/\n\s*\n/)) {
    const value = (key: string): string =>
      new RegExp(`^${key}:[ \\t]*(.*)$`, 'im').exec(paragraph)?.[1]?.trim() ?? '';
    if (/^(?:no|false|0)$/i.test(value('Enabled'))) continue;
    if (!/(?:^|\s)deb(?:\s|$)/.test(value('Types'))) continue;
    const what = `${value('Suites')} ${value('Components')}`.trim();
    const addresses = value('URIs')
      .split(/\s+/)
      .filter((address) => address !== '');
    for (const address of addresses) add('apt', address, { what });
  }
}

/** Sections of an ini file: `baseurl`, or a list of mirrors in its stead. */
function repositories(text: string, add: Add): void {
  for (const section of text.split(/^(?=\[)/m)) {
    const name = /^\[([^\]]+)\]/.exec(section)?.[1];
    if (name === undefined || /^\s*enabled\s*=\s*0/m.test(section)) continue;
    const listed = /^\s*(?:mirrorlist|metalink)\s*=\s*(\S+)/m.exec(section)?.[1];
    const bases = /^\s*baseurl\s*=\s*(.+(?:\n[ \t]+\S+)*)/m.exec(section)?.[1]?.split(/\s+/) ?? [];
    if (listed !== undefined) add('yum', listed, { what: name, mirrored: true });
    else for (const base of bases) add('yum', base, { what: name, mirrored: bases.length > 1 });
  }
}
