/** The journal of an apply as lines: docs/format/guard-journal.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { base64OfText, textOfBase64 } from '../../manifest/core/base64.ts';
import { textField } from '../../manifest/core/entry-line.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import {
  decimalAt,
  hasPath,
  invalidPlan,
  listAt,
  memberAt,
  numberAt,
  objectOf,
  pathAt,
  type Raw,
  textAt,
  timeAt,
  wordAt,
} from './plan-fields.ts';

/** How one run of an apply ended. */
export type RunEnd = 'applied' | 'stale' | 'stopped';

const ENDS = ['applied', 'stale', 'stopped'] as const;
const PERMITS = ['all', 'creates'] as const;

/** Attributes of what is there before they are changed. */
export interface WasAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly (readonly [name: ByteString, value: ByteString])[];
}

/** What tells again what was put in. */
export interface Made {
  readonly inode: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export interface RunBegin {
  readonly at: UnixMs;
  /** Of the plan, 64 hexadecimal digits. */
  readonly digest: string;
  readonly holder: string;
  readonly permit: (typeof PERMITS)[number];
  /** Absolute. */
  readonly target: ByteString;
  readonly token: number;
  readonly until: UnixMs;
}

export interface Intent {
  readonly n: number;
  /** Of which quarantine; undefined: nothing of it is kept, and there is no undo of it. */
  readonly place?: number;
  readonly made?: Made;
  readonly was?: WasAttributes;
}

export type JournalLine =
  | { readonly kind: 'begin'; readonly begin: RunBegin }
  /** @param path of the quarantine with the name of the plan, absolute */
  | {
      readonly kind: 'place';
      readonly index: number;
      readonly path: ByteString;
      /** Of its file system: where another has that path now, it is away, and not gone. */
      readonly device?: bigint;
    }
  | { readonly kind: 'dir' | 'left'; readonly path: ByteString; readonly mtimeNs: bigint }
  | { readonly kind: 'intend'; readonly intent: Intent }
  /** It was meant, and found not to be done. */
  | { readonly kind: 'not'; readonly n: number }
  | { readonly kind: 'durable'; readonly lines: number }
  | { readonly kind: 'end'; readonly at: UnixMs; readonly outcome: RunEnd; readonly why?: string };

/** With its newline, in UTF-8. */
export function journalLine(line: JournalLine): ByteString {
  switch (line.kind) {
    case 'begin':
      return beginLine(line.begin);
    case 'place':
      return placeLine(line);
    case 'dir':
    case 'left':
      return wrapped(line.kind, `"mtime":"${line.mtimeNs}",${textField('path', line.path)}`);
    case 'intend':
      return intentLine(line.intent);
    case 'not':
      return byteString(`{"not":${line.n}}\n`);
    case 'durable':
      return byteString(`{"durable":${line.lines}}\n`);
    case 'end':
      return endLine(line);
  }
}

function placeLine({ device, index, path }: Extract<JournalLine, { kind: 'place' }>): ByteString {
  const of = device === undefined ? '' : `"device":"${device}",`;
  return wrapped('place', `${of}"i":${index},${absoluteField(path)}`);
}

function wrapped(kind: string, members: string): ByteString {
  return byteString(`{"${kind}":{${members}}}\n`);
}

function beginLine(begin: RunBegin): ByteString {
  const { at, digest, holder, permit, target, token, until } = begin;
  const place = isUtf8(target) ? 'target' : 'targetB64';
  const text = isUtf8(target) ? utf8Of(target) : base64OfText(target);
  const members = { at, digest, holder, permit, [place]: text, token, until };
  return byteString(`${bytesOfUtf8(JSON.stringify({ begin: members }))}\n`);
}

function endLine(line: { at: UnixMs; outcome: RunEnd; why?: string }): ByteString {
  const { at, outcome, why } = line;
  const said = why === undefined ? {} : { why: why.toWellFormed() };
  return byteString(`${bytesOfUtf8(JSON.stringify({ end: { at, outcome, ...said } }))}\n`);
}

function intentLine({ n, place, made, was }: Intent): ByteString {
  const put =
    made === undefined
      ? ''
      : `"made":{"inode":"${made.inode}","mtime":"${made.mtimeNs}","size":"${made.size}"},`;
  const before = was === undefined ? '' : `,"was":${wasText(was)}`;
  const kept = place === undefined ? '' : `,"place":${place}`;
  return wrapped('intend', `${put}"n":${n}${kept}${before}`);
}

function wasText({ mode, uid, gid, mtimeNs, xattrs }: WasAttributes): string {
  const pairs = xattrs.map(([name, value]) => `["${base64OfText(name)}","${base64OfText(value)}"]`);
  const list = pairs.length === 0 ? '' : `,"xattrs":[${pairs.join()}]`;
  return `{"gid":${gid},"mode":${mode},"mtime":"${mtimeNs}","uid":${uid}${list}}`;
}

/**
 * @param line with or without its newline
 * @throws Fault HF_PLAN_INVALID where it is not what `journalLine` writes
 */
export function parseJournalLine(line: ByteString): JournalLine {
  const bare = line.endsWith('\n') ? line.slice(0, -1) : line;
  const parsed = lineOf(objectOf(utf8Of(byteString(bare)), 'a line of the journal'));
  if (journalLine(parsed) !== `${bare}\n`) {
    throw invalidPlan('a line of its journal is not in canonical form');
  }
  return parsed;
}

function lineOf(raw: Raw): JournalLine {
  if (raw.begin !== undefined) return { kind: 'begin', begin: beginOf(memberAt(raw, 'begin')) };
  if (raw.place !== undefined) {
    const place = memberAt(raw, 'place');
    return {
      ...{ kind: 'place', index: numberAt(place, 'i'), path: absoluteAt(place, 'path') },
      ...(place.device === undefined ? {} : { device: decimalAt(place, 'device') }),
    };
  }
  for (const kind of ['dir', 'left'] as const) {
    if (raw[kind] === undefined) continue;
    const dir = memberAt(raw, kind);
    return { kind, path: pathAt(dir, 'path'), mtimeNs: decimalAt(dir, 'mtime') };
  }
  if (raw.intend !== undefined)
    return { kind: 'intend', intent: intentOf(memberAt(raw, 'intend')) };
  if (raw.not !== undefined) return { kind: 'not', n: numberAt(raw, 'not') };
  if (raw.durable !== undefined) return { kind: 'durable', lines: numberAt(raw, 'durable') };
  const end = memberAt(raw, 'end');
  return {
    ...{ kind: 'end', at: unixMs(timeAt(end, 'at')), outcome: wordAt(end, 'outcome', ENDS) },
    ...(end.why === undefined ? {} : { why: textAt(end, 'why') }),
  };
}

function beginOf(raw: Raw): RunBegin {
  return {
    at: unixMs(timeAt(raw, 'at')),
    digest: textAt(raw, 'digest'),
    holder: textAt(raw, 'holder'),
    permit: wordAt(raw, 'permit', PERMITS),
    target: absoluteAt(raw, 'target'),
    token: numberAt(raw, 'token'),
    until: unixMs(timeAt(raw, 'until')),
  };
}

function intentOf(raw: Raw): Intent {
  return {
    n: numberAt(raw, 'n'),
    ...(raw.place === undefined ? {} : { place: numberAt(raw, 'place') }),
    ...(raw.made === undefined ? {} : { made: madeOf(memberAt(raw, 'made')) }),
    ...(raw.was === undefined ? {} : { was: wasOf(memberAt(raw, 'was')) }),
  };
}

function madeOf(raw: Raw): Made {
  return {
    ...{ inode: decimalAt(raw, 'inode'), size: decimalAt(raw, 'size') },
    mtimeNs: decimalAt(raw, 'mtime'),
  };
}

function wasOf(raw: Raw): WasAttributes {
  const pairs = raw.xattrs === undefined ? [] : listAt(raw, 'xattrs');
  return {
    ...{ mode: numberAt(raw, 'mode'), uid: numberAt(raw, 'uid'), gid: numberAt(raw, 'gid') },
    ...{ mtimeNs: decimalAt(raw, 'mtime'), xattrs: pairs.map(xattrOf) },
  };
}

function xattrOf(pair: unknown): readonly [ByteString, ByteString] {
  if (!Array.isArray(pair) || pair.length !== 2) throw invalidPlan('xattrs holds no pairs');
  return [base64Text(pair[0]), base64Text(pair[1])];
}

function base64Text(value: unknown): ByteString {
  const text = typeof value === 'string' ? textOfBase64(value) : undefined;
  if (text === undefined) throw invalidPlan('xattrs holds what is no base64');
  return byteString(text);
}

function absoluteField(path: ByteString): string {
  return textField('path', path);
}

/** `pathAt` is for what lies below a target; these begin with `/`. */
function absoluteAt(raw: Raw, key: string): ByteString {
  if (!hasPath(raw, key)) throw invalidPlan(`${key} is missing`);
  const value = raw[key];
  const path =
    value === undefined ? base64Text(raw[`${key}B64`]) : byteString(bytesOfUtf8(textAt(raw, key)));
  if (!path.startsWith('/')) throw invalidPlan(`${key} is no absolute path`);
  return path;
}
