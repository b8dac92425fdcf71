/** What may not be on disk yet, across hosts: below a guest lies what its hypervisor caches. */
import type { ByteString } from '../../../base/bytes.ts';
import type { DataKind, Discovery } from '../discovery.ts';
import { fileSystemOf, unflushedOfPaths } from '../locate.ts';
import {
  fileSystemHeld,
  type HeldBack,
  notBounded,
  type Unflushed,
  UNFLUSHED_UNSEEN,
  widestOf,
  widestUnflushed,
  within,
} from '../unflushed.ts';
import { type Across, pathText } from './across.ts';
import type { GuestHost } from './guests.ts';
import { type Guest, type HostSight, VIRTUALIZATION_UNSEEN } from './host-sight.ts';

interface SeenAcross {
  readonly across: Across;
  readonly guests: readonly GuestHost[];
}

interface OnHost {
  readonly host: string;
  readonly paths: readonly ByteString[];
  readonly kind: DataKind;
}

/** Of a data set of `host`, by the look at it, and at what it runs on. */
export function unflushedAcross(
  seen: SeenAcross,
  sight: HostSight | undefined,
  of: OnHost,
): Unflushed {
  if (sight === undefined || of.paths.length === 0) return UNFLUSHED_UNSEEN;
  const own = of.paths.map((path) =>
    of.kind === 'image'
      ? ofImage(seen, sight, path)
      : unflushedOfPaths(sight.discovery, [path], of.kind),
  );
  return belowGuest(seen, { host: of.host, sight, own: widestUnflushed(own) });
}

/** What is in it is what its guest wrote: the guest's memory goes with the guest. */
function ofImage(seen: SeenAcross, sight: HostSight, path: ByteString): Unflushed {
  const uses = (of: Pick<Guest, 'images'>): boolean => of.images.some((each) => each.path === path);
  const guest = sight.guests.find(uses);
  const asFile = unflushedOfPaths(sight.discovery, [path], 'image');
  if (guest === undefined) return asFile;
  const host = seen.guests.find((each) => each.on === sight.discovery.host && uses(each))?.host;
  const inside = host === undefined ? undefined : seen.across.sightOf(host);
  const memory =
    inside === undefined
      ? notBounded(`what guest ${guest.name} holds in memory was not looked at`, false)
      : memoryOf(inside.discovery);
  const image = guest.images.find((each) => each.path === path);
  const cache = image === undefined ? [] : [cacheOf(sight.discovery, image)];
  return { ...widestOf([memory, ...cache]), crash: widestOf([memory, ...cache]) };
}

/** Of the file systems on which its data lie: others hold nothing that is kept. */
function memoryOf(discovery: Discovery): HeldBack {
  const paths = discovery.data.map(({ path }) => path);
  if (paths.length === 0) return UNFLUSHED_UNSEEN;
  const held = unflushedOfPaths(discovery, paths, 'tree');
  return { ...held, parts: held.parts.map((words) => `in guest ${discovery.host}: ${words}`) };
}

function belowGuest(
  { across, guests }: SeenAcross,
  of: { readonly host: string; readonly sight: HostSight; readonly own: Unflushed },
): Unflushed {
  const { host, sight, own } = of;
  const guest = guests.find((each) => each.host === host);
  if (guest === undefined) {
    if (!isGuest(sight)) return own;
    const words = isGuestUnseen(sight)
      ? 'whether it is a guest was not seen: what lies below is taken to keep what is flushed'
      : 'its hypervisor was not looked at: it is taken to keep what is flushed';
    return { ...own, isKnown: false, parts: [...own.parts, words] };
  }
  const below = across.sightOf(guest.on)?.discovery;
  const caches =
    below === undefined || guest.images.length === 0
      ? [notBounded(`the images of guest ${host} on ${guest.on} were not seen`, false)]
      : guest.images.map((image) => cacheOf(below, image));
  return { ...widestOf([own, ...caches]), crash: own.crash };
}

/** A flush of the guest goes through every mode but one, and then through the file system below. */
function cacheOf(below: Discovery, { path, cache }: Guest['images'][number]): HeldBack {
  const at = `image ${pathText(path)} on ${below.host}`;
  if (cache === 'unsafe') {
    return notBounded(`${at} has cache=unsafe: flushes are ignored, and order is lost`, true);
  }
  const mode = cache === undefined ? "QEMU's default cache mode" : `cache=${cache}`;
  const { flushed } = fileSystemHeld(fileSystemOf(below, path), below);
  return widestOf([within(0, [`${at} has ${mode}: what the guest flushes goes through`]), flushed]);
}

const CONTAINERS =
  /^(?:none|docker|podman|lxc(?:-libvirt)?|openvz|systemd-nspawn|wsl|rkt|proot|pouch|container-other|private-users)$/;

function isGuest({ machine: { virtualization } }: HostSight): boolean {
  return virtualization !== undefined && !CONTAINERS.test(virtualization);
}

function isGuestUnseen({ machine }: HostSight): boolean {
  return machine.virtualization === VIRTUALIZATION_UNSEEN;
}
