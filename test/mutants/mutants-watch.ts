/** What says how things stand, and what takes the word of agents: each check left out or turned round. */
import type { Mutant } from './mutant.ts';

const STANDING = 'src/watch/core/standing';
const SERVER = 'src/watch/core/server';
const OF_STANDING = { file: `${STANDING}/standing.property.test.ts` };
const OF_EYES = { file: `${STANDING}/two-eyes.test.ts` };
const OF_SERVER = { file: 'test/watch/server-core.test.ts' };
const OF_ESTATE = { file: 'test/watch/server-estate.test.ts' };
const SIM = { file: 'sim/agents.sim.test.ts', seeds: 400 };

export const WATCH_MUTANTS: readonly Mutant[] = [
  {
    id: 'standing: expiry is not looked at',
    file: `${STANDING}/standing.ts`,
    edits: [
      {
        replace:
          'if (nowMs >= expiryOf({ kind: evidence.kind, limitMs: evidence.limitMs, seenAtMs })) {',
        with: 'if (nowMs < 0) {',
      },
    ],
    caughtBy: OF_STANDING,
    why: 'three weeks of OK over a corrupt file system (TDF 2015)',
    isQuick: true,
  },
  {
    id: 'standing: the lease is not looked at',
    file: `${STANDING}/standing.ts`,
    edits: [{ replace: "  if (spoken.mark !== 'ok') return spoken;\n", with: '' }],
    caughtBy: OF_STANDING,
    why: 'a host that fell silent stays green',
    isQuick: true,
  },
  {
    id: 'standing: the end of a lease is not looked at',
    file: `${STANDING}/standing.ts`,
    edits: [{ replace: 'if (nowMs >= saidAtMs + LEASE_MS)', with: 'if (nowMs < 0)' }],
    caughtBy: SIM,
    why: 'a host that fell silent stays green',
  },
  {
    id: 'standing: the future is believed',
    file: `${STANDING}/standing.ts`,
    edits: [{ replace: '  if (seenAtMs > nowMs) {', with: '  if (seenAtMs < 0 && nowMs < 0) {' }],
    caughtBy: OF_STANDING,
    why: 'a clock that runs ahead makes everything fresh',
    isQuick: true,
  },
  {
    id: 'standing: what nobody has said in this start counts',
    file: `${STANDING}/standing.ts`,
    edits: [
      {
        replace: '  if (seenAtMs === undefined) {',
        with: '  if (seenAtMs === undefined) return { mark: MARK_OF[saw], reason: saw, why: evidence.why };\n  if (seenAtMs === undefined) {',
      },
    ],
    caughtBy: OF_STANDING,
    why: 'a server that starts shows what was',
  },
  {
    id: 'standing: what could not be read is well',
    file: `${STANDING}/standing.ts`,
    edits: [{ replace: "unreadable: 'unknown'", with: "unreadable: 'ok'" }],
    caughtBy: OF_STANDING,
    why: 'a probe that sees nothing sees no trouble',
  },
  {
    id: 'standing: an agent may ask for any limit',
    file: `${STANDING}/limit.ts`,
    edits: [
      { replace: 'Math.min(askedMs, LIMITS_MAX_MS.get(kind) ?? LIMIT_MAX_MS)', with: 'askedMs' },
    ],
    caughtBy: OF_STANDING,
    why: 'one look is good for a year',
  },
  {
    id: 'standing: nothing at all is ok',
    file: `${STANDING}/aggregate.ts`,
    edits: [
      {
        replace: "return unknownFor('empty', 'Nothing of it is watched.');",
        with: "return { mark: 'ok', reason: 'healthy', why: 'Nothing is wrong.' };",
      },
    ],
    caughtBy: OF_STANDING,
    why: 'what nobody watches is operational',
    isQuick: true,
  },
  {
    id: 'standing: maintenance hides others',
    file: `${STANDING}/aggregate.ts`,
    edits: [
      {
        replace: 'return (subject) => named.has(subject) ||',
        with: 'return (subject) => named.size > 0 || named.has(subject) ||',
      },
    ],
    caughtBy: OF_STANDING,
    why: 'an outage beside the work is not seen',
    isQuick: true,
  },
  {
    id: 'standing: maintenance does not end',
    file: `${STANDING}/aggregate.ts`,
    edits: [{ replace: 'from <= wallMs && wallMs < until', with: 'from <= wallMs && until > 0' }],
    caughtBy: OF_STANDING,
    why: 'work that was forgotten hides for ever',
  },
  {
    id: 'standing: the best member decides',
    file: `${STANDING}/aggregate.ts`,
    edits: [
      { replace: 'isWorse(standing.mark, worst.mark)', with: 'isWorse(worst.mark, standing.mark)' },
    ],
    caughtBy: OF_STANDING,
    why: 'one disk that works hides the one that does not',
  },
  {
    id: 'two eyes: one observer suffices',
    file: `${STANDING}/two-eyes.ts`,
    edits: [
      {
        replace: 'if (other === undefined) continue;',
        with: "if (other === undefined) return { mark: 'failed', reason: 'down', why: one.host };",
      },
    ],
    caughtBy: OF_EYES,
    why: 'automation acts on the false view of one (TDF 2015)',
    isQuick: true,
  },
  {
    id: 'two eyes: they need not hear each other',
    file: `${STANDING}/two-eyes.ts`,
    edits: [
      {
        replace: 'return isApart && hears(one, other) && hears(other, one);',
        with: 'return isApart && (hears(one, other) || !hears(one, other));',
      },
    ],
    caughtBy: OF_EYES,
    why: 'two that are cut off themselves call the rest down',
  },
  {
    id: 'two eyes: they may stand on the same machine',
    file: `${STANDING}/two-eyes.ts`,
    edits: [{ replace: 'return isApart && hears', with: 'return (isApart || !isApart) && hears' }],
    caughtBy: OF_EYES,
    why: 'one hypervisor that lost its line calls the rest down',
  },
  {
    id: 'server: a replay is taken',
    file: `${SERVER}/talk.ts`,
    edits: [
      {
        replace: "return !isAfter(request, request.verb === 'say' ? stored : heardOrder);",
        with: 'return request.seq < 0 && isAfter(stored, heardOrder);',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'who recorded a good day can play it again',
    isQuick: true,
  },
  {
    id: 'server: a record is taken twice',
    file: `${SERVER}/take-records.ts`,
    edits: [{ replace: '      if (record.n <= this.acked) continue;\n', with: '' }],
    caughtBy: OF_SERVER,
    why: 'an older record overwrites a later one',
  },
  {
    id: 'server: an earlier look overwrites a later one',
    file: `${SERVER}/take-records.ts`,
    edits: [
      {
        replace: 'before.seenUp.upMs > record.upMs) return;',
        with: 'before.seenUp.upMs < 0) return;',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'a fault goes because an old look came late',
  },
  {
    id: 'server: a mark of another start is believed',
    file: `${SERVER}/placed.ts`,
    edits: [
      {
        replace: 'if (mark === undefined || mark.server !== now.start)',
        with: 'if (mark === undefined)',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'a moment of another clock is taken for one of this',
    isQuick: true,
  },
  {
    id: 'server: what was seen counts from when it came',
    file: `${SERVER}/placed.ts`,
    edits: [
      {
        replace:
          'const momentOf = (at: number): number => Math.min(now.atMs, momentBy(at, mark, list));',
        with: 'const momentOf = (at: number): number => Math.max(now.atMs, momentBy(at, mark, list));',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'a slow line makes old things fresh',
    isQuick: true,
  },
  {
    id: 'server: impossible times are taken',
    file: `${SERVER}/placed.ts`,
    edits: [
      {
        replace: "if (mark.at > now.atMs || mark.upMs > upMs) return { is: 'impossible' };",
        with: '',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'what cannot be so is believed',
  },
  {
    id: 'server: its own clock may stand still',
    file: `${SERVER}/placed.ts`,
    edits: [{ replace: '> now.atMs - upMs + AHEAD_MAX_MS)', with: '> now.atMs - upMs + 1e15)' }],
    caughtBy: OF_SERVER,
    why: 'a server that was halted for an hour shows the hour before',
  },
  {
    id: 'server: a machine may stand still between a look and a mark',
    file: `${SERVER}/placed.ts`,
    edits: [
      {
        replace: 'return earlier === undefined ? byMark',
        with: 'return earlier !== null ? byMark',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'what a halted guest saw before it was halted is fresh',
  },
  {
    id: 'server: what was seen before a reboot counts after it',
    file: `${SERVER}/server-core.ts`,
    edits: [{ replace: '      if (isBooted) forgetItemsOf(held);\n', with: '' }],
    caughtBy: OF_SERVER,
    why: 'a mount that did not come back is still shown as there',
  },
  {
    id: 'server: what was settled after it forgot counts',
    file: `${SERVER}/server-core.ts`,
    edits: [{ replace: 'isSameStart ? item : notSaid(item)', with: 'isSameStart ? item : item' }],
    caughtBy: OF_SERVER,
    why: 'what was placed by a clock that stood still is fresh',
  },
  {
    id: 'server: two speakers of one key are not seen',
    file: `${SERVER}/talk.ts`,
    edits: [
      {
        replace: 'return placed.sentAtMs > newest.takenAtMs + SURE_MS + driftMs;',
        with: 'return placed.sentAtMs > newest.takenAtMs + SURE_MS + driftMs + 1e15;',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'the clone of a host speaks for it',
  },
  {
    id: 'server: all is not asked for after a start',
    file: `${SERVER}/talk.ts`,
    edits: [
      {
        replace: 'isAllHeard ? isSomethingUnsaid(held, now) : true',
        with: 'isAllHeard && isSomethingUnsaid(held, now)',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'what is looked at once a day is unknown for a day',
  },
  {
    id: 'server: items of an agent are not bounded',
    file: `${SERVER}/take-records.ts`,
    edits: [
      {
        replace:
          '    if (this.#of.held.items.size + this.#added <= ITEMS_PER_AGENT_MAX) return false;\n',
        with: '    if (this.#of.held.items.size + this.#added <= ITEMS_PER_AGENT_MAX * 1e6) return false;\n',
      },
    ],
    caughtBy: OF_SERVER,
    why: 'one agent fills the memory of the server',
  },
  {
    id: 'server: a job that waited too long is handed out',
    file: `${SERVER}/orders.ts`,
    edits: [{ replace: 'return leaseMs > 0 ?', with: 'return leaseMs > -1e15 ?' }],
    caughtBy: OF_ESTATE,
    why: 'what was asked yesterday begins today',
  },
  {
    id: 'server: any name is handed out',
    file: `${SERVER}/orders.ts`,
    edits: [{ replace: 'if (!NAME.test(ask.name)) {', with: 'if (ask.name.length > 9999) {' }],
    caughtBy: OF_ESTATE,
    why: 'a path travels where only names may',
  },
  {
    id: 'server: without a peer the watching is well',
    file: `${SERVER}/estate-now.ts`,
    edits: [
      {
        replace: "standing: unknownFor('no-peer', why)",
        with: "standing: { ...unknownFor('no-peer', why), mark: 'ok', reason: 'healthy' }",
      },
    ],
    caughtBy: OF_ESTATE,
    why: 'if the server falls silent nobody is told',
  },
  {
    id: 'agents sim: an answer goes out whether or not it was committed',
    file: 'sim/agents-server.ts',
    edits: [
      {
        replace: '!(await this.#commit(pending))) {',
        with: '!(await this.#commit(pending)) && this === undefined) {',
      },
    ],
    caughtBy: SIM,
    why: 'the oracle would not see what was acknowledged and lost',
  },
];
