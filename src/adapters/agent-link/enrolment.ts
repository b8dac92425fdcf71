/** The enrolment line, and the two files that an enrolled host has: docs/format/agent-spool.md. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { replaceFile, type WholeFilePorts } from '../../vault/shell/whole-file.ts';
import { errnoOf } from '../node/errno.ts';
import { type AgentIdentity, identityOfPem } from './identity.ts';
import type { ServerPlace } from './pinned-agent.ts';

export interface EnrolmentLine {
  readonly place: ServerPlace;
  readonly token: string;
}

export interface Enrolment {
  readonly place: ServerPlace;
  readonly identity: AgentIdentity;
  /** As the server calls this host. */
  readonly host: string;
}

const TOKEN = /^[A-Za-z0-9_-]{16,200}$/;
const FILES = ['key.pem', 'enrolled.json'] as const;

/** `https://HOST:PORT#PIN TOKEN`. @throws Fault HF_AGENT_LINE */
export function parseEnrolmentLine(text: string): EnrolmentLine {
  const [address = '', token = '', ...rest] = text.trim().split(/\s+/);
  if (rest.length > 0 || !TOKEN.test(token)) throw badLine('its token is not there, or cut');
  return { place: parseServerAddress(address), token };
}

/** `https://HOST:PORT#PIN`. @throws Fault HF_AGENT_LINE */
export function parseServerAddress(address: string): ServerPlace {
  if (!URL.canParse(address)) throw badLine('it does not begin with the address of a server');
  const { protocol, hostname, port, hash, pathname, search, username } = new URL(address);
  if (protocol !== 'https:' || username !== '' || search !== '' || pathname !== '/') {
    throw badLine('its address is not https://HOST:PORT');
  }
  const pin = Buffer.from(hash.slice(1), 'base64url');
  if (pin.length !== 32 || pin.toString('base64url') !== hash.slice(1)) {
    throw badLine('the key of the server behind # is not there, or cut');
  }
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: port === '' ? 443 : Number(port), pin: pin.toString('hex') };
}

function badLine(why: string): Fault {
  return new Fault('HF_AGENT_LINE', `this is no enrolment line: ${why}`);
}

export function isEnrolled(dir: string): boolean {
  return fs.existsSync(path.join(dir, 'enrolled.json'));
}

/** What `enroll` makes, and `remove` takes away. */
export function enrolmentFiles(dir: string): readonly string[] {
  return FILES.map((name) => path.join(dir, name));
}

/** The key first: a host that is enrolled has one. Whoever owns the directory owns the files, and made them. */
export function writeEnrolment(ports: WholeFilePorts, dir: ByteString, given: Enrolment): void {
  const { place, identity, host } = given;
  const server = `https://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
  const facts = { v: 0, server, pin: place.pin, agent: identity.agent, host };
  const files = { 'key.pem': identity.pem, 'enrolled.json': `${JSON.stringify(facts)}\n` };
  ports.disk.makeDir(dir);
  asOwnerOf(dir, () => {
    for (const [name, text] of Object.entries(files)) {
      replaceFile(ports, byteString(`${dir}/${name}`), Buffer.from(text, 'utf8'));
    }
  });
}

/**
 * Root writes there with the rights of the owner and no more: what that user puts in the way of it, a
 * link to a file of root's, is then no better than what the user could do by itself.
 */
function asOwnerOf(dir: string, act: () => void): void {
  const { uid, gid } = fs.statSync(dir);
  if (process.getuid?.() !== 0 || uid === 0) {
    act();
    return;
  }
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([gid]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}

/** @throws Fault HF_AGENT_NOT_ENROLLED */
export function readEnrolment(dir: string): Enrolment {
  try {
    const identity = identityOfPem(fs.readFileSync(path.join(dir, 'key.pem'), 'utf8'));
    const facts: unknown = JSON.parse(fs.readFileSync(path.join(dir, 'enrolled.json'), 'utf8'));
    const { server, pin, host } = textsIn(facts);
    const { hostname, port } = new URL(server);
    if (!/^[0-9a-f]{64}$/.test(pin)) throw new Error('its pin is not there');
    const name = hostname.replace(/^\[(.*)\]$/, '$1');
    const place = { host: name, port: port === '' ? 443 : Number(port), pin };
    return { place, identity, host };
  } catch (cause) {
    const isAbsent = errnoOf(cause) === 'ENOENT';
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = isAbsent
      ? `this host is not enrolled: ${dir} has no key and no server`
      : `the enrolment in ${dir} cannot be read: ${why}`;
    throw new Fault('HF_AGENT_NOT_ENROLLED', message, { dir }, { cause });
  }
}

function textsIn(value: unknown): { server: string; pin: string; host: string } {
  const given = typeof value === 'object' && value !== null ? value : {};
  const text = (name: string): string => {
    const found: unknown = Object.getOwnPropertyDescriptor(given, name)?.value;
    if (typeof found !== 'string') throw new Error(`enrolled.json has no ${name}`);
    return found;
  };
  return { server: text('server'), pin: text('pin'), host: text('host') };
}
