/** `ssh-keygen -Y sign` with a person's key: from a file, or held by their agent. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { runKeygen, withFile } from './run-keygen.ts';

export interface SigningKey {
  /** A private key's file, or a public key whose private half the agent has. */
  readonly file?: string;
  /** A line of `ssh-add -L`. */
  readonly agentLine?: string;
  readonly comment: string;
  /** Wire form, base64; undefined: only its private half is there. */
  readonly base64: string | undefined;
}

const HOME_KEYS = ['id_ed25519_sk', 'id_ed25519', 'id_ecdsa_sk', 'id_ecdsa', 'id_rsa'];

/**
 * @returns the armored signature
 * @throws Fault HF_SIGNING_FAILED
 */
export async function signWith(
  key: SigningKey,
  given: { readonly namespace: string; readonly message: ByteString },
): Promise<ByteString> {
  const message = Buffer.from(given.message, 'latin1');
  const { file, agentLine } = key;
  if (file !== undefined) return sign(file, [], { ...given, message });
  // A public key by name and -U: the private half is in the agent, and nowhere else is looked.
  return withFile(Buffer.from(`${agentLine ?? ''}\n`), (named) =>
    sign(named, ['-U'], { ...given, message }),
  );
}

async function sign(
  file: string,
  more: readonly string[],
  { namespace, message }: { readonly namespace: string; readonly message: Uint8Array },
): Promise<ByteString> {
  const said = await runKeygen({
    args: ['-Y', 'sign', '-q', '-n', namespace, '-f', file, ...more],
    stdin: message,
    isAsking: true,
  });
  if (said.status === 0) return byteString(said.stdout.toString('latin1'));
  const why = `ssh-keygen did not sign (it ended with ${said.status})`;
  throw new Fault('HF_SIGNING_FAILED', why);
}

/** Keys that could sign, those of the agent first; @param named by `--key`, and then no other */
export async function signingKeys(
  home: string | undefined,
  named: string | undefined,
): Promise<readonly SigningKey[]> {
  if (named !== undefined) return [keyOfFile(named)];
  const files = home === undefined ? [] : HOME_KEYS.map((name) => path.join(home, '.ssh', name));
  return [...(await agentKeys()), ...files.filter((file) => fs.existsSync(file)).map(keyOfFile)];
}

async function agentKeys(): Promise<readonly SigningKey[]> {
  if ((process.env.SSH_AUTH_SOCK ?? '') === '') return [];
  const said = await runKeygen({ program: 'ssh-add', args: ['-L'] });
  if (said.status !== 0) return [];
  return said.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => /^\S+ \S+/.test(line))
    .map((agentLine) => {
      const [, base64 = '', ...comment] = agentLine.split(' ');
      return { agentLine, base64, comment: comment.join(' ') };
    });
}

/** What is named by its public half is signed for by the agent: ssh-keygen sees to it. */
function keyOfFile(file: string): SigningKey {
  const [, base64, comment = file] = publicLine(file)?.trim().split(/\s+/) ?? [];
  return { file, base64, comment };
}

function publicLine(file: string): string | undefined {
  const named = [file, `${file}.pub`];
  for (const each of named) {
    if (!fs.existsSync(each)) continue;
    const text = fs.readFileSync(each, 'utf8');
    if (/^(?:sk-)?(?:ssh|ecdsa)-\S+ \S+/.test(text)) return text;
  }
  return undefined;
}
