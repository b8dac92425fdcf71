/** Where a private server has its socket: its path is short by law, and scratch may lie deep. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { isRoot } from './account.ts';
import { onExit } from './program.ts';
import type { Reach } from './reach.ts';

export interface SocketDir {
  /** As server and clients call it. */
  readonly seen: string;
  remove(): void;
}

/** `sun_path` holds 108 bytes; the longest name of a socket here takes 20 of them. */
const LENGTH_MAX = 85;

/** A directory of the account, closed to others: in scratch, or else where temporary files lie. */
export function makeSocketDir(reach: Reach, scratch: ByteString): SocketDir {
  const inScratch = byteString(`${scratch}/s`);
  const seen = reach.pathOf(inScratch);
  if (Buffer.byteLength(seen) <= LENGTH_MAX) {
    fs.mkdirSync(fsPath(inScratch), { recursive: true, mode: 0o700 });
    give(fsPath(inScratch), reach);
    return { seen, remove: () => undefined };
  }
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-'));
  give(made, reach);
  const forget = onExit(() => removeDir(made));
  return {
    seen: made,
    remove: () => {
      forget();
      removeDir(made);
    },
  };
}

function give(dir: string | Buffer, { account }: Reach): void {
  if (isRoot()) fs.chownSync(dir, account.uid, account.gid);
}

function removeDir(dir: string): void {
  if (!fs.existsSync(dir)) return;
  for (const name of fs.readdirSync(dir)) fs.unlinkSync(path.join(dir, name));
  fs.rmdirSync(dir);
}
