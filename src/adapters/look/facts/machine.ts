import { byteString } from '../../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import { type Machine, VIRTUALIZATION_UNSEEN } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

/** @param nowMs what its clock said */
export function machineOf(told: Told, nowMs: number | undefined): Machine {
  const file = (path: string): string | undefined => {
    const text = told.world.read(byteString(path), 4096)?.trim();
    return text === undefined || text === '' ? undefined : wordsOf(text);
  };
  const uname = told.printed('uname')?.trim().split(/\s+/) ?? [];
  const bootId = file('/proc/sys/kernel/random/boot_id');
  const id = told.printed('machine-id')?.trim();
  return {
    hostName: file('/proc/sys/kernel/hostname') ?? file('/etc/hostname') ?? uname[1] ?? '',
    id: id !== undefined && /^[0-9a-f]{16,128}$/.test(id) ? id : undefined,
    bootId: bootId !== undefined && /^[0-9a-f-]{36}$/.test(bootId) ? bootId : undefined,
    bootedAt: bootedAt(told, nowMs),
    kernel: file('/proc/sys/kernel/osrelease') ?? uname[2] ?? '',
    system: systemOf(file) ?? '',
    addresses: addressesOf(told),
    virtualization: virtualizationOf(told, file),
  };
}

type File = (path: string) => string | undefined;

function systemOf(file: File): string | undefined {
  const release = file('/etc/os-release') ?? file('/usr/lib/os-release') ?? '';
  const pretty = /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(release)?.[2];
  if (pretty !== undefined && pretty !== '') return pretty;
  const alpine = file('/etc/alpine-release');
  const debian = file('/etc/debian_version');
  return (
    file('/etc/redhat-release') ??
    (alpine === undefined ? undefined : `Alpine Linux ${alpine}`) ??
    (debian === undefined ? undefined : `Debian GNU/Linux ${debian}`)
  );
}

const SPAN_SECONDS_MAX = 1e10;

function bootedAt({ world }: Told, nowMs: number | undefined): UnixMs | undefined {
  const uptime = /^(\d{1,12}(?:\.\d+)?)\s/.exec(world.read(byteString('/proc/uptime')) ?? '')?.[1];
  const upSeconds = Number(uptime ?? Infinity);
  if (nowMs === undefined || upSeconds > SPAN_SECONDS_MAX) return undefined;
  return unixMs(Math.round(nowMs / 1000 - upSeconds) * 1000);
}

/** Bridges of containers and guests have the same address on many machines. */
const BRIDGE = /^(?:lo|docker|br-[0-9a-f]{12}|virbr|cni|lxcbr|lxdbr|podman|veth|cali|flannel)/;
const ADDRESSES_MAX = 256;

function addressesOf(told: Told): readonly string[] {
  const found = new Set<string>();
  let device = '';
  for (const line of linesOf(told.printed('ip addr') ?? told.printed('ifconfig'))) {
    // `2: eth0    inet 10.0.0.1/24` in one line, or `eth0: flags=` and its addresses below.
    device = /^(?:\d+:\s+)?([^\s:]+)/.exec(line)?.[1] ?? device;
    const address = /\binet6?\s+(?:addr:\s*)?([0-9a-fA-F.:]+)/.exec(line)?.[1];
    if (address === undefined || BRIDGE.test(device)) continue;
    if (!/^(?:127\.|::1$|fe80:|0\.0\.0\.0$)/i.test(address)) found.add(address);
  }
  return [...found].slice(0, ADDRESSES_MAX);
}

/** Makers of machines that are none, by what they write where a board has its maker. */
const MAKERS: readonly (readonly [RegExp, string])[] = [
  [/QEMU|KVM|oVirt|RHEV|Red Hat|OpenStack|DigitalOcean|Hetzner|Linode|UpCloud|Scaleway/i, 'kvm'],
  [/VMware/i, 'vmware'],
  [/innotek|VirtualBox/i, 'oracle'],
  [/Xen/i, 'xen'],
  [/BHYVE/i, 'bhyve'],
  [/Parallels/i, 'parallels'],
  // They have machines of both kinds, and name them alike.
  [/Microsoft|Amazon|Google|Alibaba|Tencent|Nutanix|Bochs/i, VIRTUALIZATION_UNSEEN],
];

/** Undefined only of what was seen to be a machine of its own. */
function virtualizationOf(told: Told, file: File): string | undefined {
  const detected = told.printed('systemd-detect-virt')?.trim();
  if (detected !== undefined && detected !== '') {
    return detected === 'none' ? undefined : wordsOf(detected).slice(0, 40);
  }
  if (told.world.stat(byteString('/.dockerenv')) !== undefined) return 'docker';
  const type = file('/sys/hypervisor/type');
  if (type !== undefined) return type;
  const maker = `${file('/sys/class/dmi/id/sys_vendor') ?? ''} ${file('/sys/class/dmi/id/product_name') ?? ''}`;
  if (maker.trim() === '') return VIRTUALIZATION_UNSEEN;
  return MAKERS.find(([pattern]) => pattern.test(maker))?.[1];
}
