/** ssh-keygen as a child, with what it is told and what it says; no shell. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';

/** A person may look for a key that wants to be touched. */
const LIMIT_MS = 300_000;
const SAID_MAX = 2000;

export interface KeygenSaid {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface KeygenCall {
  readonly program?: 'ssh-keygen' | 'ssh-add';
  readonly args: readonly string[];
  readonly stdin?: Uint8Array;
  /** It asks for a passphrase or a touch: what it says is shown at once. */
  readonly isAsking?: boolean;
}

/** @throws Fault HF_SIGNING_FAILED where it could not be run at all */
export async function runKeygen(call: KeygenCall): Promise<KeygenSaid> {
  const program = call.program ?? 'ssh-keygen';
  const child = spawn(program, call.args, {
    stdio: ['pipe', 'pipe', call.isAsking === true ? 'inherit' : 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    timeout: LIMIT_MS,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  // It may end without having read what it was told.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(call.stdin ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (cause) => reject(notRun(program, cause)));
  child.once('close', (status) => resolve(status ?? -1));
  const status = await promise;
  return { status, stdout: Buffer.concat(out), stderr: wordsOf(Buffer.concat(err)) };
}

/** Its last words on one line, fit for a terminal. */
function wordsOf(said: Buffer): string {
  const lines = said.toString('utf8').slice(-SAID_MAX).trim().split(/\r?\n/);
  return lines.map((line) => sayText(line.trim())).join('; ');
}

function notRun(program: string, cause: Error): Fault {
  return new Fault('HF_SIGNING_FAILED', `${program} could not be run`, {}, { cause });
}

/** A directory of our own with one file, for programs that take no other. */
export async function withFile<T>(
  bytes: Uint8Array,
  act: (file: string) => Promise<T>,
): Promise<T> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-sign-'));
  const file = path.join(dir, 'signature');
  try {
    fs.writeFileSync(file, bytes, { mode: 0o600, flag: 'wx' });
    return await act(file);
  } finally {
    if (fs.existsSync(file)) fs.unlinkSync(file);
    fs.rmdirSync(dir);
  }
}
