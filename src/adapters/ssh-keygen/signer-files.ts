/** Who may approve here, as root or the person themselves wrote it: nobody else can have. */
import fs from 'node:fs';
import path from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { SignerFiles } from '../../host/signatures.ts';
import { errnoOf } from '../node/errno.ts';

const SIZE_MAX = 1024 * 1024;
const OTHERS_WRITE = 0o022;
const NAME = 'allowed_signers';
const REVOKED = 'revoked_signers';

export interface SignerPaths {
  readonly allowed: string;
  /** Keys, or a KRL, that are no longer good. */
  readonly revoked: string;
}

const STATE_SYSTEM = '/var/lib/holdfast';
const SIGNERS_SYSTEM = '/etc/holdfast';

/** Those that count for the plans of a state directory. */
export function signersOfState(stateDir: string): SignerPaths {
  return signerPaths(stateDir === STATE_SYSTEM ? SIGNERS_SYSTEM : stateDir);
}

/** @param dir `/etc/holdfast`, or the state directory of a user */
export function signerPaths(dir: string): SignerPaths {
  return { allowed: path.join(dir, NAME), revoked: path.join(dir, REVOKED) };
}

export function signerFiles({ allowed }: SignerPaths): SignerFiles {
  return {
    path: allowed,
    allowed(): string | undefined {
      const fd = openIfThere(allowed);
      if (fd === undefined) return undefined;
      try {
        demandOwn(allowed, fs.fstatSync(fd));
        demandOwn(path.dirname(allowed), fs.statSync(path.dirname(allowed)));
        const bytes = Buffer.alloc(SIZE_MAX);
        return bytes.subarray(0, fs.readSync(fd, bytes, 0, SIZE_MAX, 0)).toString('utf8');
      } finally {
        fs.closeSync(fd);
      }
    },
  };
}

/** Undefined where nothing was revoked. @throws Fault HF_SIGNERS_LOOSE */
export function revokedIfThere({ revoked }: SignerPaths): string | undefined {
  const fd = openIfThere(revoked);
  if (fd === undefined) return undefined;
  try {
    demandOwn(revoked, fs.fstatSync(fd));
    return revoked;
  } finally {
    fs.closeSync(fd);
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return fs.openSync(file, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw loose(file, `${file} cannot be read (${errnoOf(error) ?? 'unknown'})`);
  }
}

function demandOwn(file: string, { uid, mode }: fs.Stats): void {
  const isOurs = uid === 0 || uid === process.getuid?.();
  if (!isOurs) throw loose(file, `${file} belongs to another account (${uid})`);
  if ((mode & OTHERS_WRITE) !== 0) throw loose(file, `others than its owner may write to ${file}`);
}

function loose(file: string, why: string): Fault {
  return new Fault('HF_SIGNERS_LOOSE', `nothing is approved: ${why}`, { file });
}
