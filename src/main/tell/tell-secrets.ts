/** Secrets of channels: only ever from files that nobody else may read. */
import fs from 'node:fs';
import path from 'node:path';
import { sayText } from '../../base/say-name.ts';
import { Fault } from '../../base/fault.ts';

const SIZE_MAX = 64 * 1024;
const OTHERS_READ = 0o004;

/** Reads files that `tell:` names, beside the configuration where they are not absolute. */
export class TellFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The first line. @throws Fault HF_TELL_SECRET */
  secret(name: string): string {
    const file = path.resolve(this.#directory, name);
    const text = this.#text(file, { isSecret: true });
    const [line = ''] = text.split(/\r?\n/, 1);
    if (line === '' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(line)) {
      throw refused(file, 'its first line is empty or no plain text', 'Write the secret into it.');
    }
    return line;
  }

  /** An address that is itself a secret. @throws Fault HF_TELL_SECRET */
  address(name: string): string {
    const line = this.secret(name);
    if (/^https?:\/\/[^\s/?#@]+([/?][^\s#]*)?$/i.test(line) && URL.canParse(line)) return line;
    const file = path.resolve(this.#directory, name);
    throw refused(file, 'it holds no address', 'Write https://... into it.');
  }

  /** `whsec_` and base64. @throws Fault HF_TELL_SECRET */
  signingSecret(name: string): Uint8Array {
    const line = this.secret(name);
    const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(line)
      ? Buffer.from(line.slice('whsec_'.length), 'base64')
      : Buffer.alloc(0);
    if (bytes.length >= 24 && bytes.length <= 64) return bytes;
    const file = path.resolve(this.#directory, name);
    const instead =
      'Write whsec_ and 24 to 64 random bytes in base64, as `openssl rand -base64 32` prints them.';
    throw refused(file, 'it holds no key that signs webhooks', instead);
  }

  /** All of it; public. @throws Fault HF_TELL_SECRET */
  certificates(name: string): string {
    const file = path.resolve(this.#directory, name);
    const text = this.#text(file, { isSecret: false });
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    throw refused(file, 'it holds no certificate', 'Name a file in PEM.');
  }

  #text(file: string, { isSecret }: { readonly isSecret: boolean }): string {
    let handle: number;
    try {
      handle = fs.openSync(file, 'r');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.replace(/,.*$/s, '') : 'it cannot be read';
      throw refused(file, why, 'Put the file there, readable by this user alone.');
    }
    try {
      const { mode, size } = fs.fstatSync(handle);
      if (isSecret && (mode & OTHERS_READ) !== 0) {
        throw refused(
          file,
          'everybody may read it',
          `Take that right away: chmod 600 ${sayText(file)}`,
        );
      }
      if (size > SIZE_MAX) throw refused(file, 'it is too large', 'Name the right file.');
      return fs.readFileSync(handle, 'utf8');
    } finally {
      fs.closeSync(handle);
    }
  }
}

function refused(file: string, why: string, instead: string): Fault {
  return new Fault('HF_TELL_SECRET', `${sayText(file)}: ${why}`, { file, instead });
}
