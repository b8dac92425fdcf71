/** The key that agents pin. It is made once; who loses it enrols every agent anew. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import fs from 'node:fs';
import { generate } from 'selfsigned';
import { Fault } from '../../base/fault.ts';

export interface ServerKey {
  /** PEM, both. */
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of SubjectPublicKeyInfo, DER. */
  readonly pin: Buffer;
}

const FILE_BYTES_MAX = 65_536;
/** Agents look at the key and at no date; browsers are told once, by a person. */
const YEARS = 20;

/**
 * Reads the key in `path`, or makes one where there is no such file. Two that start at once end with
 * the same key.
 *
 * @throws Fault HF_SERVER_KEY; nothing else but what a file system answers
 */
export async function openServerKey(path: string): Promise<ServerKey> {
  const there = readKey(path);
  if (there !== undefined) return parseKey(path, there);
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + YEARS);
  const made = await generate([{ name: 'commonName', value: 'holdfast' }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256', notAfterDate },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'holdfast' },
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  publishKey(path, `${made.private.trim()}\n${made.cert.trim()}\n`);
  return parseKey(path, readKey(path) ?? '');
}

/** Key and certificate in one file: there is never one without the other. */
function publishKey(path: string, text: string): void {
  const before = `${path}.${randomBytes(8).toString('hex')}`;
  const file = fs.openSync(before, 'wx', 0o600);
  try {
    fs.writeFileSync(file, text);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
  try {
    fs.linkSync(before, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error; // Another one was faster: its key holds.
  } finally {
    fs.unlinkSync(before);
  }
  const folder = fs.openSync(path.slice(0, path.lastIndexOf('/') + 1), 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

function readKey(path: string): string | undefined {
  try {
    const file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      const { size, mode } = fs.fstatSync(file);
      if (size > FILE_BYTES_MAX) throw unusable(path, 'it is no key');
      if ((mode & 0o077) !== 0) throw unusable(path, 'others may read it (chmod 600)');
      return fs.readFileSync(file, 'utf8');
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseKey(path: string, text: string): ServerKey {
  const [key = ''] =
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/.exec(text) ?? [];
  const [cert = ''] = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(text) ?? [];
  try {
    const own = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
    const certified = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    if (!own.equals(certified)) throw unusable(path, 'its key and its certificate differ');
    return { key, cert, pin: createHash('sha256').update(own).digest() };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unusable(path, 'it cannot be parsed', error);
  }
}

function unusable(path: string, why: string, cause?: unknown): Fault {
  const message = `the key of this server, ${path}, cannot be used: ${why}`;
  return new Fault('HF_SERVER_KEY', message, { path }, cause === undefined ? {} : { cause });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
