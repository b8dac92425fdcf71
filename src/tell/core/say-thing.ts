import { sayMessage } from '../../base/say-name.ts';

const OF_THE_SERVER: ReadonlyMap<string, string> = new Map([
  ['server:copy', 'the copy of the pages off the estate'],
  ['server:line', 'the line to this server'],
  ['watching', 'the watching of this server'],
]);

/** `web1`, `disk-space:/srv on web1`, `channel mail`: a subject as people call it. */
export function sayThing(subject: string): string {
  const own = OF_THE_SERVER.get(subject);
  if (own !== undefined) return own;
  const [kind = '', rest] = splitOnce(subject, ':');
  if (rest === undefined) return sayMessage(subject);
  if (kind !== 'host') return sayMessage(`${kind} ${rest}`);
  const [host = '', item] = splitOnce(rest, '/');
  return sayMessage(item === undefined ? host : `${item} on ${host}`);
}

function splitOnce(text: string, by: string): readonly [string, string?] {
  const at = text.indexOf(by);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}
