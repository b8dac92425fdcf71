// Goal: a journal is written as docs/format/guard-journal.md says, byte by byte, and nothing else is
// read. Method: the lines of the document, both ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import { type JournalLine, journalLine, parseJournalLine } from './journal-line.ts';

const LINES: readonly (readonly [string, JournalLine])[] = [
  [
    '{"begin":{"at":1795000000000,"digest":"ab","holder":"boot/812/99","permit":"all","target":"/srv/mirror","token":3,"until":1796209600000}}',
    {
      kind: 'begin',
      begin: {
        ...{ at: unixMs(1_795_000_000_000), digest: 'ab', holder: 'boot/812/99', permit: 'all' },
        ...{ target: byteString('/srv/mirror'), token: 3, until: unixMs(1_796_209_600_000) },
      },
    },
  ],
  [
    '{"place":{"i":0,"path":"/srv/.holdfast-undo/p-7f3a9c41"}}',
    { kind: 'place', index: 0, path: byteString('/srv/.holdfast-undo/p-7f3a9c41') },
  ],
  [
    '{"place":{"device":"66306","i":1,"path":"/mnt/.holdfast-undo/p-7f3a9c41"}}',
    {
      ...{ kind: 'place', index: 1, device: 66_306n },
      path: byteString('/mnt/.holdfast-undo/p-7f3a9c41'),
    },
  ],
  [
    '{"dir":{"mtime":"1600000000000000001","path":""}}',
    { kind: 'dir', path: byteString(''), mtimeNs: 1_600_000_000_000_000_001n },
  ],
  [
    '{"left":{"mtime":"-1","pathB64":"YS//"}}',
    { kind: 'left', path: byteString('a/\xff'), mtimeNs: -1n },
  ],
  [
    '{"intend":{"made":{"inode":"42","mtime":"7","size":"12"},"n":5,"place":0}}',
    {
      kind: 'intend',
      intent: { n: 5, place: 0, made: { inode: 42n, mtimeNs: 7n, size: 12n } },
    },
  ],
  ['{"intend":{"n":4}}', { kind: 'intend', intent: { n: 4 } }],
  [
    '{"intend":{"n":6,"place":1,"was":{"gid":0,"mode":420,"mtime":"7","uid":33,"xattrs":[["dXNlci5h","AQ=="]]}}}',
    {
      kind: 'intend',
      intent: {
        ...{ n: 6, place: 1 },
        was: {
          ...{ mode: 0o644, uid: 33, gid: 0, mtimeNs: 7n },
          xattrs: [[byteString('user.a'), byteString('\x01')]],
        },
      },
    },
  ],
  ['{"not":6}', { kind: 'not', n: 6 }],
  ['{"durable":7}', { kind: 'durable', lines: 7 }],
  [
    '{"end":{"at":1795000000001,"outcome":"stale","why":"it was written to"}}',
    { kind: 'end', at: unixMs(1_795_000_000_001), outcome: 'stale', why: 'it was written to' },
  ],
];

test('each line is written and read as the document says', () => {
  for (const [text, line] of LINES) {
    assert.equal(journalLine(line), `${text}\n`);
    assert.deepEqual(parseJournalLine(byteString(text)), line);
  }
});

test('what no writer would have written is refused', () => {
  const wrong = [
    '',
    '{}',
    '{"not":-1}',
    '{"not":1,"more":2}',
    '{"not": 1}',
    '{"begin":{"at":1}}',
    '{"place":{"i":0,"path":"not absolute"}}',
    '{"dir":{"mtime":"1","path":"../out"}}',
    '{"end":{"at":1,"outcome":"well"}}',
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseJournalLine(byteString(text)),
      (error: unknown) => error instanceof Fault && error.code === 'HF_PLAN_INVALID',
      text,
    );
  }
});
