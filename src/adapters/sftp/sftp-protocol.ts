/**
 * Numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02) and of OpenSSH's extensions (its file
 * PROTOCOL): what nearly every SSH server speaks.
 */
export const VERSION = 3;

export const TYPE = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  stat: 17,
  rename: 18,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

export const FLAG = { read: 0x01, write: 0x02, create: 0x08, exclusive: 0x20 } as const;

/** Which fields of attributes follow. */
export const ATTR = {
  size: 0x01,
  owner: 0x02,
  permissions: 0x04,
  times: 0x08,
  extended: 0x80000000,
} as const;

export const STATUS = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const;

const STATUS_NAMES = [
  'SSH_FX_OK',
  'SSH_FX_EOF',
  'SSH_FX_NO_SUCH_FILE',
  'SSH_FX_PERMISSION_DENIED',
  'SSH_FX_FAILURE',
  'SSH_FX_BAD_MESSAGE',
  'SSH_FX_NO_CONNECTION',
  'SSH_FX_CONNECTION_LOST',
  'SSH_FX_OP_UNSUPPORTED',
] as const;

export function nameOfStatus(code: number): string {
  return STATUS_NAMES[code] ?? `SSH_FX_${code}`;
}

export const EXTENSION = {
  fsync: 'fsync@openssh.com',
  hardlink: 'hardlink@openssh.com',
  limits: 'limits@openssh.com',
  statvfs: 'statvfs@openssh.com',
} as const;

/** No packet of either side is longer, its length not counted: as in OpenSSH. */
export const PACKET_SIZE_MAX = 256 * 1024;
/** Bytes of one READ or WRITE, so that the packet around them fits. */
export const CHUNK_SIZE_MAX = 255 * 1024;
/** What every server must take, where it does not say what it takes. */
export const CHUNK_SIZE_DEFAULT = 32 * 1024;
/** By the draft. */
export const HANDLE_SIZE_MAX = 256;
