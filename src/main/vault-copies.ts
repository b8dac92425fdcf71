/** Copies of a vault that this host has made, kept in its state directory. docs/format/vault-copy.md. */
import { type ByteString, byteString, hexOf } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type CopyRecord, encodeCopyRecord, parseCopyRecord } from '../vault/core/copy-record.ts';
import { readFileIfThere, replaceFile } from '../vault/shell/whole-file.ts';
import type { Ports } from './vault-line.ts';

const NAME = /^copy-[0-9a-f]{32}$/;

/** @throws Fault HF_DISK_* */
export function keepCopyRecord(ports: Ports, state: ByteString, record: CopyRecord): void {
  const path = recordPath(ports, state, record);
  replaceFile(ports, path, encodeCopyRecord(ports.tools, record));
}

/** Undefined where there is none, or it is not as we write it. */
export function readCopyRecord(
  ports: Pick<Ports, 'disk' | 'tools'>,
  state: ByteString,
  of: Pick<CopyRecord, 'vault' | 'place'>,
): CopyRecord | undefined {
  return readRecord(ports, recordPath(ports, state, of), of.vault);
}

/** All of a vault, by their places. */
export function readCopyRecords(
  ports: Pick<Ports, 'disk' | 'tools'>,
  state: ByteString,
  vault: string,
): readonly CopyRecord[] {
  const folder = folderOf(state, vault);
  return (ports.disk.list(folder) ?? [])
    .filter((name) => NAME.test(name))
    .map((name) => readRecord(ports, byteString(`${folder}/${name}`), vault))
    .filter((record) => record !== undefined);
}

function readRecord(
  ports: Pick<Ports, 'disk' | 'tools'>,
  path: ByteString,
  vault: string,
): CopyRecord | undefined {
  try {
    const bytes = readFileIfThere(ports, path);
    const record = bytes && parseCopyRecord(ports.tools, bytes);
    return record?.vault === vault ? record : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined; // Then that copy counts for nothing.
    throw error;
  }
}

function recordPath(
  { tools }: Pick<Ports, 'tools'>,
  state: ByteString,
  { vault, place }: Pick<CopyRecord, 'vault' | 'place'>,
): ByteString {
  const id = hexOf(tools.hash.sha256Text(place)).slice(0, 32);
  return byteString(`${folderOf(state, vault)}/copy-${id}`);
}

function folderOf(state: ByteString, vault: string): ByteString {
  return byteString(`${state}/vaults/${vault}`);
}
