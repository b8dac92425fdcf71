/** Who hears of what and when, what one cause is, and who watches the server: as mutants-tell.ts. */
import type { Mutant } from './mutant.ts';

const DECIDE = 'src/tell/core/decide.ts';
const HEARERS = 'src/tell/core/hearers.ts';
const SENDER = 'src/tell/shell/outbox-sender.ts';
const SUBJECTS = 'src/watch/core/server/subjects-now.ts';
const CAUSES = { file: 'test/tell/decide-causes.test.ts' };
const ROUTING = { file: 'test/tell/decide-routing.test.ts' };
const SIM = { file: 'test/tell/outbox.sim.test.ts' };
const OF_SUBJECTS = { file: 'test/watch/server-subjects.test.ts' };
const PEER = { file: 'test/server/peer.test.ts' };

function one(
  id: string,
  file: string,
  edit: readonly [replace: string, by: string],
  rest: Pick<Mutant, 'caughtBy' | 'why'> & { readonly isQuick?: boolean },
): Mutant {
  return { id, file, edits: [{ replace: edit[0], with: edit[1] }], ...rest };
}

export const TOLD_MUTANTS: readonly Mutant[] = [
  one(
    'told: guests of a silent hypervisor are told of one by one',
    'src/tell/core/causes.ts',
    ['(count > 1 ? [name] : [])', '(count > 1e9 ? [name] : [])'],
    { caughtBy: CAUSES, why: 'forty messages at once', isQuick: true },
  ),
  one(
    'told: work on a thing is no reason to be silent of it',
    DECIDE,
    ["subject.isWorkedOn === true ? 'ok' : subject.mark;", 'subject.mark;'],
    { caughtBy: CAUSES, why: 'whoever reboots a host is told that it is down' },
  ),
  one(
    'told: work on a cause hides what was not named',
    DECIDE,
    ["    if (mark === 'ok') return;\n", '    if (subject.isWorkedOn === true) return;\n'],
    { caughtBy: CAUSES, why: 'guests that nobody named are down, and nobody hears', isQuick: true },
  ),
  one(
    'told: another cause below a name is the same',
    DECIDE,
    ['return mark === told.mark && !causes.includes(cause);', 'return false;'],
    { caughtBy: CAUSES, why: 'a second disk dies below an acknowledged alert', isQuick: true },
  ),
  one(
    'told: causes without end are told of',
    DECIDE,
    ['causes.length >= CAUSES_MAX', 'causes.length >= 1e9'],
    { caughtBy: CAUSES, why: 'a message for each line of a log' },
  ),
  one(
    'told: what is nobody’s is told to nobody',
    HEARERS,
    ['if (isRouted && !isAbout', 'if (!isAbout'],
    { caughtBy: ROUTING, why: 'a host that stands in no list dies unseen', isQuick: true },
  ),
  one(
    'told: the next one is called though somebody looks after it',
    HEARERS,
    ["(state !== 'open' || now <", '(now <'],
    { caughtBy: ROUTING, why: 'people stop to acknowledge' },
  ),
  one(
    'told: quiet hours keep failures too',
    HEARERS,
    ["return told.worst === 'failed' || isQuiet", 'return isQuiet'],
    { caughtBy: ROUTING, why: 'a dead database waits until the morning', isQuick: true },
  ),
  one(
    'outbox: an end overtakes its beginning',
    SENDER,
    ['if (isOpen(after) && row.alert', 'if (isOpen(after) && after.attempts > 1e9 && row.alert'],
    { caughtBy: SIM, why: 'the last that is heard of what is well is that it failed' },
  ),
  one(
    'outbox: a heap for one channel hides the messages of others',
    SENDER,
    [
      'await store.due(clock.now(), ROWS_MAX, name)',
      '(await store.due(clock.now(), ROWS_MAX)).filter(({ channel }) => channel === name)',
    ],
    {
      caughtBy: { file: 'test/tell/outbox-many.test.ts', name: 'of many the oldest' },
      why: 'the pager is silent since the mail server is down',
    },
  ),
  one(
    'outbox: a clock that was set back is waited for',
    'src/adapters/sqlite/told-read.ts',
    ["        is('created_at', '>', now),\n", ''],
    { caughtBy: { file: 'test/tell/outbox-clock.test.ts' }, why: 'nothing is told for an hour' },
  ),
  one(
    'watch: guests of one hypervisor are two eyes',
    'src/watch/core/server/estate-now.ts',
    ['const standsOn = standingOf(host, topology);', 'const standsOn = new Set([host]);'],
    { caughtBy: OF_SUBJECTS, why: 'one switch port calls a host down', isQuick: true },
  ),
  one(
    'watch: a cut line is the fault of each host',
    SUBJECTS,
    ["of.line?.mark === 'unknown' && reason", "of.line?.mark === 'failed' && reason"],
    { caughtBy: OF_SUBJECTS, why: 'as many messages as hosts' },
  ),
  one(
    'watch: what changes its trouble begins anew',
    'src/watch/core/server/take-records.ts',
    ['(before?.notOkSince ?? this.#endOf(before, seenAt))', 'seenAt'],
    { caughtBy: OF_SUBJECTS, why: 'impaired, unreadable, impaired, and never told of' },
  ),
  one(
    'server: a key becomes another host',
    'src/main/server/desk.ts',
    ['known.host !== token.of', 'known.host === undefined'],
    {
      caughtBy: { file: 'test/server/telling.test.ts', name: 'a key that is enrolled' },
      why: 'a host that nobody watches, and nobody saw it go',
    },
  ),
  one(
    'peer: one look decides',
    'src/watch/core/peer/judge-server.ts',
    ['LOOKS_TO_FAIL = 2', 'LOOKS_TO_FAIL = 1'],
    { caughtBy: { ...PEER, name: 'one look alone' }, why: 'a mail at each start of the server' },
  ),
  one(
    'peer: a server that answers and tells nobody is up',
    'src/main/server/answers-open.ts',
    ['> TELLS_WITHIN_MS)', '> 1e15)'],
    {
      caughtBy: { ...PEER, name: 'tells nobody is not up' },
      why: 'nobody is told, and it is green',
    },
  ),
];
