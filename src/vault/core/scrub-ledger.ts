/** When the bytes of each pack were last read and proven: lines, and what follows from them. docs/format/scrub-ledger.md. */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';

export type ScrubKind = 'seen' | 'medium' | 'memory' | 'damaged';

/** What is known of one pack; milliseconds of the wall clock. */
export interface PackTimes {
  /** It came after this. */
  readonly seenAt: number | undefined;
  readonly mediumAt: number | undefined;
  readonly memoryAt: number | undefined;
  readonly damagedAt: number | undefined;
}

export interface ScrubFile {
  readonly begunAt: number;
  readonly isEnded: boolean;
  /** When all packs were last listed. */
  readonly listedAt: number | undefined;
  readonly packs: ReadonlyMap<string, PackTimes>;
}

/** A vault at a place. */
export interface ScrubOf {
  /** 64 hex digits, or as its id is written. */
  readonly vault: string;
  /** `-`, or what tells one medium at a place from another. */
  readonly medium: string;
}

type Hash = Pick<Tools, 'hash'>;

const FORMAT = 'holdfast-scrub-0';
const CHECK_DIGITS = 8;
const LETTERS: Readonly<Record<ScrubKind, string>> = {
  ...{ seen: 's', medium: 'm', memory: 'c', damaged: 'd' },
};
const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind]));
const LINE = /^([lsmcde]) ([0-9]{1,16})(?: ([0-9a-f]{64}))?$/;

export const UNKNOWN_PACK: PackTimes = {
  ...{ seenAt: undefined, mediumAt: undefined, memoryAt: undefined, damagedAt: undefined },
};

function checked(tools: Hash, body: string): ByteString {
  const check = hexOf(tools.hash.sha256Text(byteString(body))).slice(0, CHECK_DIGITS);
  return byteString(`${body} ${check}\n`);
}

export function firstLine(tools: Hash, { vault, medium }: ScrubOf, begunAt: number): ByteString {
  return checked(tools, `${FORMAT} ${vault} ${medium} ${begunAt}`);
}

export function packLine(tools: Hash, { kind, at, pack }: PackLine): ByteString {
  return checked(tools, `${LETTERS[kind]} ${at} ${pack}`);
}

export function listedLine(tools: Hash, at: number): ByteString {
  return checked(tools, `l ${at}`);
}

export function endLine(tools: Hash, at: number): ByteString {
  return checked(tools, `e ${at}`);
}

export interface PackLine {
  readonly kind: ScrubKind;
  readonly at: number;
  /** 64 hex digits. */
  readonly pack: string;
}

/** All that holds of a pack, as lines. */
export function linesOf(tools: Hash, pack: string, times: PackTimes): ByteString {
  const { seenAt, mediumAt, memoryAt, damagedAt } = times;
  const given = { seen: seenAt, medium: mediumAt, memory: memoryAt, damaged: damagedAt };
  const lines = KIND_ORDER.flatMap((kind) => {
    const at = given[kind];
    return at === undefined ? [] : [packLine(tools, { kind, at, pack })];
  });
  return byteString(lines.join(''));
}

const KIND_ORDER: readonly ScrubKind[] = ['seen', 'medium', 'memory', 'damaged'];

/** The body of a line whose digits fit. */
function bodyOf(tools: Hash, line: string): string | undefined {
  const at = line.length - CHECK_DIGITS - 1;
  const body = line.slice(0, Math.max(0, at));
  return `${line}\n` === checked(tools, body) ? body : undefined;
}

/** @returns undefined where it says nothing of this vault on this medium */
export function parseScrubFile(
  tools: Hash,
  text: ByteString,
  { vault, medium, now }: ScrubOf & { readonly now: number },
): ScrubFile | undefined {
  // What follows the last line end is torn.
  const [first = '', ...rest] = text.split('\n').slice(0, -1);
  const head = bodyOf(tools, first)?.split(' ') ?? [];
  const begunAt = Number(head[3]);
  if (head.length !== 4 || head[0] !== FORMAT || head[1] !== vault || head[2] !== medium) {
    return undefined;
  }
  if (!Number.isSafeInteger(begunAt)) return undefined;
  const packs = new Map<string, PackTimes>();
  let [isEnded, listedAt]: [boolean, number | undefined] = [false, undefined];
  for (const line of rest) {
    const match = LINE.exec(bodyOf(tools, line) ?? '');
    const [, letter = '', digits, pack] = match ?? [];
    if (match === null) continue;
    if (letter === 'e') isEnded = true;
    // A clock that was set back makes no reading of what is still to come; damage it makes no less.
    const at = letter === 'd' ? Math.min(Number(digits), now) : Number(digits);
    if (at > now) continue;
    if (letter === 'l') listedAt = laterOf(listedAt, at);
    const kind = KINDS.get(letter);
    if (kind === undefined || pack === undefined) continue;
    const times = { ...UNKNOWN_PACK, [`${kind}At`]: at };
    packs.set(pack, mergedTimes(packs.get(pack) ?? UNKNOWN_PACK, times));
  }
  return { begunAt, isEnded, listedAt, packs };
}

