// Goal: what a snapshot has not is told where it lies, whatever roots it has; what is torn counts for
// no more than it is.
// Method: contents of snapshots made by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString, parseDigest } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import {
  coveringPointOf,
  existsSubject,
  type ReadSnapshot,
  recoveryPointOf,
} from '../../src/main/estate/points.ts';
import type { SnapshotContent, SnapshotRoot } from '../../src/vault/core/snapshot-content.ts';

const vault = { id: 'v' };
const none: ReadonlySet<string> = new Set();
const of = { vault, copy: 'here', evidence: new Map(), started: none, emptied: none };

function root(path: string, digit = '0'): SnapshotRoot {
  const sha256 = parseDigest(digit.repeat(64));
  assert.ok(sha256 !== undefined);
  const name = byteString(path.slice(path.lastIndexOf('/') + 1));
  return { name, path: byteString(path), sha256, entries: 1, bytes: 1n };
}

function snapshot(change: Partial<SnapshotContent>): ReadSnapshot {
  const at = unixMs(1_800_000_000_000);
  return {
    record: { id: 's', time: at, writer: 'w', seq: 0 },
    content: {
      ...{ dataSet: 'data', host: 'h', started: at, finished: at, roots: [root('/srv/data')] },
      ...{ stats: {}, gaps: [], gapCount: 0, torn: [], excluded: [], notEntered: [] },
      ...{ inFluxCount: 0, version: '0', ...change },
    },
  };
}

const gap = (path: string) => ({ path: byteString(path), why: 'EACCES' });

test('gaps of one root lie below it, of several behind their names, of a file at its path', () => {
  const one = coveringPointOf(vault, snapshot({ gaps: [gap('a/b'), gap('')] }), none);
  assert.deepEqual(one.without, ['/srv/data/a/b', '/srv/data']);
  const roots = [root('/srv/data'), root('/home/ann'), root('/var/ann2')];
  const several = coveringPointOf(
    vault,
    snapshot({ roots, gaps: [gap('ann/x')], notEntered: [gap('ann2/y'), gap('data')] }),
    none,
  );
  assert.deepEqual(several.without, ['/home/ann/x', '/var/ann2/y', '/srv/data']);
  const whole = coveringPointOf(
    vault,
    snapshot({ roots: [root('/')], gaps: [gap('root/x')] }),
    none,
  );
  assert.deepEqual(whole.without, ['/root/x']);
  const absolute = coveringPointOf(vault, snapshot({ gaps: [gap('/srv/data/z')] }), none);
  assert.deepEqual(absolute.without, ['/srv/data/z']);
});

test('what an engine handed out covers its directory, if nothing of it is missing', () => {
  const handedOut = (facts: Record<string, string>) => {
    const frozen = { method: 'pg_dump', guarantee: 'consistent', at: unixMs(1), facts } as const;
    return coveringPointOf(vault, snapshot({ roots: [root('')], frozen }), none).roots;
  };
  const directory = '/var/lib/postgresql/15/main';
  assert.deepEqual(handedOut({ 'data-directory': directory, extent: 'all' }), [directory]);
  assert.deepEqual(handedOut({ 'data-directory': directory }), []);
  assert.deepEqual(handedOut({ extent: 'all' }), [], 'a server elsewhere');
});

test('a database that is the data set makes it torn; one inside it is a gap', () => {
  const torn = (path: string) => [{ path: byteString(path), engine: 'postgres' }];
  const inside = recoveryPointOf(of, snapshot({ torn: torn('/srv/data/pg'), gapCount: 2 }));
  assert.deepEqual([inside.isTorn, inside.gapCount], [false, 3]);
  assert.equal(recoveryPointOf(of, snapshot({ torn: torn('/srv/data') })).isTorn, true);
  assert.equal(recoveryPointOf(of, snapshot({ torn: torn('/srv') })).isTorn, true);
});

test('what an engine has started on is torn no more, and that snapshot alone', () => {
  const torn = [{ path: byteString('/srv/data'), engine: 'postgres' }];
  const seen = snapshot({ torn });
  const started = (id: string) => ({ ...of, started: new Set([id]) });
  const usable = recoveryPointOf(started('s'), seen);
  assert.deepEqual([usable.isTorn, usable.gapCount], [false, 0]);
  assert.deepEqual(coveringPointOf(vault, seen, new Set(['s'])).torn, []);
  assert.equal(recoveryPointOf(started('another'), seen).isTorn, true);
  assert.deepEqual(coveringPointOf(vault, seen, new Set(['another'])).torn, ['/srv/data']);
});

test('snapshots of equal content share their proof, and others do not', () => {
  const subject = (digit: string): string =>
    existsSubject('here', snapshot({ roots: [root('/srv/data', digit)] }).content);
  assert.equal(subject('1'), subject('1'));
  assert.notEqual(subject('1'), subject('2'));
});
