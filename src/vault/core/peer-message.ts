/** What docs/format/peer.md says in JSON, pages and names: between text and what it means. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString, hexOf, parseDigest } from '../../base/bytes.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { JsonFields } from './json-fields.ts';
import { demandOfPeer, JSON_SIZE_MAX, LIST_NAMES_MAX, violation } from './stdio-frame.ts';

export const PEER_VERSION = 1;
export const PAGE_NAMES_MAX = 32_768;
export const PAGE_BYTES_MAX = 8 * 1_048_576;
/** Of what one vault may hold: a client takes no longer list. */
export const OBJECTS_MAX = LIST_NAMES_MAX;
/** Of a host of which nothing else was said: some 8 TB in packs, and lists that take a second. */
export const OBJECTS_DEFAULT = 262_144;

const VAULT_NAME = /^[a-z0-9][a-z0-9.-]{0,62}$/;
const UPLOAD_ID = /^[0-9a-f]{32}$/;
const ID_DIGITS = 32;
const TEXT_SIZE_MAX = 500;
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };

export interface PeerQuota {
  /** Undefined: no limit but the space that stays free. */
  readonly bytes: number | undefined;
  readonly objects: number;
}

export interface PeerUse {
  readonly bytes: number;
  readonly objects: number;
}

/** What a peer says of itself and of one vault. */
export interface PeerAbout {
  readonly versions: readonly number[];
  readonly software: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly used: PeerUse;
  readonly quota: PeerQuota;
  readonly machine?: string;
  /** Which directory of that machine the vault is: as in the greeting of stdio. */
  readonly directory?: string;
}

export interface PeerStored {
  readonly outcome: 'stored' | 'present';
  readonly sha256: Digest;
}

export interface ListedObject {
  readonly name: string;
  readonly sizeBytes: number;
}

export function isVaultName(text: string): boolean {
  return VAULT_NAME.test(text) && !text.includes('..');
}

export function isUploadId(text: string): boolean {
  return UPLOAD_ID.test(text);
}

export function encodeAbout(about: PeerAbout): string {
  const { versions, software, freeBytes, totalBytes, used, quota, machine, directory } = about;
  return asciiJson({
    ...{ versions, software, free: freeBytes, total: totalBytes, used },
    quota: { ...(quota.bytes === undefined ? {} : { bytes: quota.bytes }), objects: quota.objects },
    ...(machine === undefined ? {} : { machine }),
    ...(directory === undefined ? {} : { directory }),
  });
}

/** @throws Fault HF_STORE_PROTOCOL */
export function parseAbout(text: ByteString): PeerAbout {
  return asPeer(() => {
    const fields = jsonFields(text);
    const used = fields.object('used');
    const quota = fields.object('quota');
    return {
      versions: fields.list('versions').filter((each) => typeof each === 'number'),
      software: harmless(fields.text('software')),
      freeBytes: fields.integer('free', COUNT),
      totalBytes: fields.integer('total', COUNT),
      used: { bytes: used.integer('bytes', COUNT), objects: used.integer('objects', COUNT) },
      quota: {
        bytes: quota.has('bytes') ? quota.integer('bytes', COUNT) : undefined,
        objects: quota.integer('objects', COUNT),
      },
      ...(fields.has('machine') ? { machine: fields.hex('machine', ID_DIGITS) } : {}),
      ...(fields.has('directory') ? { directory: fields.hex('directory', ID_DIGITS) } : {}),
    };
  });
}

export function encodeStored({ outcome, sha256 }: PeerStored): string {
  return asciiJson({ outcome, sha256: hexOf(sha256) });
}

/** @throws Fault HF_STORE_PROTOCOL */
export function parseStored(text: ByteString): PeerStored {
  return asPeer(() => {
    const fields = jsonFields(text);
    const outcome = fields.text('outcome');
    const sha256 = parseDigest(fields.text('sha256'));
    demandOfPeer(outcome === 'stored' || outcome === 'present', 'that is no answer to a put');
    demandOfPeer(sha256 !== undefined, 'an answer without a digest');
    return { outcome, sha256 };
  });
}

export function encodeHeld(held: number): string {
  return asciiJson({ held });
}

/** @throws Fault HF_STORE_PROTOCOL */
export function parseHeld(text: ByteString): number {
  return asPeer(() => jsonFields(text).integer('held', COUNT));
}

