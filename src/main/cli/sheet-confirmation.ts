/** That the key sheet of a vault is kept elsewhere, and that part of it was typed back. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';

export interface SheetConfirmation {
  readonly confirmedAt: UnixMs;
  /** In the words of whoever keeps it. */
  readonly where: string;
  /** Id of the key that is on it: a sheet of a key that was retired opens nothing. */
  readonly key: string;
}

interface Where {
  readonly state: ByteString;
  readonly vault: string;
}

export function sheetPath({ state, vault }: Where): ByteString {
  return byteString(`${state}/vaults/${vault}/sheet.json`);
}

/** Undefined where none was made, or where it cannot be read as one: then nothing is confirmed. */
export function readConfirmation(disk: Disk, where: Where): SheetConfirmation | undefined {
  const path = sheetPath(where);
  if (disk.size(path) === undefined) return undefined;
  const said = parsed(Buffer.from(disk.read(path)).toString('utf8'));
  if (typeof said !== 'object' || said === null) return undefined;
  if (!('confirmedAt' in said) || !('where' in said) || !('key' in said)) return undefined;
  const { confirmedAt, where: place, key } = said;
  if (typeof confirmedAt !== 'string' || typeof place !== 'string') return undefined;
  const at = Date.parse(confirmedAt);
  if (typeof key !== 'string' || Number.isNaN(at)) return undefined;
  return { confirmedAt: unixMs(at), where: place, key };
}

/** Durable when it returns. */
export function writeConfirmation(
  ports: { readonly disk: Disk; readonly tools: Tools },
  where: Where,
  made: SheetConfirmation,
): void {
  const said = { ...made, confirmedAt: new Date(made.confirmedAt).toISOString() };
  replaceFile(ports, sheetPath(where), Buffer.from(`${JSON.stringify(said)}\n`));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
