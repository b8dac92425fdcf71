/**
 * Images of a guest. Of a running one by `virsh backup-begin` in push mode: QEMU itself writes all
 * disks, as they were at one moment, into files whose room was reserved before. Pull mode would
 * need less room and stop the guest when that runs out (docs/design/014-engines.md).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { FrozenSource, FrozenView, ViewRoot } from '../../host/frozen-source.ts';
import { durationMs } from '../../base/units.ts';
import type { EnginePorts } from '../engines/engine-ports.ts';
import { freezeFailed } from '../engines/freeze-fault.ts';
import { onExit, runProgram, whyOf } from '../engines/program.ts';
import {
  bytesName,
  bytesPath,
  makeScratch,
  noRoom,
  type Scratch,
  textPath,
} from '../engines/scratch.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { backupXml, disksIn, type GuestDisk, hasAgent, jobTypeIn, METHOD, Virsh } from './virsh.ts';

export interface LibvirtOptions {
  /** Name or UUID of the guest. */
  readonly domain: string;
  readonly uri?: string | undefined;
  /** Targets, as `vda`; else all. */
  readonly disks?: readonly string[] | undefined;
  /** A directory that the guest's QEMU may write in; else the state directory. */
  readonly scratch?: string | undefined;
  /** For the copying. */
  readonly limitMs?: number | undefined;
}

const URI = 'qemu:///system';
const LIMIT_MS = 12 * 60 * 60_000;
const POLL_MS = durationMs(250);

export function libvirtBackup(ports: EnginePorts, options: LibvirtOptions): FrozenSource {
  return {
    method: METHOD,
    open: async () => {
      if (options.domain === '' || options.domain.startsWith('-')) {
        const instead = 'Write the name of the guest: `domain: NAME`.';
        throw new Fault('HF_CONFIG_INVALID', 'no guest was named', { instead });
      }
      const virsh = new Virsh(options.uri ?? URI);
      const state = await virsh.ask(['domstate', options.domain]);
      const xml = await virsh.ask(['dumpxml', options.domain, '--security-info']);
      const disks = chosenDisks(disksIn(xml), options);
      const guest = { virsh, xml, disks, all: disksIn(xml), state };
      // What sleeps in memory or waits writes no less than what runs, once it goes on.
      if (state === 'shut off') return asItLies(ports, guest);
      const parent = options.scratch === undefined ? ports.scratch : bytesPath(options.scratch);
      await abortOwn(guest.virsh, { domain: options.domain, parent });
      const scratch = makeScratch(parent, 'libvirt');
      try {
        return await new Pushed({ ports, options, guest, scratch }).view();
      } catch (error) {
        scratch.remove();
        throw error;
      }
    },
  };
}

/** The copy of a run that was killed goes on, and no other can begin. It is known by where it goes. */
async function abortOwn(
  virsh: Virsh,
  of: { readonly domain: string; readonly parent: ByteString },
): Promise<void> {
  const running = await virsh.try(['backup-dumpxml', of.domain]);
  if (!running.isOk || !running.stdout.includes(`'${textPath(of.parent)}/libvirt-`)) return;
  await virsh.ask(['domjobabort', of.domain]);
}

interface Guest {
  readonly virsh: Virsh;
  readonly xml: string;
  readonly disks: readonly GuestDisk[];
  readonly all: readonly GuestDisk[];
  readonly state: string;
}

function chosenDisks(all: readonly GuestDisk[], options: LibvirtOptions): readonly GuestDisk[] {
  const { disks = all.map(({ target }) => target), domain } = options;
  const chosen = all.filter(({ target }) => disks.includes(target));
  const absent = disks.find((target) => !all.some((disk) => disk.target === target));
  if (absent === undefined && chosen.length > 0) return chosen;
  const has = all.map(({ target }) => target).join(', ');
  const what = absent === undefined ? 'no disks' : `no disk ${absent}`;
  const instead = `Write one of: ${has === '' ? 'none is there' : has}.`;
  throw new Fault('HF_CONFIG_INVALID', `the guest ${domain} has ${what}`, { instead });
}

function definition(xml: string): ViewRoot {
  return { name: bytesName('domain.xml'), stream: once(`${xml}\n`) };
}

