/**
 * The recovery sheet: on one page, all that is needed besides the vault itself, and what would make
 * up for the smallest and most precious objects of it. ASCII, 78 columns: any printer will do.
 */
import type { Hash } from '../../host/hash.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { WrappedKey } from '../../vault/core/wrapped-key.ts';
import { type SheetLine, sheetLines, showLine } from './sheet-lines.ts';
import { wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';

export interface SheetFacts {
  readonly place: string;
  /** Undefined where the place says it: an address. */
  readonly host: string | undefined;
  readonly printed: UnixMs;
  readonly vault: string;
  readonly domain: string;
  /** Of the vault; undefined where its headers are lost. */
  readonly created: UnixMs | undefined;
  /** Of the vault. */
  readonly format: number | undefined;
  /** The key that opened it, as it lies in the vault, and its `sealed` member in base64. */
  readonly wrapped: WrappedKey;
  readonly base64Of: (bytes: Uint8Array) => string;
  /** What stands behind `holdfast-key-0 ` in the key file; undefined for a passphrase. */
  readonly keyFile: string | undefined;
  /** Fingerprints of trusted writers. */
  readonly writers: readonly string[];
}

export interface Sheet {
  readonly lines: readonly string[];
  /** Those of which a part is asked for: they hold the key itself, or what wraps it. */
  readonly asked: readonly SheetLine[];
}

const WIDTH = 78;
const WRITERS_MAX = 4;

export function keySheet(hash: Hash, facts: SheetFacts): Sheet {
  const coded = codedParts(hash, facts);
  const { vault, wrapped, keyFile, place, host } = facts;
  const date = isoTimeOf(facts.printed).slice(0, 10);
  const secret =
    keyFile === undefined
      ? ['PASSPHRASE, by hand, or where it is kept:', '', `    ${'_'.repeat(60)}`]
      : ['KEY FILE: one line, "holdfast-key-0 " and then, without spaces:', ...shown(coded.key)];
  const lines = [
    `HOLDFAST RECOVERY SHEET    vault ${vault.slice(0, 8)}    ${date}    format ${facts.format ?? 'unknown'}`,
    '='.repeat(WIDTH),
    ...wrap(warning(keyFile !== undefined), WIDTH),
    '',
    `place    ${place}${host === undefined ? '' : ` on ${host}`}`,
    `vault    ${vault}`,
    `domain   ${facts.domain}`,
    `created  ${facts.created === undefined ? 'unknown' : isoTimeOf(facts.created)}`,
    '',
    ...secret,
    '',
    `WRAPPED KEY ${wrapped.id}, should it and its copy be lost from the vault:`,
    `    label ${JSON.stringify(wrapped.label)}, created ${isoTimeOf(wrapped.created)}`,
    `    ${wrapWords(wrapped)}`,
    '    salt, nonce, sealed:',
    ...shown(coded.wrapped),
    '',
    'WRITERS that are trusted (--writer FINGERPRINT):',
    ...coded.writers.flatMap(shown),
    ...(facts.writers.length > WRITERS_MAX
      ? [`    and ${facts.writers.length - WRITERS_MAX} more`]
      : []),
    '',
    'TO GET THE DATA BACK, with Holdfast:',
    '    holdfast restore --vault PLACE --key-file FILE latest TARGET',
    'with Node.js 18 or newer alone; rescue.mjs and FORMAT.md lie in the vault:',
    '    node rescue.mjs restore PLACE latest TARGET --key-file FILE',
    '    (or python3 rescue.py ...: Python 3.9 or newer, with its cryptography)',
    ...(keyFile === undefined ? ['    (with HOLDFAST_PASSPHRASE set instead of --key-file)'] : []),
    '',
    ...wrap(
      'At the end of each numbered line stands a check of four digits: of SHA-256 over the number, a colon, and the groups without spaces. Base64: 0 is zero, O a letter; 1 one, l and I letters.',
      WIDTH,
    ),
  ];
  return { lines, asked: keyFile === undefined ? coded.wrapped : coded.key };
}

function warning(holdsKey: boolean): string {
  return holdsKey
    ? 'Whoever has this page can read every backup in the vault. Keep it on paper, away from the machine and from the vault. Then: holdfast key sheet --confirm'
    : 'With the passphrase this opens the vault. Keep it away from the machine and from the vault. Then: holdfast key sheet --confirm';
}

function wrapWords({ kind, cost }: WrappedKey): string {
  if (kind === 'file' || cost === undefined) return 'wrap "file"';
  return `wrap "scrypt", n ${cost.n}, r ${cost.r}, p ${cost.p}`;
}

function codedParts(hash: Hash, facts: SheetFacts) {
  const { wrapped, base64Of, keyFile, writers } = facts;
  const key = keyFile === undefined ? [] : sheetLines(hash, keyFile, 1);
  let next = key.length + 1;
  const append = (text: string): readonly SheetLine[] => {
    const lines = sheetLines(hash, text, next);
    next += lines.length;
    return lines;
  };
  return {
    key,
    wrapped: [wrapped.salt, wrapped.nonce, wrapped.sealed].map(base64Of).flatMap(append),
    writers: writers.slice(0, WRITERS_MAX).map(append),
  };
}

function shown(lines: readonly SheetLine[]): readonly string[] {
  return lines.map((line) => `  ${showLine(line)}`);
}
