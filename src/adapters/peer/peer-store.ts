/** A vault at a peer, as a store. Lines that break are asked again; an upload goes on where it was cut. */
import { assert } from '../../base/assert.ts';
import { byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { durationMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Random } from '../../host/random.ts';
import {
  PAGE_BYTES_MAX,
  parseAbout,
  parseHeld,
  parsePage,
  parseStored,
  PEER_VERSION,
  type PeerAbout,
} from '../../vault/core/peer-message.ts';
import {
  demandOfPeer,
  JSON_SIZE_MAX,
  LIST_NAMES_MAX,
  objectSizeMax,
} from '../../vault/core/stdio-frame.ts';
import type { ByteRange, StoredObject } from '../../vault/shell/store.ts';
import {
  checkName,
  checkPrefix,
  checkRange,
  isObjectName,
} from '../../vault/shell/store-request.ts';
import type { RemoteStore } from '../ssh/remote-store.ts';
import { type PeerAnswer, PeerLine, type PeerQuestion } from './peer-line.ts';
import type { PeerAccess } from './peer-place.ts';

export interface PeerStorePorts {
  readonly clock: Pick<Clock, 'sleep'>;
  /** Draws the names of uploads. */
  readonly random: Random;
  /** A line on which nothing moves for so long is lost. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;
/** After a line broke: a router that starts again takes about a minute. */
const AGAIN_MS = [200, 1000, 4000, 15_000, 30_000];
/** How often it is waited where it says that it is asked too fast. */
const BUSY_MAX = 10;
const UPLOAD_ID_SIZE = 16;

/** @throws Fault HF_PEER_*, HF_STORE_LINK_LOST, HF_STORE_PROTOCOL */
export async function openPeerStore(
  access: PeerAccess,
  ports: PeerStorePorts,
): Promise<RemoteStore> {
  const line = new PeerLine(access, ports.idleMs ?? IDLE_MS);
  try {
    const store = new PeerStore(line, ports);
    const about = await store.about();
    const said = `it speaks version ${about.versions.join(', ')}, this side ${PEER_VERSION}`;
    demandOfPeer(about.versions.includes(PEER_VERSION), said);
    const { host } = access.place;
    return {
      ...{ kind: 'https', promises: { durable: true, digest: 'returned' } },
      says: `This host's token reads and adds on ${host} and deletes nothing there; who has another way into ${host} can.`,
      ...(about.machine === undefined ? {} : { machineId: about.machine }),
      ...(about.directory === undefined ? {} : { directoryId: about.directory }),
      space: async () => {
        const { freeBytes, totalBytes } = await store.about();
        return { freeBytes, totalBytes };
      },
      putIfAbsent: (name, bytes, sha256) => store.put(name, bytes, sha256),
      get: (name, range) => store.get(name, range),
      list: (prefix) => store.list(prefix),
      roundTrips: () => line.roundTrips,
      close: async () => line.close(),
    };
  } catch (error) {
    line.close();
    throw error;
  }
}

class PeerStore {
  readonly #line: PeerLine;
  readonly #ports: PeerStorePorts;
  #wasThere = false;

  constructor(line: PeerLine, ports: PeerStorePorts) {
    this.#line = line;
    this.#ports = ports;
  }

  async about(): Promise<PeerAbout> {
    const { bytes } = await this.#read({ method: 'GET', below: '', sizeMax: JSON_SIZE_MAX });
    return parseAbout(latin1(bytes));
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array> {
    checkName(name);
    checkRange(range);
    const sizeMax = Math.min(range?.length ?? Number.POSITIVE_INFINITY, objectSizeMax(name));
    const query = range === undefined ? '' : `?offset=${range.offset}&length=${sizeMax}`;
    const below = `/objects/${name}${query}`;
    const { bytes } = await this.#read({ method: 'GET', below, sizeMax });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async list(prefix: string): Promise<readonly StoredObject[]> {
    checkPrefix(prefix);
    const found: StoredObject[] = [];
    for (;;) {
      const after = found.at(-1)?.name ?? '';
      const below = `/list?prefix=${encodeURIComponent(prefix)}&after=${encodeURIComponent(after)}`;
      const { bytes } = await this.#read({ method: 'GET', below, sizeMax: PAGE_BYTES_MAX });
      const { objects, isLast } = parsePage(bytes.toString('latin1'));
      for (const object of objects) {
        const isAsked = isObjectName(object.name) && object.name.startsWith(prefix);
        demandOfPeer(isAsked, 'a name that was not asked for');
        demandOfPeer(object.name > (found.at(-1)?.name ?? ''), 'names that do not ascend');
        demandOfPeer(found.length < LIST_NAMES_MAX, 'too many names');
        found.push(object);
      }
      if (isLast) return found;
    }
  }

  async put(name: string, bytes: Uint8Array, sha256: Digest): Promise<'stored' | 'present'> {
    checkName(name);
    assert(bytes.length <= objectSizeMax(name), 'an object is as small as its format says');
    const upload = Buffer.from(this.#ports.random.bytes(UPLOAD_ID_SIZE)).toString('hex');
    const answer = await this.#again((wasLost) =>
      this.#putOnce({ name, bytes, sha256, upload }, wasLost),
    );
    const { outcome, sha256: there } = parseStored(latin1(answer.bytes));
    demandOfPeer((outcome === 'stored') === (answer.status === 201), 'two answers in one');
    if (outcome === 'stored' && there !== sha256) throw spoilt(name, 'was stored with');
    // Whoever is called by its digest, and has another, would be taken for what was to be put.
    if (outcome === 'present' && there !== sha256 && name.endsWith(`/${hexOf(sha256)}`)) {
      throw spoilt(name, 'is there already, with');
    }
    return outcome;
  }

  async #putOnce(
    of: {
      readonly name: string;
      readonly bytes: Uint8Array;
      readonly sha256: Digest;
      readonly upload: string;
    },
    wasLost: boolean,
  ): Promise<PeerAnswer> {
    const { name, bytes, sha256, upload } = of;
    const held = wasLost ? Math.min(await this.#held(upload), bytes.length) : 0;
    const send = (offset: number): Promise<PeerAnswer> =>
      this.#line.ask({
        method: 'PUT',
        below: `/objects/${name}`,
        fields: {
          'holdfast-sha256': hexOf(sha256),
          'holdfast-size': String(bytes.length),
          'holdfast-upload': upload,
          'holdfast-offset': String(offset),
        },
        body: bytes.subarray(offset),
        sizeMax: JSON_SIZE_MAX,
      });
    try {
      return await send(held);
    } catch (error) {
      // It was given up there meanwhile.
      if (error instanceof Fault && error.code === 'HF_PEER_UPLOAD' && held > 0) return send(0);
      throw error;
    }
  }

  async #held(upload: string): Promise<number> {
    const below = `/uploads/${upload}`;
    const { bytes } = await this.#line.ask({ method: 'GET', below, sizeMax: JSON_SIZE_MAX });
    return parseHeld(latin1(bytes));
  }

  #read(question: PeerQuestion): Promise<PeerAnswer> {
    return this.#again(() => this.#line.ask(question));
  }

  /** What broke is asked again, what comes too fast waits as long as it is told. */
  async #again<T>(ask: (wasLost: boolean) => Promise<T>): Promise<T> {
    let lostCount = 0;
    let busyCount = 0;
    for (;;) {
      try {
        const answer = await ask(lostCount > 0);
        this.#wasThere = true;
        return answer;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const isBusy = error.code === 'HF_PEER_BUSY';
        const waitMs = isBusy
          ? Number(error.facts.seconds ?? 1) * 1000
          : this.#isPassing(error)
            ? AGAIN_MS[lostCount]
            : undefined;
        if (isBusy) busyCount += 1;
        else lostCount += 1;
        if (waitMs === undefined || busyCount > BUSY_MAX) throw error;
        await this.#ports.clock.sleep(durationMs(waitMs));
      }
    }
  }

  /** One that is started again is waited for; one that was never there is not. */
  #isPassing({ code }: Fault): boolean {
    if (code === 'HF_PEER_UNREACHABLE') return this.#wasThere;
    return code === 'HF_STORE_LINK_LOST' || code === 'HF_PEER_UPLOAD';
  }
}

function latin1(bytes: Buffer) {
  return byteString(bytes.toString('latin1'));
}

function spoilt(name: string, how: string): Fault {
  return new Fault('HF_STORE_CORRUPT', `${name} ${how} another digest`, { name });
}
