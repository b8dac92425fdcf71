/** Who is told of what, and by what: a check taken out, and the test that must then fail. */
import type { Mutant } from './mutant.ts';

const DECIDE = 'src/tell/core/decide.ts';
const SENDER = 'src/tell/shell/outbox-sender.ts';
const REACH = 'src/adapters/channels/reach.ts';
const CALL = 'src/adapters/channels/http-call.ts';
const DECISIONS = { file: 'test/tell/decide.test.ts' };
const SIM = { file: 'test/tell/outbox.sim.test.ts' };
const HOOK = { file: 'test/tell/webhook.test.ts' };

export const TELL_MUTANTS: readonly Mutant[] = [
  {
    id: 'tell: what is not handed over is ok',
    file: DECIDE,
    edits: [
      {
        replace:
          "{ subject, mark: 'unknown', why: UNSEEN, since, restsOn: [] });\n  }\n  return known;",
        with: "{ subject, mark: 'ok', why: UNSEEN, since, restsOn: [] });\n  }\n  return known;",
      },
    ],
    caughtBy: DECISIONS,
    why: '"resolved" by silence',
    isQuick: true,
  },
  {
    id: 'tell: what nobody knows anything of is over',
    file: DECIDE,
    edits: [
      {
        replace: "      if (subject.mark === 'ok') this.#recover(alert, subject);",
        with: "      if (subject.mark === 'ok' || subject.mark === 'unknown') this.#recover(alert, subject);",
      },
    ],
    caughtBy: DECISIONS,
    why: '"resolved" though nobody saw it well',
    isQuick: true,
  },
  {
    id: 'tell: what was lost sight of is closed with its cause',
    file: DECIDE,
    edits: [
      {
        replace: '    for (const name of alert.consequences) this.#keepUnseen(name);\n',
        with: '',
      },
    ],
    caughtBy: DECISIONS,
    why: 'a failure below a host that came back is forgotten',
    isQuick: true,
  },
  {
    id: 'tell: who has acknowledged is reminded',
    file: DECIDE,
    edits: [
      {
        replace: "const isKnown = alert.state === 'acknowledged';",
        with: 'const isKnown = false;',
      },
    ],
    caughtBy: DECISIONS,
    why: 'people mute what does not stop',
  },
  {
    id: 'tell: flapping is not damped',
    file: DECIDE,
    edits: [
      {
        replace: 'if (alert.flaps >= policy.flapCount && !isSteady) {',
        with: 'if (alert.flaps < 0 && !isSteady) {',
      },
    ],
    caughtBy: DECISIONS,
    why: 'a mail each minute',
  },
  {
    id: 'outbox: a message is not claimed before it is sent',
    file: SENDER,
    edits: [{ replace: '    await this.#keep(claimed);\n', with: '' }],
    caughtBy: SIM,
    // It sends for ever: three minutes until it is ended.
    why: 'a second one that does not say so',
  },
  {
    id: 'outbox: what may have arrived is not marked',
    file: SENDER,
    edits: [
      {
        replace: 'const isRepeat = mayBeThere && !channel.knowsRepeats;',
        with: 'const isRepeat = false;',
      },
    ],
    caughtBy: SIM,
    why: 'one failure looks like two',
    isQuick: true,
  },
  {
    id: 'outbox: a failure that may have arrived is forgotten',
    file: SENDER,
    edits: [{ replace: "state: isUnsure ? 'sending' : 'waiting',", with: "state: 'waiting'," }],
    caughtBy: SIM,
    why: 'one failure looks like two',
  },
  {
    id: 'outbox: a channel that fails is tried without end',
    file: 'src/tell/core/breaker.ts',
    edits: [{ replace: 'return !isGone && (', with: 'return !isGone || (' }],
    caughtBy: SIM,
    why: 'a mail server that comes back is run down',
  },
  {
    id: 'webhook: private addresses are reached',
    file: REACH,
    edits: [
      {
        replace: "if (family === 'ipv4') return !closedV4.check(address, family);",
        with: "if (family === 'ipv4') return true;",
      },
    ],
    caughtBy: HOOK,
    why: 'a webhook reads what only this machine may (SSRF)',
    isQuick: true,
  },
  {
    id: 'webhook: one good address of several is enough',
    file: REACH,
    edits: [
      {
        replace: 'const refused = found.find((address) =>',
        with: 'const refused = found.slice(0, 1).find((address) =>',
      },
    ],
    caughtBy: HOOK,
    why: 'whoever owns the name chooses what is reached',
  },
  {
    id: 'icinga: a pinned certificate is not compared',
    file: CALL,
    edits: [
      {
        replace: 'return plain(found).length === 64 && plain(found) === plain(wanted);',
        with: 'return plain(found).length === 64 && plain(wanted) !== undefined;',
      },
    ],
    caughtBy: { file: 'test/tell/standing-channels.test.ts' },
    why: 'its password goes to whoever stands between',
    isQuick: true,
  },
  {
    id: 'link: its signature is not compared',
    file: 'src/tell/core/signed-link.ts',
    edits: [
      {
        replace: 'if (!isSameBytes(mac, macOf(key, payload)))',
        with: 'if (isSameBytes(mac, macOf(key, payload)) && mac.length === 0)',
      },
    ],
    caughtBy: { file: 'test/tell/links.test.ts' },
    why: 'anybody silences an alert',
    isQuick: true,
  },
];