export interface ScrubLedger {
  readonly listedAt: number | undefined;
  readonly packs: ReadonlyMap<string, PackTimes>;
}

export function mergedFiles(files: readonly ScrubFile[]): ScrubLedger {
  const packs = new Map<string, PackTimes>();
  let listedAt: number | undefined;
  for (const file of files) {
    listedAt = laterOf(listedAt, file.listedAt);
    for (const [pack, times] of file.packs) {
      packs.set(pack, mergedTimes(packs.get(pack) ?? UNKNOWN_PACK, times));
    }
  }
  return { listedAt, packs };
}

export function mergedTimes(one: PackTimes, other: PackTimes): PackTimes {
  return {
    seenAt: laterOf(one.seenAt, other.seenAt, -1),
    mediumAt: laterOf(one.mediumAt, other.mediumAt),
    memoryAt: laterOf(one.memoryAt, other.memoryAt),
    damagedAt: laterOf(one.damagedAt, other.damagedAt),
  };
}

/** @param sign -1: the earlier one */
function laterOf(one: number | undefined, other: number | undefined, sign = 1): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return sign * Math.max(sign * one, sign * other);
}

/** Since when nobody has read it otherwise: the last look found it damaged. */
export function isDamaged({ mediumAt, memoryAt, damagedAt }: PackTimes): boolean {
  if (damagedAt === undefined) return false;
  return damagedAt >= Math.max(mediumAt ?? -1, memoryAt ?? -1);
}

/** Which readings count: where none was from the medium, those that memory may have served. */
export type ScrubFrom = 'medium' | 'memory';

export function scrubFrom(packs: readonly string[], ledger: ScrubLedger): ScrubFrom {
  const isAny = packs.some((pack) => ledger.packs.get(pack)?.mediumAt !== undefined);
  return isAny ? 'medium' : 'memory';
}

/** When it was last read and proven; undefined where that never was, or was found damaged since. */
export function provenAt(times: PackTimes | undefined, from: ScrubFrom): number | undefined {
  if (times === undefined || isDamaged(times)) return undefined;
  if (from === 'medium') return times.mediumAt;
  return laterOf(times.mediumAt, times.memoryAt);
}

/** Packs in the order in which they are to be read. */
export function inScrubOrder(packs: readonly string[], ledger: ScrubLedger): readonly string[] {
  const from = scrubFrom(packs, ledger);
  const ranked = packs.map((pack) => {
    const times = ledger.packs.get(pack);
    const at = provenAt(times, from);
    const turn = times !== undefined && isDamaged(times) ? 0 : at === undefined ? 1 : 2;
    // Of what was never read, what came last comes first.
    return { pack, turn, at: at ?? -(times?.seenAt ?? Number.MAX_SAFE_INTEGER) };
  });
  ranked.sort((a, b) => a.turn - b.turn || a.at - b.at || (a.pack < b.pack ? -1 : 1));
  return ranked.map(({ pack }) => pack);
}

/** How much of a vault was read, and how long ago. Plain data. */
export interface ScrubStanding {
  readonly packs: number;
  /** Never read whole and found right, or not since they were found damaged. */
  readonly unread: number;
  readonly damaged: number;
  readonly from: ScrubFrom;
  /** Of those that were read: the one that was read longest ago. Undefined where none was. */
  readonly readWithinMs: number | undefined;
  /** So long nothing was unread: of those that never were read, since they came. */
  readonly oldestAgeMs: number;
}

export function scrubStanding(
  packs: readonly string[],
  ledger: ScrubLedger,
  { now, oldestContent }: { readonly now: number; readonly oldestContent: number },
): ScrubStanding {
  const from = scrubFrom(packs, ledger);
  let [unread, damaged, oldestRead, oldest] = [0, 0, now, now];
  for (const pack of packs) {
    const times = ledger.packs.get(pack);
    const at = provenAt(times, from);
    if (times !== undefined && isDamaged(times)) damaged += 1;
    if (at === undefined) unread += 1;
    else oldestRead = Math.min(oldestRead, at);
    oldest = Math.min(oldest, at ?? times?.seenAt ?? oldestContent);
  }
  const readWithinMs = unread === packs.length ? undefined : now - oldestRead;
  return { packs: packs.length, unread, damaged, from, readWithinMs, oldestAgeMs: now - oldest };
}
