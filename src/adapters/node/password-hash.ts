/** scrypt, as `scrypt$N$r$p$SALT$KEY` with base64: the parameters stand beside what they made. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { PasswordHash } from '../../access/shell/password-hash.ts';

interface Parameters {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's for 32 MiB: as hard as N=2^17, p=1, in a quarter of the memory. */
const NOW: Parameters = { n: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** What is asked for by a text that was tampered with is not done. */
const MEMORY_MAX = 128 * 2 ** 20;

interface Made extends Parameters {
  readonly salt: Buffer;
  readonly key: Buffer;
}

export function nodePasswordHash(parameters: Parameters = NOW): PasswordHash {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (password: string, salt: Buffer, of: Parameters): Promise<Buffer> => {
    const next = turn.then(() => derive(password, salt, of));
    turn = next.catch(() => undefined); // Awaited by who asked for it.
    return next;
  };
  return {
    async make(password) {
      const salt = randomBytes(SALT_BYTES);
      const key = await inTurn(password, salt, parameters);
      const { n, r, p } = parameters;
      return ['scrypt', n, r, p, salt.toString('base64'), key.toString('base64')].join('$');
    },
    async matches(password, text) {
      const made = text === undefined ? undefined : parse(text);
      const { salt, key, ...of } = made ?? { ...parameters, salt: NO_SALT, key: NO_KEY };
      const given = await inTurn(password, salt, of);
      return timingSafeEqual(given, key) && made !== undefined;
    },
    isOld(text) {
      const made = parse(text);
      const { n, r, p } = parameters;
      return made === undefined || made.n < n || made.r < r || made.p < p;
    },
  };
}

const NO_SALT = Buffer.alloc(SALT_BYTES);
const NO_KEY = Buffer.alloc(KEY_BYTES);

function parse(text: string): Made | undefined {
  const match = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w+/=]+)\$([\w+/=]+)$/.exec(text);
  if (match === null) return undefined;
  const [, n, r, p, salt = '', key = ''] = match;
  const made = {
    ...{ n: Number(n), r: Number(r), p: Number(p) },
    ...{ salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') },
  };
  const isSound = made.n > 1 && Number.isInteger(Math.log2(made.n)) && made.r > 0 && made.p > 0;
  const fits = 128 * made.n * made.r <= MEMORY_MAX && made.p <= 16;
  return isSound && fits && made.key.length === KEY_BYTES ? made : undefined;
}

function derive(password: string, salt: Buffer, { n, r, p }: Parameters): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: 2 * MEMORY_MAX };
  return new Promise((resolve, reject) => {
    // The same letters, however a keyboard composes them.
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
