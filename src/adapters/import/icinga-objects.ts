/** Hosts and users of Icinga 2 configuration: `object Host "web1" { address = "..." }`. Literals only. */
import type { Imported, ImportedContact, ImportedHost } from './imported.ts';

const OBJECTS_MAX = 10_000;
const OBJECT = /\bobject\s+(Host|User)\s+"((?:[^"\\\n]|\\.)*)"[^{}"\n]*\{/g;

export function parseIcingaObjects(text: string): Imported {
  const clean = withoutComments(text);
  const hosts: ImportedHost[] = [];
  const contacts: ImportedContact[] = [];
  for (const match of clean.matchAll(OBJECT)) {
    if (hosts.length + contacts.length >= OBJECTS_MAX) break;
    const [whole, kind, name = ''] = match;
    const body = bodyFrom(clean, match.index + whole.length);
    if (kind === 'Host') {
      const address = literal(body, 'address') ?? literal(body, 'address6');
      hosts.push({ name, address, groups: literals(body, 'groups') });
    } else {
      const mail = literal(body, 'email');
      if (mail !== undefined) contacts.push({ name: literal(body, 'display_name') ?? name, mail });
    }
  }
  return { hosts, contacts };
}

/** What stands in quotes stays: a `//` in it is no comment. */
function withoutComments(text: string): string {
  return text.replaceAll(
    /("(?:[^"\\\n]|\\.)*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*|#[^\n]*/g,
    (_, quoted: string | undefined) => quoted ?? ' ',
  );
}

/** To the brace that closes the object, without what is in braces of its own. */
function bodyFrom(text: string, from: number): string {
  let depth = 1;
  let body = '';
  let isQuoted = false;
  for (let at = from; at < text.length && depth > 0; at++) {
    const char = text.charAt(at);
    if (char === '"' && text.charAt(at - 1) !== '\\') isQuoted = !isQuoted;
    if (!isQuoted && char === '{') depth += 1;
    if (depth === 1) body += char;
    if (!isQuoted && char === '}') depth -= 1;
  }
  return body;
}

function literal(body: string, key: string): string | undefined {
  return new RegExp(String.raw`(?:^|[\s;])${key}\s*=\s*"([^"\\\n]*)"\s*(?:$|[\n;}])`, 'm').exec(
    body,
  )?.[1];
}

function literals(body: string, key: string): readonly string[] {
  const list =
    new RegExp(String.raw`(?:^|[\s;])${key}\s*\+?=\s*\[([^\]]*)\]`, 'm').exec(body)?.[1] ?? '';
  return [...list.matchAll(/"([^"\\\n]*)"/g)].map(([, each = '']) => each);
}
