import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import type { DataKey, DataKeySource } from './group.ts';
import { bytesOfHex, type Keyring } from './keyring.ts';
import { CONTENT } from './object-id.ts';
import {
  type KeyScope,
  openSealedKey,
  type Recipient,
  recipientOf,
  type SealedKey,
  sealDataKey,
} from './sealed-key.ts';

/** What of the keyring opens data keys; it can be handed to other threads. */
export type DataKeyOpeners = Pick<Keyring, 'vault' | 'namesKey' | 'contentKey'>;

/** Whom a new data key is sealed to. */
export type DataKeyRecipients = Pick<Keyring, 'vault' | 'namesPublic' | 'contentPublic'>;

/** What was opened before, for who looks into many packs that name the same keys. */
export class OpenedKeys {
  readonly recipients = new Map<KeyScope, Recipient>();
  /** By the bytes of the sealed key. */
  readonly keys = new Map<ByteString, Uint8Array>();
}

const KEY_SIZE = 32;
const ID_SIZE = 16;

/** A data key of this run, and the same sealed to its recipient. */
export interface SealedDataKey {
  readonly dataKey: DataKey;
  readonly sealed: Uint8Array;
}

/** A new data key of one scope. */
export function makeDataKey(tools: Tools, to: DataKeyRecipients, scope: KeyScope): SealedDataKey {
  const dataKey = { id: tools.random.bytes(ID_SIZE), key: tools.random.bytes(KEY_SIZE) };
  const recipients = [scope === CONTENT ? to.contentPublic : to.namesPublic];
  const vault = bytesOfHex(to.vault);
  return { dataKey, sealed: sealDataKey(tools, { scope, vault, ...dataKey, recipients }) };
}

/** The data keys of a vault, each opened when it is first asked for. */
export class DataKeys implements DataKeySource {
  readonly #tools: Tools;
  readonly #openers: DataKeyOpeners;
  readonly #vault: Uint8Array;
  readonly #before: OpenedKeys;
  /** The same key lies in many places, and not all of them need be whole. */
  readonly #sealed = new Map<ByteString, SealedKey[]>();
  readonly #opened = new Map<ByteString, Uint8Array>();

  /** @param openers.before of the same vault and keys */
  constructor(
    tools: Tools,
    openers: DataKeyOpeners & { readonly before?: OpenedKeys },
    sealed: Iterable<SealedKey> = [],
  ) {
    this.#tools = tools;
    this.#openers = openers;
    this.#before = openers.before ?? new OpenedKeys();
    this.#vault = bytesOfHex(openers.vault);
    for (const key of sealed) this.add(key);
  }

  add(key: SealedKey): void {
    const same = this.#sealed.get(key.id);
    if (same === undefined) this.#sealed.set(key.id, [key]);
    else if (!same.some((each) => isEqual(each.bytes, key.bytes))) same.push(key);
  }

  /** A key of this run, which needs no opening. */
  addOpened(key: DataKey): void {
    this.#opened.set(this.#tools.codec.textOf(key.id), key.key);
  }

  /** Sealed keys, as they lie in packs and indexes. */
  *sealed(): Generator<SealedKey> {
    for (const same of this.#sealed.values()) yield* same;
  }

  get(id: ByteString): Uint8Array | undefined {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    this.findOther(id, () => true);
    return this.#opened.get(id);
  }

  /**
   * Ids of data keys are clear, and whoever may write into a vault can seal another key under one that
   * is there: which it is says only a group that opens.
   */
  findOther(id: ByteString, opens: (key: Uint8Array) => boolean): boolean {
    for (const sealed of this.#sealed.get(id) ?? []) {
      const key = this.#openOrNot(sealed);
      if (key === undefined || !opens(key)) continue;
      this.#opened.set(id, key);
      return true;
    }
    return false;
  }

  /** Whether more than one key says that it is the one with this id. */
  isDisputed(id: ByteString): boolean {
    return (this.#sealed.get(id)?.length ?? 0) > 1;
  }

  /**
   * @returns undefined where it is not for us, or was tampered with
   * @throws Fault HF_CONTENT_CORRUPT where a public key in it gives no secret
   */
  open(sealed: SealedKey): Uint8Array | undefined {
    const name = this.#tools.codec.textOf(sealed.bytes);
    const known = this.#before.keys.get(name);
    if (known !== undefined) return known;
    const recipient = this.#recipient(sealed.scope);
    if (recipient === undefined) return undefined;
    const key = openSealedKey(this.#tools, sealed, { vault: this.#vault, recipient });
    if (key !== undefined) this.#before.keys.set(name, key);
    return key;
  }

  /** One that was planted so that it cannot be opened is none. */
  #openOrNot(sealed: SealedKey): Uint8Array | undefined {
    try {
      return this.open(sealed);
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #recipient(scope: KeyScope): Recipient | undefined {
    const { recipients } = this.#before;
    const known = recipients.get(scope);
    if (known !== undefined) return known;
    const key = scope === CONTENT ? this.#openers.contentKey : this.#openers.namesKey;
    if (key === undefined) return undefined;
    const recipient = recipientOf(this.#tools, key);
    recipients.set(scope, recipient);
    return recipient;
  }
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
