// Goal: what was told of a vault and is not there any more is missed, with who told it and what is there instead;
// what cannot be known is not called gone; nobody but the host that missed it, or a person, says that it is there
// again. Method: fixed cases over the pure functions; src/main/server/told-heads.property.test.ts plays orders.
import assert from 'node:assert/strict';
import test from 'node:test';
import { unixMs } from '../../../base/units.ts';
import { acceptedAt, judged, type SaidHeads, type ToldPlace, toldAfter } from './told-heads.ts';
import { anotherWords, missedWords } from './told-words.ts';
import { type HeadLink, SNAPSHOTS_MAX, vaultHeads, WRITERS_MAX } from './vault-heads.ts';

const W = 'a'.repeat(16);
const PLACE = 'ssh://st1/v';
/** Snapshot `n` of a history: another history has others. */
const idOf = (n: number, history = '1'): string =>
  `${history}${n}`
    .padStart(64, '0')
    .replace(/^0{40}/, '')
    .padEnd(64, 'f');
const links = (
  seqs: readonly number[],
  of: Partial<HeadLink> & { readonly history?: string } = {},
) =>
  seqs.map((seq): HeadLink => {
    const { history, ...rest } = of;
    return { writer: W, seq, id: idOf(seq, history), isBelieved: true, ...rest };
  });
const headsOf = (
  all: readonly HeadLink[],
  of: { readonly vault?: string; readonly unread?: number } = {},
) => vaultHeads({ vault: 'v1', copy: PLACE, unread: 0, ...of }, all);
const said = (heads: SaidHeads['heads'], at: number, of: Partial<SaidHeads> = {}): SaidHeads => ({
  ...{ host: 'web1', place: PLACE, heads, at: unixMs(at), others: [], ...of },
});
/** One after the other, of one host. */
const after = (...all: readonly SaidHeads[]): ToldPlace => {
  const told = all.reduce<ToldPlace | undefined>(
    (before, each) => toldAfter(before, each),
    undefined,
  );
  return told ?? assert.fail('nothing was said');
};
const missedIn = ({ missed }: ToldPlace) => missed.map(({ seq, is, endsAt }) => [seq, is, endsAt]);

test('what goes on is no finding; what ends earlier, or goes on without it, is', () => {
  const one = said(headsOf(links([1, 2, 3])), 1);
  assert.deepEqual(missedIn(after(one, said(headsOf(links([1, 2, 3, 4])), 2))), []);
  assert.deepEqual(missedIn(after(one, said(headsOf(links([3])), 2))), [], 'old ones went');
  const back = after(one, said(headsOf(links([1, 2])), 2));
  assert.deepEqual(missedIn(back), [[3, 'gone', 2]]);
  assert.match(
    missedWords(back.missed[0] ?? assert.fail()),
    /set back or emptied: web1 had told .* number 3 of writer aaaaaaaa.*it ends with number 2/,
  );
  assert.deepEqual(missedIn(after(one, said(headsOf([]), 2))), [[3, 'gone', 0]]);
  assert.deepEqual(missedIn(after(one, said(headsOf(links([1, 2, 4])), 2))), [[3, 'gone', 4]]);
  const on = after(
    one,
    said(headsOf([...links([1, 2]), ...links([3, 4, 5], { history: '2' })]), 2),
  );
  assert.deepEqual(
    missedIn(on),
    [[3, 'other', 5]],
    'set back together with its host, and written on',
  );
  assert.match(missedWords(on.missed[0] ?? assert.fail()), /another has that number now/);
});

test('a fork in which both are there is a finding of the vault, not of this', () => {
  const both = headsOf([...links([1, 2]), ...links([2], { history: '2' })]);
  assert.deepEqual(missedIn(after(said(headsOf(links([1, 2])), 1), said(both, 2))), []);
});

test('it stays until it is there again where it was missed', () => {
  const lost = [said(headsOf(links([1, 2, 3])), 1), said(headsOf(links([1])), 2)];
  const on = after(...lost, said(headsOf(links([1, 4])), 3), said(headsOf(links([1, 4, 5])), 4));
  assert.deepEqual([missedIn(on), on.missed[0]?.foundAt], [[[3, 'gone', 1]], 2]);
  assert.equal(on.vaults[0]?.heads[0]?.seq, 5, 'and what came since is told as well');
  const again = after(...lost, said(headsOf(links([1, 2, 3])), 3));
  assert.deepEqual([missedIn(again), again.ended?.at], [[], 3]);
  const twice = after(...lost, said(headsOf(links([1, 2])), 3), said(headsOf(links([1])), 4));
  assert.deepEqual(missedIn(twice), [[3, 'gone', 1]], 'the highest says most');
});

