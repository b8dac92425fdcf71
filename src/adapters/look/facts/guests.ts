import { byteString } from '../../../base/bytes.ts';
import type { Guest } from '../../../watch/core/look/host-sight.ts';
import { joinPath } from '../../discovery/world.ts';
import { disksIn, nameIn } from '../../libvirt/virsh.ts';
import type { Recording } from '../recording.ts';
import { wordsOf } from '../words.ts';
import { guestOfProcess } from './qemu-process.ts';
import { linesOf, type Told } from './told.ts';

const DEFINITIONS = byteString('/etc/libvirt/qemu');
const AUTOSTART = byteString('/etc/libvirt/qemu/autostart');

/** Guests by their definitions, by what libvirt lists, and by what runs. */
export function guestsOf(told: Told, of: Recording): readonly Guest[] {
  const found = new Map<string, Guest>();
  const running = new Map<string, Guest>();
  for (const { args } of of.processes.values()) {
    const guest = guestOfProcess(args);
    if (guest !== undefined) running.set(guest.name, guest);
  }
  for (const guest of definedGuests(told)) found.set(guest.name, guest);
  // Who may read the definitions sees all processes: what has none does not run.
  const seesAll = found.size > 0 && of.begin?.uid === 0 && of.processes.size > 0;
  for (const [name, guest] of found) {
    const now = running.get(name);
    if (now !== undefined)
      found.set(name, { ...guest, state: 'running', images: bothOf(guest, now) });
    else if (seesAll) found.set(name, { ...guest, state: 'shut off' });
  }
  for (const [name, guest] of running) if (!found.has(name)) found.set(name, guest);
  for (const { name, state } of listedGuests(told)) {
    const guest = found.get(name) ?? { name, state, startsByItself: undefined, images: [] };
    found.set(name, { ...guest, state: guest.state === 'running' ? 'running' : state });
  }
  return [...found.values()];
}

/**
 * As defined; what runs may have further images by now, and says what is not defined. A definition
 * that was changed counts from the next start: of the two cache modes the unsafe one is said.
 */
function bothOf(defined: Guest, now: Guest): Guest['images'] {
  const known = new Set(defined.images.map(({ path }) => path));
  const runs = new Map(now.images.map((image) => [image.path, image.cache]));
  const images = defined.images.map((image) =>
    runs.get(image.path) === 'unsafe' ? { ...image, cache: 'unsafe' } : image,
  );
  return [...images, ...now.images.filter(({ path }) => !known.has(path))];
}

function definedGuests({ world }: Told): readonly Guest[] {
  const started = world.list(AUTOSTART);
  const byThemselves = started && new Set<string>(started.map(({ name }) => name));
  return (world.list(DEFINITIONS) ?? []).flatMap(({ name: file }) => {
    const xml = file.endsWith('.xml') ? world.read(joinPath(DEFINITIONS, file)) : undefined;
    const name = xml === undefined ? undefined : nameIn(xml);
    if (xml === undefined || name === undefined) return [];
    return {
      name: wordsOf(name),
      state: 'unknown' as const,
      startsByItself: byThemselves?.has(file),
      images: disksIn(xml)
        .filter(({ source }) => source.startsWith('/'))
        .map(({ source, cache, format }) => ({
          path: byteString(source),
          cache: cache && wordsOf(cache),
          format: wordsOf(format),
        })),
    };
  });
}

const ROW =
  /^\s*(?:-|\d+)\s+(\S.*?)\s+(running|idle|paused|in shutdown|pmsuspended|shut off|crashed|dying|no state)\s*$/;

/** The table of `virsh list --all`. What is paused has its images open as what runs. */
function listedGuests(told: Told): readonly Pick<Guest, 'name' | 'state'>[] {
  return linesOf(told.printed('virsh list')).flatMap((line) => {
    const [, name, said = ''] = ROW.exec(line.slice(0, 300)) ?? [];
    if (name === undefined) return [];
    const isOff = said === 'shut off' || said === 'crashed';
    const isOpen = /^(?:running|idle|paused|in shutdown|pmsuspended)$/.test(said);
    const state = isOff ? 'shut off' : isOpen ? 'running' : 'unknown';
    return { name: wordsOf(name), state } as const;
  });
}
