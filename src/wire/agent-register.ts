/** `agents.json` of a server: docs/format/server-register.md. */
import { z } from 'zod';
import { USERS_MAX } from '../access/core/bounds.ts';
import { byteString, hexOf } from '../base/bytes.ts';
import { canonicalJson } from '../base/canonical-json.ts';
import { type UnixMs, unixMs } from '../base/units.ts';
import type { Hash } from '../host/hash.ts';
import { textOfBase64 } from '../manifest/core/base64.ts';
import { bytesOfUtf8 } from '../manifest/core/utf8.ts';
import type { AgentId } from '../watch/core/agent/messages.ts';

const FORMAT = 'holdfast-agents-0';
/** More than one server is meant for, by ten. */
export const REGISTERED_MAX = 10_000;
export const REGISTER_BYTES_MAX = 8_388_608;

export interface RegisteredAgent {
  readonly agent: AgentId;
  readonly enrolledAt: UnixMs;
  readonly host: string;
  /** Base64 of SubjectPublicKeyInfo, DER. */
  readonly publicKey: string;
}

/** Who belongs to a server; those that were revoked do not. */
export interface AgentRegister {
  /** The key that these agents pinned, base64url. */
  readonly pin: string;
  readonly writtenAt: UnixMs;
  /** Of the audit log when it was written: a witness of how far the state had come. */
  readonly audit: { readonly hash: string; readonly n: number };
  readonly agents: readonly RegisteredAgent[];
  /** Names of accounts that let somebody in. Absent: of a register that did not have them yet. */
  readonly users?: readonly string[] | undefined;
}

const whole = z.int().min(0);
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({
  format: z.literal(FORMAT),
  pin: z.string().regex(/^[\w-]{43}$/),
  writtenAt: whole,
  audit: z.strictObject({ hash: hex64, n: whole }),
  agents: z
    .array(
      z.strictObject({
        agent: z.string().regex(/^[0-9a-f]{32}$/),
        enrolledAt: whole,
        host: z.string().min(1).max(255),
        publicKey: z.string().max(4096),
      }),
    )
    .max(REGISTERED_MAX),
  users: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/))
    .max(USERS_MAX)
    .optional(),
  sum: hex64,
});

export function agentRegisterText(hash: Hash, register: AgentRegister): string {
  const { pin, writtenAt, audit, agents, users } = register;
  const sorted = agents.toSorted((one, other) => (one.agent < other.agent ? -1 : 1));
  const unsummed = {
    format: FORMAT,
    pin,
    writtenAt,
    audit: { ...audit },
    agents: sorted.map(plain),
    ...(users === undefined ? {} : { users: users.toSorted() }),
  };
  return `${canonicalJson({ ...unsummed, sum: sumOf(hash, canonicalJson(unsummed)) })}\n`;
}

const plain = ({ agent, enrolledAt, host, publicKey }: RegisteredAgent) => ({
  ...{ agent, enrolledAt, host, publicKey },
});

/** Undefined where it is not written exactly so: then nothing of it is believed. */
export function parseAgentRegister(hash: Hash, text: string): AgentRegister | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) return undefined;
  const { pin, writtenAt, audit, agents, users } = parsed.data;
  const register = {
    ...{ pin, audit, writtenAt: unixMs(writtenAt) },
    ...(users === undefined ? {} : { users }),
    agents: agents.map((each) => ({ ...each, enrolledAt: unixMs(each.enrolledAt) })),
  };
  const isKnown = agents.every(({ agent, publicKey }) => agent === idOf(hash, publicKey));
  const isOnce = new Set(agents.map(({ agent }) => agent)).size === agents.length;
  const isEachOnce = users === undefined || new Set(users).size === users.length;
  // Written anew it is the same text, its sum too: else it was cut, or altered.
  return isKnown && isOnce && isEachOnce && agentRegisterText(hash, register) === text
    ? register
    : undefined;
}

function sumOf(hash: Hash, text: string): string {
  return hexOf(hash.sha256Text(bytesOfUtf8(text)));
}

function idOf(hash: Hash, publicKey: string): string | undefined {
  const bytes = textOfBase64(publicKey);
  return bytes === undefined ? undefined : hexOf(hash.sha256Text(byteString(bytes))).slice(0, 32);
}
