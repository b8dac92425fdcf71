/** `about.json` in the quarantine of a plan: docs/format/guard-journal.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { type DirHandle, type Source, STAT_SIZE, STAT_WORDS } from '../../host/source.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { numberAt, objectOf, pathMember, textAt, timeAt } from '../core/plan-fields.ts';
import { ifThere } from './tree-errno.ts';

export interface About {
  /** Kept here, which count against the share. */
  readonly bytes: number;
  readonly plan: string;
  /** `STATE/guard` of whose plan it is, for people. */
  readonly state: ByteString;
  readonly target: ByteString;
  readonly until: UnixMs;
}

const NAME = byteString('about.json');
/** Two paths and a little. */
const SIZE_MAX = 32_768;

export function aboutBytes({ bytes, plan, state, target, until }: About): Uint8Array {
  const members = { bytes, plan, ...pathMember('state', state), ...pathMember('target', target) };
  const text = bytesOfUtf8(JSON.stringify({ ...members, until }));
  return Uint8Array.from(`${text}\n`, (character) => character.charCodeAt(0));
}

/** Undefined where there is none, or it says nothing that can be read. */
export function aboutOf(source: Source, root: DirHandle): About | undefined {
  const bytes = ifThere(() => readSmall(source, root));
  if (bytes === undefined) return undefined;
  try {
    const raw = objectOf(utf8Of(byteString(String.fromCharCode(...bytes))), 'about.json');
    const path = (key: string) => bytesOfUtf8(raw[key] === undefined ? '' : textAt(raw, key));
    return {
      ...{ bytes: numberAt(raw, 'bytes'), plan: textAt(raw, 'plan'), state: path('state') },
      ...{ target: path('target'), until: unixMs(timeAt(raw, 'until')) },
    };
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function readSmall(source: Source, root: DirHandle): Uint8Array {
  const file = source.openFile(root, NAME);
  try {
    const stat = new BigInt64Array(STAT_WORDS);
    source.statFile(file, stat);
    const into = new Uint8Array(Math.min(SIZE_MAX, Number(stat[STAT_SIZE])));
    return into.subarray(0, source.read(file, into, 0));
  } finally {
    source.closeFile(file);
  }
}
