/** Copies of a vault that this host has made, kept in its state directory. docs/format/vault-copy.md. */
import { type ByteString, byteString, hexOf } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type CopyRecord, encodeCopyRecord, parseCopyRecord } from '../vault/core/copy-record.ts';
import { readFileIfThere, replaceFile } from '../vault/shell/whole-file.ts';
import type { Ports } from './vault-line.ts';

type CopyPorts = Pick<Ports, 'disk' | 'tools'>;

const NAME = /^copy-[0-9a-f]{32}$/;

/** @param folder what the state directory has of that vault. @throws Fault HF_DISK_* */
export function keepCopyRecord(ports: CopyPorts, folder: ByteString, record: CopyRecord): void {
  const path = recordPath(ports, folder, record.place);
  replaceFile(ports, path, encodeCopyRecord(ports.tools, record));
}

/** Undefined where there is none, or it is not as we write it. */
export function readCopyRecord(
  ports: CopyPorts,
  folder: ByteString,
  of: Pick<CopyRecord, 'vault' | 'place'>,
): CopyRecord | undefined {
  return readRecord(ports, recordPath(ports, folder, of.place), of.vault);
}

/** All of a vault. */
export function readCopyRecords(
  ports: CopyPorts,
  folder: ByteString,
  vault: string,
): readonly CopyRecord[] {
  return (ports.disk.list(folder) ?? [])
    .filter((name) => NAME.test(name))
    .map((name) => readRecord(ports, byteString(`${folder}/${name}`), vault))
    .filter((record) => record !== undefined);
}

function readRecord(ports: CopyPorts, path: ByteString, vault: string): CopyRecord | undefined {
  try {
    const bytes = readFileIfThere(ports, path);
    const record = bytes && parseCopyRecord(ports.tools, bytes);
    return record?.vault === vault ? record : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined; // Then that copy counts for nothing.
    throw error;
  }
}

function recordPath({ tools }: CopyPorts, folder: ByteString, place: ByteString): ByteString {
  return byteString(`${folder}/copy-${hexOf(tools.hash.sha256Text(place)).slice(0, 32)}`);
}
