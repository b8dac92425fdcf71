// Goal: where the bytes of answers are cut on the line makes no difference, and what is not an answer
// of docs/format/agent.md is refused, never waited for and never read as another's.
// Method: fast-check cuts what a server could have sent; a list of what none may send.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AnswerReader, type Answered } from './answer-reader.ts';

function readAll(parts: readonly Buffer[]): readonly Answered[] {
  const reader = new AnswerReader();
  const answers: Answered[] = [];
  for (const part of parts) {
    reader.put(part);
    for (let next = reader.next(); next !== undefined; next = reader.next()) answers.push(next);
  }
  return answers;
}

interface Sent {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
  readonly isLast: boolean;
}

function sent({ status, retryAfter, body, isLast }: Sent): string {
  const lines = [
    `HTTP/1.1 ${status} Word`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `connection: ${isLast ? 'close' : 'keep-alive'}`,
    ...(retryAfter === undefined ? [] : [`Retry-After:  ${retryAfter} `]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function asSent({ status, fields, body, isLast }: Answered): Sent {
  return { status, retryAfter: fields.get('retry-after'), body, isLast };
}

const ANSWER = {
  status: fc.integer({ min: 200, max: 599 }),
  retryAfter: fc.constantFrom(undefined, '5', '17'),
  body: fc.string({ unit: 'binary', maxLength: 200 }),
  isLast: fc.boolean(),
};
const answered: fc.Arbitrary<Sent> = fc.record(ANSWER, { noNullPrototype: true });

test('answers are the same wherever their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(answered, { maxLength: 5 }),
      fc.array(fc.nat(2000), { maxLength: 20 }),
      (answers, cuts) => {
        const bytes = Buffer.from(answers.map(sent).join(''));
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
        const sorted = at.sort((a, b) => a - b);
        const parts = sorted.map((begin, nth) => bytes.subarray(begin, sorted[nth + 1]));
        assert.deepEqual(readAll(parts).map(asSent), answers);
      },
    ),
  );
});

const OK = 'HTTP/1.1 200 OK\r\n';
const NONSENSE: readonly (readonly [string, string])[] = [
  ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['another version', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['a word in between', 'HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n'],
  ['another protocol from here', 'HTTP/1.1 101 Up\r\ncontent-length: 0\r\n\r\n'],
  ['no length', `${OK}x: y\r\n\r\n`],
  ['a length that is none', `${OK}content-length: -1\r\n\r\n`],
  ['a length in words', `${OK}content-length: 0x10\r\n\r\n`],
  ['two lengths', `${OK}content-length: 0\r\nContent-Length: 5\r\n\r\n`],
  ['pieces', `${OK}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a length and pieces', `${OK}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n`],
  ['a line that is no field', `${OK}content-length: 0\r\n folded\r\n\r\n`],
  ['more than is read', `${OK}content-length: 1048577\r\n\r\n`],
  ['a head without end', `${OK}x: ${'y'.repeat(20_000)}`],
];

for (const [what, text] of NONSENSE) {
  test(`refused: ${what}`, () => {
    assert.throws(() => readAll([Buffer.from(text)]), Error);
  });
}
