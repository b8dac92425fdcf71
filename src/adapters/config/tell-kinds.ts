/** What may stand where below `tell`, in words for whoever wrote something else. */
import {
  CHANNEL_KEYS,
  CHANNEL_KINDS,
  SMTP_TLS,
  TELL_KEYS,
  TELL_MARKS,
  WEBHOOK_SHAPES,
} from '../../wire/tell-config.ts';

/** The keys that there are below `path`. */
export function tellKnownAt(path: readonly PropertyKey[]): readonly string[] {
  if (path[1] === 'delay') return TELL_MARKS;
  return path[1] === 'channels' ? CHANNEL_KEYS : TELL_KEYS;
}

const SPAN = 'a time as 30s, 10min, 4h or 7d';
const FILE = 'the path of a file that only its owner may read';
const LINE = 'a text of one line';
const URL_KIND = 'an address as https://example.org/hook, without a name or password in it';
const ADDRESS = 'an address as ann@example.org, or a list of them';

export const TELL_KINDS: ReadonlyMap<string, string> = new Map([
  ['tell', `keys below it: ${TELL_KEYS.join(', ')}`],
  ['delay', `one of ${TELL_MARKS.join(', ')}, and behind it ${SPAN}`],
  ...TELL_MARKS.map((mark) => [mark, SPAN] as const),
  ['group', SPAN],
  ['remind', `${SPAN}, or never`],
  ['channels', 'names of small letters, digits and hyphens, and below each: kind, ...'],
  ['kind', `one of: ${CHANNEL_KINDS.join(', ')}`],
  ['person', LINE],
  ['from', `one of: ${TELL_MARKS.join(', ')}`],
  ['hosts', 'a host, web* for those that begin so, or a list of them'],
  ['after', SPAN],
  ['quiet', 'two times as 22:00-07:00'],
  ['zone', 'a time zone as Europe/Berlin'],
  ['test', `${SPAN}, or never`],
  ['confirmed-within', SPAN],
  ['rate', 'a limit as 30 in 10min'],
  ['url', URL_KIND],
  ['url-file', FILE],
  ['ca-file', 'the path of a file in PEM'],
  ['secret-file', FILE],
  ['token-file', FILE],
  ['password-file', FILE],
  ['server', 'mail.example.org:587, or smtps://mail.example.org'],
  ['tls', `one of: ${SMTP_TLS.join(', ')}`],
  ['login', LINE],
  ['sender', 'an address as holdfast@example.org'],
  ['to', ADDRESS],
  ['shape', `one of: ${WEBHOOK_SHAPES.join(', ')}`],
  ['room', 'the id of a room as !abc:example.org'],
  ['chat', 'the number of a chat'],
  ['private-nets', 'a net as 10.1.0.0/16, or a list of them'],
  ['interval', 'a time of at least 5s, as 1min'],
  ['labels', 'names and texts, as Prometheus has them'],
  ['fingerprint', 'the SHA-256 of its certificate, 64 hexadecimal digits'],
  ['host', LINE],
  ['service', LINE],
]);