test('another host misses what this one told, and says nothing well for it', () => {
  const web1 = after(said(headsOf(links([1, 2, 3])), 1));
  const web2 = toldAfter(
    undefined,
    said(headsOf(links([1, 2])), 2, { host: 'web2', others: [web1] }),
  );
  assert.deepEqual(
    web2.missed.map(({ by, seq }) => [by, seq]),
    [['web1', 3]],
  );
  const otherVault = toldAfter(
    undefined,
    said(headsOf(links([1]), { vault: 'v2' }), 2, { host: 'web2', others: [web1] }),
  );
  assert.deepEqual([otherVault.missed, otherVault.another], [[], undefined]);
  const missing = after(said(headsOf(links([1, 2, 3])), 1), said(headsOf(links([1])), 2));
  toldAfter(undefined, said(headsOf(links([1, 2, 3])), 3, { host: 'liar', others: [missing] }));
  assert.deepEqual(missedIn(missing), [[3, 'gone', 1]]);
});

test('what had no room, and what could not be read, is not known to be gone', () => {
  const told = { writer: W, seq: 3, id: idOf(3).slice(0, 32) };
  const many = Array.from({ length: SNAPSHOTS_MAX }, (_, n) => n + 4);
  const long = headsOf(links(many));
  assert.deepEqual([long.writers[0]?.hasMore, long.writers[0]?.snapshots.length], [true, 256]);
  assert.equal(judged(long, told), 'unknown');
  assert.equal(judged(headsOf(links([1, 2]), { unread: 1 }), told), 'unknown');
  assert.equal(judged(headsOf(links([3], { history: '2' }), { unread: 1 }), told), 'unknown');
  assert.equal(judged(headsOf(links([3]), { unread: 1 }), told), 'there');
  const writers = Array.from({ length: WRITERS_MAX + 1 }, (_, n) =>
    n.toString(16).padStart(16, '0'),
  );
  const wide = headsOf(writers.flatMap((writer) => links([1], { writer })));
  assert.deepEqual([wide.writers.length, wide.writersLeft], [WRITERS_MAX, 1]);
  assert.equal(judged(wide, told), 'unknown');
  // What could not be told once is missed when it can be again.
  const one = said(headsOf(links([1, 2, 3])), 1);
  const unread = said(headsOf(links([1]), { unread: 1 }), 2);
  assert.deepEqual(missedIn(after(one, unread)), []);
  assert.deepEqual(missedIn(after(one, unread, said(headsOf(links([1])), 3))), [[3, 'gone', 1]]);
});

test('what nobody believes raises no head', () => {
  const forged = headsOf([...links([1, 2]), ...links([900], { isBelieved: false })]);
  assert.equal(forged.writers[0]?.believedTo, 2);
  const told = after(said(forged, 1), said(headsOf(links([1, 2])), 2));
  assert.deepEqual([missedIn(told), told.vaults[0]?.heads[0]?.seq], [[], 2]);
});

test('another vault in its place is one; two that are changed in turn are known after the first time', () => {
  const one = (at: number) => said(headsOf(links([1])), at);
  const two = (at: number) => said(headsOf(links([9]), { vault: 'v2' }), at);
  const came = after(one(1), two(2));
  assert.deepEqual(came.another, { vault: 'v2', was: 'v1', wasAt: 1, foundAt: 2 });
  assert.match(anotherWords(came.another ?? assert.fail()), /is another vault/);
  assert.deepEqual(after(one(1), two(2), two(3)).another?.foundAt, 2, 'it stays');
  const turned = after(one(1), two(2), one(3));
  assert.deepEqual([turned.another, turned.ended?.at], [undefined, 3]);
  assert.equal(after(one(1), two(2), one(3), two(4)).another, undefined);
  const less = said(headsOf([]), 4);
  assert.deepEqual(
    missedIn(after(one(1), two(2), one(3), less)),
    [[1, 'gone', 0]],
    'each has its own heads',
  );
});

test('a person says that it is right so: of all who tell of that place, and from there on', () => {
  const web1 = after(said(headsOf(links([1, 2, 3])), 1));
  const of = { host: 'web2', others: [web1] };
  const web2 = toldAfter(undefined, said(headsOf(links([1])), 2, of));
  const elsewhere = { ...web2, place: 'ssh://st2/v' };
  const all = acceptedAt([web1, web2, elsewhere], { place: PLACE, by: 'ada', at: unixMs(9) });
  assert.deepEqual(
    all.map(({ host, missed, ended }) => [host, missed.length, ended?.why]),
    [
      ['web1', 0, undefined],
      ['web2', 0, 'ada said that it is right so'],
    ],
  );
  const [first = assert.fail(), second = assert.fail()] = all;
  const next = toldAfter(
    second,
    said(headsOf(links([1, 4])), 10, { host: 'web2', others: [first] }),
  );
  assert.deepEqual(missedIn(next), []);
  const less = toldAfter(next, said(headsOf(links([1])), 11, { host: 'web2', others: [first] }));
  assert.deepEqual(missedIn(less), [[4, 'gone', 1]], 'and what is lost after that is missed again');
  const own = after(said(headsOf(links([1, 2, 3])), 1), said(headsOf(links([1])), 2));
  const [right] = acceptedAt([own], { place: PLACE, by: 'ada', at: unixMs(3) });
  assert.deepEqual(missedIn(toldAfter(right, said(headsOf([]), 4))), [[1, 'gone', 0]]);
  assert.deepEqual(acceptedAt([web1], { place: PLACE, by: 'ada', at: unixMs(9) }), []);
});
