/** What answers a request may have, gathered frame by frame, and no more than was asked for. */
import type { Digest } from '../../base/bytes.ts';
import { DIGEST_SIZE } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Codec } from '../../host/codec.ts';
import {
  DATA_SIZE_MAX,
  demandOfPeer,
  FieldReader,
  type Frame,
  KIND,
  LIST_NAMES_MAX,
  PAGE_SIZE_MAX,
  violation,
} from '../core/stdio-frame.ts';
import type { StoredObject } from './store.ts';
import { isObjectName } from './store-request.ts';

export interface Reply {
  /** @throws Fault HF_STORE_PROTOCOL for what may not come now */
  take(frame: Frame): 'more' | 'done';
}

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export class PutReply implements Reply {
  readonly #name: string;
  readonly #sha256: Digest;
  #outcome: 'stored' | 'present' | 'spoilt' = 'spoilt';

  constructor(name: string, sha256: Digest) {
    this.#name = name;
    this.#sha256 = sha256;
  }

  take({ kind, rest }: Frame): 'done' {
    if (kind === KIND.present && rest.length === 0) this.#outcome = 'present';
    else if (kind === KIND.stored && rest.length === DIGEST_SIZE) {
      const isSame = rest.every((byte, at) => byte === this.#sha256.charCodeAt(at));
      this.#outcome = isSame ? 'stored' : 'spoilt';
    } else throw violation('that is no answer to a put');
    return 'done';
  }

  /** @throws Fault HF_STORE_CORRUPT when it holds other bytes than were sent */
  outcome(): 'stored' | 'present' {
    if (this.#outcome !== 'spoilt') return this.#outcome;
    const name = this.#name;
    throw new Fault('HF_STORE_CORRUPT', `${name} was stored with another digest`, { name });
  }
}

export class GetReply implements Reply {
  readonly sizeMax: number;
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  take({ kind, rest }: Frame): 'more' | 'done' {
    if (kind === KIND.end) {
      demandOfPeer(countOf(rest) === this.#size, 'an object that came in part');
      return 'done';
    }
    const isData = kind === KIND.data && rest.length > 0 && rest.length <= DATA_SIZE_MAX;
    demandOfPeer(isData, 'that is no answer to a get');
    // Each piece costs memory of its own beside its bytes: crumbs would cost more than was asked for.
    demandOfPeer(this.#size % DATA_SIZE_MAX === 0, 'an object in crumbs');
    demandOfPeer(this.#size + rest.length <= this.sizeMax, 'more bytes than were asked for');
    this.#parts.push(rest);
    this.#size += rest.length;
    return 'more';
  }

  /** They belong to whoever asks, who asks once. */
  bytes(): Uint8Array {
    const [only] = this.#parts;
    if (only !== undefined && this.#parts.length === 1) return only;
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts.splice(0)) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

export class ListReply implements Reply {
  readonly objects: StoredObject[] = [];
  readonly #prefix: string;
  readonly #codec: Codec;

  constructor(prefix: string, codec: Codec) {
    this.#prefix = prefix;
    this.#codec = codec;
  }

  take({ kind, rest }: Frame): 'more' | 'done' {
    if (kind === KIND.end) {
      demandOfPeer(countOf(rest) === this.objects.length, 'a list that came in part');
      return 'done';
    }
    const isPage = kind === KIND.page && rest.length > 0 && rest.length <= PAGE_SIZE_MAX;
    demandOfPeer(isPage, 'that is no answer to a list');
    const fields = new FieldReader(rest, this.#codec);
    while (!fields.isAtEnd) {
      const sizeBytes = fields.u64();
      this.#add({ name: fields.text(fields.u16()), sizeBytes });
    }
    return 'more';
  }

  #add(object: StoredObject): void {
    const { name } = object;
    const isAsked = isObjectName(name) && name.startsWith(this.#prefix);
    demandOfPeer(isAsked, 'a name that was not asked for');
    demandOfPeer(name > (this.objects.at(-1)?.name ?? ''), 'names that do not ascend');
    demandOfPeer(this.objects.length < LIST_NAMES_MAX, 'too many names');
    this.objects.push(object);
  }
}

export class SpaceReply implements Reply {
  readonly #codec: Codec;
  #space: Space = { freeBytes: 0, totalBytes: 0 };

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  take({ kind, rest }: Frame): 'done' {
    demandOfPeer(kind === KIND.space, 'that is no answer to the question for space');
    const fields = new FieldReader(rest, this.#codec);
    this.#space = { freeBytes: fields.u64(), totalBytes: fields.u64() };
    fields.end();
    return 'done';
  }

  space(): Space {
    return this.#space;
  }
}

function countOf(rest: Uint8Array): number {
  demandOfPeer(rest.length === 8, 'an end without a count');
  const { buffer, byteOffset } = rest;
  return Number(new DataView(buffer, byteOffset, 8).getBigUint64(0, true));
}
