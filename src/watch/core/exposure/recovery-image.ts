/** An image that is still there and broken: it can be repaired or restored, and is kept first. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { type FailureDomain, takesHost } from '../domain.ts';
import type { DataSet } from '../estate.ts';
import { type LookedHost, seenOf } from '../look/looked-hosts.ts';
import { isWithin } from '../place.ts';
import { pathWord, type Typed } from './typed-line.ts';

export interface ImageWays {
  readonly host: string;
  readonly path: ByteString;
  /** The guest that it belongs to, where that was seen. */
  readonly guest: string | undefined;
  /** Both ways begin with it: what is wrong now may be the best that there is. */
  readonly keepFirst: readonly Typed[];
  /** How long it takes nobody knows before. */
  readonly repair: readonly Typed[];
}

/** One that no look saw as such is known by its name. */
export function isImage({ kind, places: [place] }: DataSet): boolean {
  return kind === 'image' || /\.(?:img|raw|qcow2?|vmdk|vdi|vhdx?)$/.test(place?.path ?? '');
}

/** It is restored into a directory, under its name. */
export function isOneFile(set: DataSet): boolean {
  return set.places.length === 1 && (isImage(set) || set.entries === 1);
}

/** Undefined where its medium or machine is lost too: then there is nothing to repair. */
export function imageWays(of: {
  readonly set: DataSet;
  readonly domains: readonly FailureDomain[];
  readonly machines: readonly LookedHost[];
}): ImageWays | undefined {
  const { set, domains, machines } = of;
  const [place] = set.places;
  if (set.places.length > 1 || place?.path === undefined || !isImage(set)) return undefined;
  const { host, path } = place;
  const isLeft =
    !domains.some((domain) => takesHost(domain, host) || domain.kind === 'disk') &&
    domains.some(
      (domain) =>
        domain.kind === 'directory' && domain.host === host && isWithin(path, domain.path),
    );
  if (!isLeft) return undefined;
  const guests = seenOf(machines).find((machine) => machine.host === host)?.sight.guests ?? [];
  const guest = guests.find(({ images }) => images.some((image) => image.path === path))?.name;
  const broken = pathWord(byteString(`${path}.broken`));
  const copy = pathWord(byteString(`${path}.repair`));
  const on = host;
  return {
    ...{ host, path, guest },
    keepFirst: [
      ...(guest === undefined
        ? []
        : [{ on, words: ['virsh', 'destroy', ...noOption(guest), pathWord(byteString(guest))] }]),
      { on, words: ['mv', '-n', '--', pathWord(path), broken] },
    ],
    repair: [
      { on, words: ['cp', '--reflink=auto', '--sparse=always', '--', broken, copy] },
      { on, words: ['qemu-img', 'check', copy] },
      { on, words: ['guestfish', '-a', copy, 'run', ':', 'list-filesystems'] },
    ],
  };
}

function noOption(name: string): readonly string[] {
  return name.startsWith('-') ? ['--'] : [];
}
