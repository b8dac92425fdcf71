/**
 * That a plan's time is over was seen before: `plans/ID/over.json`, docs/format/guard-journal.md.
 * What is kept goes by itself only a day after that, by both clocks: a wall clock that was set
 * forward by mistake releases nothing before somebody can see it.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { hasPassed, type Moment } from '../../base/moment.ts';
import { days } from '../../base/units.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { momentJson, momentOf } from '../core/held-things.ts';
import { type WholeFilePorts, readFileIfThere, replaceFile } from '../../vault/shell/whole-file.ts';

const GRACE = days(1);

/** Notes it the first time. @param planDir of a plan whose time is over by the wall clock */
export function wasSeenOver(ports: WholeFilePorts, planDir: ByteString, now: Moment): boolean {
  const path = fileOf(planDir);
  const seen = readMark(ports, path);
  // A mark from the future was made by a clock that has been set back since.
  if (seen !== undefined && seen.at <= now.at) return hasPassed(seen, GRACE, now);
  const text = JSON.stringify(momentJson(now));
  replaceFile(ports, path, ports.tools.codec.bytesOf(bytesOfUtf8(`${text}\n`)));
  return false;
}

/** Its time is not over after all. */
export function forgetSeenOver({ disk }: WholeFilePorts, planDir: ByteString): void {
  const path = fileOf(planDir);
  if (disk.size(path) !== undefined) disk.unlink(path);
}

function readMark(ports: WholeFilePorts, path: ByteString): Moment | undefined {
  const bytes = readFileIfThere(ports, path);
  if (bytes === undefined) return undefined;
  try {
    return momentOf(JSON.parse(utf8Of(ports.tools.codec.textOf(bytes))));
  } catch {
    return undefined; // Torn: it is noted anew.
  }
}

function fileOf(planDir: ByteString): ByteString {
  return byteString(`${planDir}/over.json`);
}
