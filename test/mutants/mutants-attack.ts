/** What keeps strangers from a server: a check taken out, and the attack that must then get through. */
import type { Mutant } from './mutant.ts';

const GATE = 'src/adapters/http/gate.ts';
const AGENTS = 'src/adapters/http/agent-routes.ts';
const LINES = 'src/adapters/http/connections.ts';
const OF_LINKS = 'test/server/attack-links.test.ts';
const OF_LINES = 'test/server/attack-lines.test.ts';
const OF_ROUTES = 'test/server/attack-routes.test.ts';

export const ATTACK_MUTANTS: readonly Mutant[] = [
  {
    id: 'attack: wrong tokens slow whoever shares an address',
    file: GATE,
    edits: [
      {
        replace: '    const found = await this.#find(request);\n',
        with: '    inTime(this.#ofRefused.waitMs(address));\n    const found = await this.#find(request);\n',
      },
    ],
    caughtBy: { file: OF_LINKS, name: 'who guesses beside us' },
    why: 'one machine behind a NAT locks its whole network out',
    isQuick: true,
  },
  {
    id: 'attack: links are slowed by address',
    file: GATE,
    edits: [{ replace: 'if (link === undefined) inTime(', with: "if (link !== 'x') inTime(" }],
    caughtBy: { file: OF_LINKS, name: 'who guesses beside us' },
    why: 'nobody signs in while somebody tries links',
  },
  {
    id: 'attack: the mark of the page is not looked at',
    file: GATE,
    edits: [
      {
        replace: "if (typeof said === 'string' && sameText(said, csrf)) return;",
        with: 'if (said !== csrf || sameText(csrf, csrf)) return;',
      },
    ],
    caughtBy: { file: OF_ROUTES, name: 'another site changes nothing' },
    why: 'a page of somebody else freezes the estate',
    isQuick: true,
  },
  {
    id: 'attack: strangers silence the hosts beside them',
    file: AGENTS,
    edits: [
      {
        replace: "    if (!Buffer.isBuffer(body)) return malformed('it has no body');\n",
        with: "    if (this.#ofRefused.waitMs(addressKey(request.ip)) > 0) return tooFast(1000);\n    if (!Buffer.isBuffer(body)) return malformed('it has no body');\n",
      },
    ],
    caughtBy: { file: OF_LINKS, name: 'who tries keys' },
    why: 'thirty wrong keys make every host behind one address fall silent',
  },
  {
    id: 'attack: what strangers send is read',
    file: AGENTS,
    edits: [
      {
        replace: 'return this.#desk.publicKeyOf(agent) === undefined ? unknownAgent() : undefined;',
        with: 'return undefined;',
      },
    ],
    caughtBy: { file: OF_LINES, name: 'of a stranger no body' },
    why: 'a thousand lines of a mebibyte each fill the memory',
  },
  {
    id: 'attack: strangers keep their lines',
    file: LINES,
    edits: [
      {
        replace: '    if (this.#strangerCount > this.#limits.strangersMax) this.#hangUp();\n',
        with: '',
      },
    ],
    caughtBy: { file: OF_LINES, name: 'strangers that hold lines' },
    why: 'who opens four thousand lines keeps every agent out',
    isQuick: true,
  },
  {
    id: 'attack: one who is known has any number of lines',
    file: LINES,
    edits: [
      {
        replace: 'if (its.size <= this.#limits.ofOneMax) return;',
        with: 'if (its.size > 0) return;',
      },
    ],
    caughtBy: { file: OF_LINES, name: 'one who is known' },
    why: 'a viewer keeps every agent out',
  },
  {
    id: 'attack: strangers fill the audit log',
    file: 'src/access/core/refused-lines.ts',
    edits: [
      { replace: 'if (this.#room < 1) {', with: 'if (this.#room < Number.NEGATIVE_INFINITY) {' },
    ],
    caughtBy: { file: OF_LINKS, name: 'strangers do not push out' },
    why: 'what was done inside is pushed out of the log from outside',
  },
  {
    id: 'attack: one user takes the places of all who listen',
    file: 'src/adapters/http/event-hub.ts',
    edits: [{ replace: ' || own >= ofOneMax', with: '' }],
    caughtBy: { file: OF_LINKS, name: 'one who listens often' },
    why: 'a viewer blinds every page that shows changes',
  },
  {
    id: 'attack: JSON is sent as JSON lets it be',
    file: 'src/adapters/http/plain-json.ts',
    edits: [{ replace: '.replaceAll(UNSEEN, escaped)', with: '' }],
    caughtBy: { file: OF_LINKS, name: 'lie in wait' },
    why: 'a host turns round what is read on a terminal',
  },
  {
    id: 'attack: a wish that waited is not taken before it listens',
    file: 'src/main/server/server.ts',
    edits: [{ replace: '    await takeRevocations(served);\n', with: '' }],
    caughtBy: { file: 'test/server/revoke.test.ts', name: 'where no server runs' },
    why: 'a stolen key is heard again after each start',
  },
  {
    id: 'attack: it says that it is well without having written',
    file: 'src/main/server/answers-open.ts',
    edits: [{ replace: 'served.state.tryWrite()', with: 'served.state.commit([])' }],
    caughtBy: { file: OF_LINES, name: 'who cannot write' },
    why: 'a watchdog is told that a server works that takes nothing',
  },
  {
    id: 'attack: JSON of any depth is looked at',
    file: 'src/wire/api/routes-admin.ts',
    edits: [{ replace: '    if (depth > DEPTH_MAX) return false;\n', with: '' }],
    caughtBy: { file: 'test/server/attack-fuzz.test.ts', name: 'what deep JSON' },
    why: 'one request ends the server',
  },
];
