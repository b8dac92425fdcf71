/** What the other side's refusals mean to people. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type FarPlace, sayPath } from './far-place.ts';
import type { SftpStatus } from './sftp-client.ts';
import { nameOfStatus, STATUS } from './sftp-protocol.ts';
import type { FileSystemSpace } from './sftp-requests.ts';

export function statusFault(place: FarPlace, path: ByteString, status: SftpStatus): Fault {
  const shown = sayPath(place, path);
  const facts = { path: shown, name: shown, errno: nameOfStatus(status.code), host: place.where };
  const message = `${shown}: ${status.said}`;
  switch (status.code) {
    case STATUS.noSuchFile:
      return new Fault('HF_DISK_ABSENT', message, facts);
    case STATUS.permissionDenied:
      return new Fault('HF_DISK_DENIED', message, facts);
    case STATUS.noConnection:
    case STATUS.connectionLost:
      return new Fault('HF_STORE_LINK_LOST', message, facts);
    default:
      return new Fault('HF_STORE_FAILED', message, facts);
  }
}

/** Whether a file system has no room for what is to be written. */
export function isFullFor(space: FileSystemSpace, wantedBytes: number): boolean {
  return space.freeBytes < wantedBytes || (space.totalFiles > 0 && space.freeFiles === 0);
}

export function fullFault({ where }: FarPlace, cause: Fault): Fault {
  const message = `${where} is full: ${cause.message}`;
  return new Fault('HF_DISK_FULL', message, { ...cause.facts, path: where }, { cause });
}
