// Goal: the order of steps of docs/design/044-collection.md loses no acknowledged snapshot, whoever
// acts at once and whoever is stopped for however long; and each of its steps is needed for that.
// Method: all orders of all steps of a few actors (sim/collect-model.ts); the protocol, and the
// protocol with one step left out or turned round, which must be found out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor, Flaw } from './collect-model-state.ts';
import { explore } from './collect-model.ts';

const SETTINGS: readonly (readonly Actor[])[] = [
  ['writer', 'marker', 'sweeper', 'hand'],
  ['undo', 'marker', 'sweeper', 'tidier'],
  ['undo', 'marker', 'sweeper', 'sweeper'],
  ['writer', 'writer', 'marker', 'sweeper'],
  ['writer', 'marker', 'marker', 'sweeper'],
  ['writer', 'undo', 'marker', 'sweeper'],
  ['writer', 'mover', 'sweeper', 'sweeper'],
  ['mover', 'mover', 'sweeper', 'sweeper'],
  ['writer', 'mover', 'mover', 'sweeper'],
  ['undo', 'mover', 'mover', 'sweeper'],
  ['undo', 'mover', 'marker', 'sweeper'],
  ['liar', 'mover', 'mover', 'sweeper'],
  ['liar', 'undo', 'mover', 'sweeper'],
];

const WRITER: readonly Actor[] = ['writer', 'marker', 'sweeper'];
const UNDO: readonly Actor[] = ['undo', 'marker', 'sweeper', 'tidier'];
const MOVERS: readonly Actor[] = ['mover', 'mover', 'sweeper', 'sweeper'];
const LIAR: readonly Actor[] = ['liar', 'mover', 'sweeper'];
const HAND: readonly Actor[] = ['marker', 'sweeper', 'hand'];

/** Each flaw, with the actors among whom it does harm. */
const FLAWS: Readonly<Record<Exclude<Flaw, typeof HARMLESS>, readonly Actor[]>> = {
  'no marks: what no snapshot reaches is deleted': WRITER,
  'C3 and C5 snapshots are not listed again at all': WRITER,
  'C5 snapshots are not listed once more before the fate': HAND,
  'C5 copies are looked for before it is known what goes': MOVERS,
  'C5 a copy in what goes counts': MOVERS,
  'C5 what was moved goes without another look': MOVERS,
  'C5 what a header says is believed': LIAR,
  'C6 a second fate replaces the first': UNDO,
  'C6 packs are deleted before the fate is there': UNDO,
  'C7 what is deleted is what was meant, and not what the fate says': UNDO,
  'C9 marks and trash are taken away before the packs': WRITER,
  'C9 the fate of a run that is over is taken away': WRITER,
  'B1 nothing is looked at before a backup begins': WRITER,
  'B1 fates are listed after the marks': WRITER,
  'B2 fates are listed before the marks': WRITER,
  'B2 marks are read before the snapshot is there': WRITER,
  'B3 packs are not listed anew': WRITER,
  'B4 what is covered is taken for stored': WRITER,
  'U1 marks are read before the snapshot is back': UNDO,
  'U2 runs without a fate are not made void': UNDO,
  'U3 packs of a sweep are taken for stored': UNDO,
};

/** The last look does all that this one does: it lets go early, and carries no safety alone. */
const HARMLESS = 'C3 snapshots are not listed again when the marks are there';

/** What has to have happened somewhere, or nothing was tried. */
const HAPPENINGS = [
  'B3 is told',
  'B4 stores again',
  'is not told: it is gone',
  'is told at once',
  'makes void',
  'C6 finds a fate',
  'C7 deletes',
  'U2 makes void',
  'U3 is told',
  'U3 stores again',
  'U3 came too late',
  'is put back',
  'M1 moves',
  'C1 hopes for what a header says',
];

test('no order of steps loses an acknowledged snapshot', (t) => {
  const reached = new Set<string>();
  for (const actors of SETTINGS) {
    const { states, counterexample, reached: here } = explore({ actors });
    assert.equal(counterexample?.join('\n'), undefined, actors.join(', '));
    for (const step of here) reached.add(step);
    t.diagnostic(`${actors.join(', ')}: ${states} states`);
  }
  const missing = HAPPENINGS.filter((each) => !reached.has(each));
  assert.deepEqual(missing, [], 'liveness: all of this happened');
});

for (const [flaw, actors] of Object.entries(FLAWS)) {
  test(`found out: ${flaw}`, () => {
    const { counterexample } = explore({ actors, flaw: flaw as keyof typeof FLAWS });
    assert.ok(counterexample !== undefined, 'the model can fail');
  });
}

test('looking again right after the marks carries no safety of its own', () => {
  for (const actors of [WRITER, UNDO, HAND])
    assert.equal(explore({ actors, flaw: HARMLESS }).counterexample, undefined);
});