/** Nobody writes them; should the guest be started meanwhile, the snapshot says so. */
function asItLies(ports: EnginePorts, { xml, disks }: Guest): FrozenView {
  const elsewhere = disks.find(({ kind }) => kind === 'network' || kind === 'volume');
  if (elsewhere !== undefined) {
    throw freezeFailed(
      METHOD,
      `${elsewhere.target} is no file or device of this host, and the guest is off`,
    );
  }
  const images = disks.map(({ source }) => bytesPath(source));
  const before = images.map(stampOf);
  const roots = disks.map(
    (disk, at): ViewRoot => ({ name: nameOf(disk, disks), ...whole(images[at] ?? byteString('')) }),
  );
  return {
    roots: [definition(xml), ...roots],
    coveredUpTo: ports.clock.now(),
    guarantee: 'consistent',
    facts: { state: 'shut off', disks: disks.length },
    get notHeld() {
      return images
        .filter((image, at) => stampOf(image) !== before[at])
        .map((path) => ({ path, why: 'the guest was started while its image was read' }));
    },
    close: () => Promise.resolve(),
  };
}

/** A device is read as a stream: as a root it would be captured as a device. */
function whole(path: ByteString) {
  if (fs.statSync(fsPath(path)).isFile()) return { readPath: path, path };
  return { stream: fs.createReadStream(fsPath(path)) };
}

function stampOf(image: ByteString): string {
  const { ctimeNs, mtimeNs, size } = fs.statSync(fsPath(image), { bigint: true });
  return `${ctimeNs} ${mtimeNs} ${size}`;
}

/** As the image is called, where that tells the disks apart. */
function nameOf(disk: GuestDisk, disks: readonly GuestDisk[]): ByteString {
  const last = ({ source }: GuestDisk): string => source.slice(source.lastIndexOf('/') + 1);
  const isAlone = disks.every((other) => other === disk || last(other) !== last(disk));
  const isUsual = isAlone && disk.kind === 'file' && last(disk) !== 'domain.xml';
  return bytesName(isUsual ? last(disk) : `${disk.target}-${last(disk)}`);
}

interface PushParts {
  readonly ports: EnginePorts;
  readonly options: LibvirtOptions;
  readonly guest: Guest;
  readonly scratch: Scratch;
}

class Pushed {
  readonly #of: PushParts;

  constructor(of: PushParts) {
    this.#of = of;
  }

  async view(): Promise<FrozenView> {
    const { ports, guest, scratch } = this.#of;
    const files = await this.#reserve();
    const coveredUpTo = ports.clock.now();
    const isFrozen = hasAgent(guest.xml);
    const forget = onExit(() => this.#abortNow());
    try {
      await this.#begin(files, isFrozen);
      await this.#untilDone();
    } catch (error) {
      this.#abortNow();
      throw error;
    } finally {
      forget();
    }
    const roots = guest.disks.map((disk): ViewRoot => {
      const at = files.get(disk.target)?.path ?? byteString('');
      const name = nameOf(disk, guest.disks);
      if (disk.kind === 'file') return { name, readPath: at, path: bytesPath(disk.source) };
      return { name, stream: fs.createReadStream(fsPath(at)) };
    });
    return {
      roots: [definition(guest.xml), ...roots],
      coveredUpTo,
      guarantee: isFrozen ? 'consistent' : 'crash-consistent',
      facts: {
        state: guest.state,
        disks: guest.disks.length,
        'guest agent': isFrozen ? 'held its file systems still' : 'none',
      },
      close: async () => {
        const left = scratch.remove();
        if (left === undefined) return;
        throw new Fault('HF_THAW_FAILED', left, { left: `Remove it: ${left}.` });
      },
    };
  }

  /**
   * Files with all the room that they can ever need: QEMU lets the guest wait for its copy, and a
   * copy that finds no room would be an error of the guest's own disk.
   */
  async #reserve(): Promise<Map<string, { path: ByteString; format: string }>> {
    const { ports, options, guest, scratch } = this.#of;
    const sizes = new Map<string, number>();
    for (const { target } of guest.disks) {
      const said = await guest.virsh.ask(['domblkinfo', options.domain, target]);
      sizes.set(target, Number(/^Capacity:\s+([0-9]+)/m.exec(said)?.[1] ?? NaN));
    }
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    if (!(bytes > 0)) throw freezeFailed(METHOD, 'virsh does not say how large the disks are');
    const against = noRoom({ parent: scratch.path, minFree: ports.minFree, bytes });
    if (against !== undefined) throw freezeFailed(METHOD, against);
    // QEMU, which is somebody else, passes through; the name of the directory is not to be guessed.
    fs.chmodSync(fsPath(scratch.path), 0o711);
    const files = new Map<string, { path: ByteString; format: string }>();
    for (const { target, source, kind, format: wanted } of guest.disks) {
      const format = wanted === 'qcow2' ? 'qcow2' : 'raw';
      const path = byteString(`${scratch.path}/${target}.${format}`);
      const how = ['-q', '-f', format, '-o', 'preallocation=falloc', textPath(path)];
      const args = ['create', ...how, String(sizes.get(target))];
      const made = await runProgram({ program: 'qemu-img', args, limitMs: 600_000 });
      if (!made.isOk) throw freezeFailed(METHOD, `no room could be reserved: ${whyOf(made)}`);
      giveAs(path, kind === 'file' ? source : undefined);
      files.set(target, { path, format });
    }
    return files;
  }

