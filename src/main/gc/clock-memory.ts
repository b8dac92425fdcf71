/** What this machine remembers of its clock for one vault: docs/format/clock-memory.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isoTimeOf, parseIsoTime } from '../../base/iso-time.ts';
import type { Moment } from '../../base/moment.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import type { ClockMemory } from '../../vault/core/clock-doubt.ts';
import { readFileIfThere, replaceFile } from '../../vault/shell/whole-file.ts';
import type { VaultSession } from '../vault-session.ts';

type Session = Pick<VaultSession, 'disk' | 'state' | 'tools'>;

/** What cannot be read was never written: then the other witnesses are all there is. */
export function readClockMemory(session: Session): ClockMemory | undefined {
  const bytes = readFileIfThere(session, fileOf(session));
  if (bytes === undefined) return undefined;
  try {
    const read: unknown = JSON.parse(utf8Of(session.tools.codec.textOf(bytes)));
    if (!isObject(read)) return undefined;
    const seen = momentOf(read.seen);
    const stepped = momentOf(read.stepped);
    return seen && { seen, ...(stepped === undefined ? {} : { stepped }) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Durable when it returns. */
export function writeClockMemory(session: Session, { seen, stepped }: ClockMemory): void {
  const text = JSON.stringify({
    ...{ holdfast: 'clock', format: 0, seen: textOf(seen) },
    ...(stepped === undefined ? {} : { stepped: textOf(stepped) }),
  });
  const bytes = session.tools.codec.bytesOf(bytesOfUtf8(`${text}\n`));
  replaceFile(session, fileOf(session), bytes);
}

function fileOf({ state }: Pick<Session, 'state'>): ByteString {
  return byteString(`${state.directory}/clock`);
}

function textOf({ at, ...rest }: Moment): object {
  return { at: isoTimeOf(at), ...rest };
}

function momentOf(given: unknown): Moment | undefined {
  if (!isObject(given) || typeof given.at !== 'string') return undefined;
  const at = parseIsoTime(given.at);
  if (at === undefined) return undefined;
  const { boot, upMs } = given;
  return {
    at,
    ...(typeof boot === 'string' ? { boot } : {}),
    ...(typeof upMs === 'number' && Number.isFinite(upMs) ? { upMs } : {}),
  };
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null;
}
