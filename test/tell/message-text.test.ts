// Goal: the first line says what, where, since when and how much follows, in words of the house; then
// what was seen with its age, what rests on it, and where to say that one looks after it.
// Method: whole texts, as people get them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import type { AlertMark, Subject } from '../../src/tell/core/alert.ts';
import { adviceFor } from '../../src/tell/core/advice.ts';
import { messageLines, messageTitle } from '../../src/tell/core/message-text.ts';
import { readMessage } from '../../src/wire/tell-message.ts';
import { AT } from './example-row.ts';
import { TellWorld } from './tell-world.ts';

const MINUTE = 60_000;
const START = AT - 12_000;

function host(
  mark: AlertMark,
  why: string,
  sinceMs = START,
  given: Partial<Subject> = {},
): Subject {
  return { subject: 'host:web1', mark, why, since: unixMs(sinceMs), restsOn: [], ...given };
}

function item(name: string, mark: AlertMark, sinceMs = START): Subject {
  const why = `${name} is ${mark}`;
  return {
    subject: `host:web1/${name}`,
    mark,
    why,
    since: unixMs(sinceMs),
    restsOn: ['host:web1'],
  };
}

function text(world: TellWorld): string {
  const message = readMessage(world.rows.at(-1)?.body ?? '');
  assert.ok(message !== undefined);
  const ackLink = 'https://holdfast.example.org/ack/1';
  const confirmLink = 'https://holdfast.example.org/confirm/1';
  const lines = messageLines(message, { ackLink, confirmLink, isRepeat: false });
  return [messageTitle(message), '--', ...lines].join('\n');
}

test('a host that failed, with what was seen and what rests on it', () => {
  const world = new TellWorld();
  const evidence = [
    { text: 'XFS (sda1): metadata I/O error in "xfs_buf_ioend"', seenAt: unixMs(AT - 12_000) },
    { text: 'XFS (sda1): shutting down filesystem', seenAt: unixMs(AT - 11_000) },
  ];
  world.step(AT, [
    host('failed', 'XFS on /srv shut down', START, { evidence }),
    item('disk-space:/srv', 'unknown'),
    item('http:www', 'failed'),
  ]);
  assert.equal(
    text(world),
    `failed: web1 since 10:31 UTC, 2 on it
--
web1 failed at 10:31 UTC: XFS on /srv shut down. 2 things rest on it: 1 failed, 1 unknown.

Seen:
  12 s ago: XFS (sda1): metadata I/O error in "xfs_buf_ioend"
  11 s ago: XFS (sda1): shutting down filesystem

What rests on it:
  of its own: http:www, disk-space:/srv

Look at its power, its console and its network.

I look after it:
https://holdfast.example.org/ack/1

As of 10:31 UTC, Sat 21 Nov 2026. Alert 00000000.`,
  );
});

test('each change in its own words', () => {
  const world = new TellWorld();
  const sentence = (ms: number, ...subjects: Subject[]): string => {
    world.step(START + ms, subjects);
    return world.lastSentence();
  };
  assert.equal(
    sentence(5 * MINUTE, host('unknown', 'silent for 5 min')),
    'web1 is unknown since 10:31 UTC: silent for 5 min.',
  );
  assert.equal(
    sentence(6 * MINUTE, host('failed', 'two others cannot reach it', START + 6 * MINUTE)),
    'web1 failed at 10:37 UTC, unknown before: two others cannot reach it.',
  );
  const down = host('failed', 'two others cannot reach it', START + 6 * MINUTE);
  assert.equal(
    sentence(20 * MINUTE, down, item('http:www', 'failed', START + 19 * MINUTE)),
    'web1 is failed still, since 10:31 UTC, and now with it http:www on web1: two others cannot reach it. 1 thing rests on it: 1 failed.',
  );
  assert.equal(
    sentence(300 * MINUTE, down, item('http:www', 'ok')),
    'web1 is failed still, since 10:31 UTC, and nobody has said that they look after it: two others cannot reach it.',
  );
  assert.equal(
    sentence(301 * MINUTE, host('ok', 'all 12 checks are current', START + 301 * MINUTE)),
    'web1 is ok again, seen at 15:32 UTC after 5 h 01: all 12 checks are current.',
  );
});

test('what comes from outside cannot move, hide or reorder anything in a text', () => {
  const world = new TellWorld();
  const evil = 'a\u001b[2J\r\nSubject: x\u202egnp.exe';
  world.step(AT, [
    { ...host('failed', evil), subject: `host:${evil}`, evidence: [{ text: evil, seenAt: AT }] },
  ]);
  for (const line of text(world).split('\n')) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  assert.doesNotMatch(text(world), /^Subject:/m);
});

test('whatever is handed over, a message can be read again', () => {
  const world = new TellWorld();
  const long = '\ud800x'.repeat(5000);
  const many = Array.from({ length: 100 }, (_, at) => item(`${at}${long}`, 'failed'));
  const evidence = Array.from({ length: 100 }, () => ({ text: long, seenAt: AT }));
  world.step(AT, [host('failed', long, START, { evidence }), ...many]);
  const message = readMessage(world.rows.at(-1)?.body ?? '');
  assert.equal(message?.consequenceCount, 100);
  assert.equal(message.consequences.length, 20);
});

test('who is hit comes first, what failed before what is unknown, and what is its own in one line', () => {
  const world = new TellWorld();
  const guest = (name: string, mark: AlertMark): Subject => ({
    ...item('', mark),
    subject: `host:${name}`,
    restsOn: ['host:web1'],
  });
  const many = Array.from({ length: 30 }, (_, at) => item(`a${at}`, 'unknown'));
  world.step(AT, [
    host('failed', 'It fell silent.'),
    ...many,
    guest('vm1', 'unknown'),
    guest('vm2', 'failed'),
  ]);
  const [title = '', , ...lines] = text(world).split('\n');
  assert.equal(title, 'failed: web1 since 10:31 UTC, 32 on it');
  const at = lines.indexOf('What rests on it:');
  assert.deepEqual(lines.slice(at + 1, at + 3), ['  vm2', '  vm1']);
  assert.match(lines[at + 3] ?? '', /^ {2}of its own: a0, a1, /);
  assert.equal(lines[at + 4], '  and 12 more');
  world.step(AT + MINUTE, [host('ok', 'Its agent speaks.', AT + MINUTE), ...many]);
  const end = readMessage(world.rows.find(({ what }) => what === 'closed')?.body ?? '');
  assert.match(
    end?.sentence ?? '',
    /: its agent speaks\. 32 things that rested on it are not known to be well yet\.$/,
  );
});

test('what is unknown is said not to be well, and what to do first is said of each kind', () => {
  const world = new TellWorld();
  world.step(AT + 5 * MINUTE, [host('unknown', 'Its agent fell silent.')]);
  assert.match(text(world), /^Nobody knows whether it works/m);
  assert.match(text(world), /^Look at its power/m);
  assert.match(adviceFor('host:web1/smart:sda') ?? '', /another copy/);
  assert.match(adviceFor('channel:mail') ?? '', /message test/);
  assert.match(adviceFor('server:h:7431') ?? '', /Look at it now/);
  assert.equal(adviceFor('host:web1/unheard:of'), undefined);
});