  async #begin(
    files: ReadonlyMap<string, { readonly path: ByteString; readonly format: string }>,
    isFrozen: boolean,
  ): Promise<void> {
    const { options, guest, scratch } = this.#of;
    const { virsh } = guest;
    const wanted = [...files].map(
      ([target, { path, format }]) => [target, { file: textPath(path), format }] as const,
    );
    const file = byteString(`${scratch.path}/order.xml`);
    fs.writeFileSync(fsPath(file), backupXml(guest.all, new Map(wanted)));
    const order = ['backup-begin', options.domain, textPath(file), '--reuse-external'];
    if (!isFrozen) {
      await virsh.ask(order);
      return;
    }
    const thawNow = ['domfsthaw', options.domain];
    const forget = onExit(() => spawnSync('virsh', virsh.args(thawNow), { timeout: 10_000 }));
    const [begun] = await Promise.allSettled([this.#frozen(order)]);
    const left = await this.#thaw();
    forget();
    if (left !== undefined) throw new Fault('HF_THAW_FAILED', left, { left: `Run ${left}` });
    if (begun.status === 'rejected') throw begun.reason;
  }

  async #frozen(order: readonly string[]): Promise<void> {
    const { options, guest } = this.#of;
    await guest.virsh.ask(['domfsfreeze', options.domain]);
    await guest.virsh.ask(order);
  }

  /** The guest stands still until this is done: it is tried again before anybody is called. */
  async #thaw(): Promise<string | undefined> {
    const { options, guest, ports } = this.#of;
    let why = '';
    for (let tried = 0; tried < 5; tried++) {
      const ended = await guest.virsh.try(['domfsthaw', options.domain]);
      if (ended.isOk) return undefined;
      why = whyOf(ended);
      await ports.clock.sleep(POLL_MS);
    }
    return `virsh domfsthaw ${options.domain}: its file systems may still be frozen (${why})`;
  }

  async #untilDone(): Promise<void> {
    const { options, guest, ports } = this.#of;
    const started = ports.clock.monotonic();
    const limitMs = options.limitMs ?? LIMIT_MS;
    while (jobTypeIn(await guest.virsh.ask(['domjobinfo', options.domain])) !== 'none') {
      if (ports.clock.monotonic() - started > limitMs) {
        throw freezeFailed(METHOD, `the copy took longer than ${Math.ceil(limitMs / 1000)} s`);
      }
      await ports.clock.sleep(POLL_MS);
    }
    const end = jobTypeIn(await guest.virsh.ask(['domjobinfo', options.domain, '--completed']));
    if (end !== 'completed') throw freezeFailed(METHOD, `the copy ended as ${end || 'unknown'}`);
  }

  /** What was begun is not left to run; where nothing runs, it says so and no harm is done. */
  #abortNow(): void {
    const { options, guest } = this.#of;
    spawnSync('virsh', guest.virsh.args(['domjobabort', options.domain]), { timeout: 10_000 });
  }
}

/** libvirt gives it to QEMU where it may; else it is QEMU's own as the image is. */
function giveAs(path: ByteString, source: string | undefined): void {
  if (process.getuid?.() !== 0 || source === undefined) return;
  const { uid, gid } = fs.statSync(source);
  fs.chownSync(fsPath(path), uid, gid);
}

async function* once(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}