/** @param objects sorted by name. @returns the page of those behind `after` */
export function encodePage(objects: readonly ListedObject[], after: string): string {
  const from = after === '' ? 0 : firstBehind(objects, after);
  const lines: string[] = [];
  let size = 0;
  for (const { name, sizeBytes } of objects.slice(from, from + PAGE_NAMES_MAX)) {
    const line = `${sizeBytes} ${name}\n`;
    if (size + line.length > PAGE_BYTES_MAX - 16) break;
    size += line.length;
    lines.push(line);
  }
  return `${lines.join('')}${from + lines.length < objects.length ? 'more' : 'end'}\n`;
}

/** @param page of `encodePage` */
export function isLastPage(page: string): boolean {
  return page.endsWith('end\n');
}

function firstBehind(objects: readonly ListedObject[], after: string): number {
  const at = objects.findIndex(({ name }) => name > after);
  return at === -1 ? objects.length : at;
}

/**
 * Names are looked at by whoever asked for them.
 *
 * @throws Fault HF_STORE_PROTOCOL
 */
export function parsePage(text: string): {
  readonly objects: readonly ListedObject[];
  readonly isLast: boolean;
} {
  const lines = text.split('\n');
  demandOfPeer(lines.pop() === '', 'a page that was cut');
  const last = lines.pop();
  demandOfPeer(last === 'end' || last === 'more', 'a page without an end');
  demandOfPeer(lines.length <= PAGE_NAMES_MAX, `a page of ${lines.length} names`);
  demandOfPeer(last === 'end' || lines.length > 0, 'a page of nothing, and more to come');
  const objects = lines.map((line) => {
    const [, size, name = ''] = /^([0-9]{1,15}) ([!-~]+)$/.exec(line) ?? [];
    demandOfPeer(size !== undefined, 'a line of a list that is none');
    return { name, sizeBytes: Number(size) };
  });
  return { objects, isLast: last === 'end' };
}

/** What a peer may say of a request; any other code comes out as HF_STORE_FAILED. */
const CODES: ReadonlySet<string> = new Set<FaultCode>([
  'HF_DISK_ABSENT',
  'HF_DISK_DENIED',
  'HF_DISK_FAILED',
  'HF_DISK_FULL',
  'HF_PEER_BUSY',
  'HF_PEER_FULL',
  'HF_PEER_QUOTA',
  'HF_PEER_TOKEN',
  'HF_PEER_UPLOAD',
  'HF_PEER_VAULT',
  'HF_STORE_ABSENT',
  'HF_STORE_CORRUPT',
  'HF_STORE_NAME',
  'HF_STORE_PROTOCOL',
]);
/** What remedies of these codes are filled with. */
const FACTS = ['name', 'path', 'errno', 'host'] as const;

export function encodePeerFault({ code, message, facts }: Fault): string {
  const told: Record<string, string> = {};
  for (const name of FACTS) {
    if (facts[name] !== undefined) told[name] = String(facts[name]).slice(0, TEXT_SIZE_MAX);
  }
  return asciiJson({ code, message: message.slice(0, TEXT_SIZE_MAX), facts: told });
}

/**
 * @param where the other machine, for people: before its message and before paths on it
 * @throws Fault HF_STORE_PROTOCOL
 */
export function parsePeerFault(text: ByteString, where: string): Fault {
  return asPeer(() => {
    const fields = jsonFields(text);
    const code = fields.text('code');
    const given = fields.object('facts');
    const facts: Record<string, string> = {
      path: where,
      peer: where,
      host: '',
      name: 'the object',
    };
    for (const name of FACTS) if (given.has(name)) facts[name] = harmless(given.text(name));
    if (given.has('path')) facts.path = `${where}:${facts.path}`;
    const message = `on ${where}: ${harmless(fields.text('message'))}`;
    return new Fault(isKnown(code) ? code : 'HF_STORE_FAILED', message, facts);
  });
}

function isKnown(code: string): code is FaultCode {
  return CODES.has(code);
}

/** What another machine says is shown on a terminal here. */
function harmless(text: string): string {
  return sayText(text.slice(0, TEXT_SIZE_MAX));
}

function asciiJson(value: object): string {
  return JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function jsonFields(text: ByteString): JsonFields {
  demandOfPeer(text.length <= JSON_SIZE_MAX, `JSON of ${text.length} bytes`);
  return JsonFields.parse('an answer', byteString(text));
}

/** What cannot be parsed here is no damaged vault. */
function asPeer<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'HF_VAULT_CORRUPT') throw cause;
    throw violation(cause.message);
  }
}
