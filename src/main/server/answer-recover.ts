/** `holdfast server recover`: what came back, what did not, and what is to be typed now. */
import path from 'node:path';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import type { RecoverOptions } from '../cli/server-options.ts';
import { type Found, type Recovered, recoverServer } from './recover.ts';
import { lockState } from './run-server.ts';
import { REGISTER_NAME, STATE_NAME } from './server-names.ts';
import { serverPlace } from './server-place.ts';

export async function answerRecover(cli: Cli, options: RecoverOptions): Promise<Answer> {
  const { directory, settings } = await serverPlace(cli, options);
  const lock = lockState(directory);
  try {
    const registerFile = options.agents === undefined ? undefined : path.resolve(options.agents);
    const made = await recoverServer({
      ...{ directory, registerFile, clock: cli.clock, isMoved: options.moved === true },
    });
    const named = new Set([
      ...made.agents.map(({ host }) => host),
      ...made.putOut,
      ...made.revoked,
    ]);
    const configured = Object.keys(settings.config.hosts ?? {});
    const missing = configured.filter((host) => !named.has(host));
    return {
      // What each host or person has to do themselves is a gap.
      code:
        made.isOtherKey || missing.length > 0 || made.register === undefined
          ? EXIT.gaps
          : EXIT.done,
      say: (style) => words(style, made, missing),
      json: jsonOf(made, missing),
    };
  } finally {
    lock.release();
  }
}

const WAS: Readonly<Record<Found, string>> = {
  lost: `${STATE_NAME} was not there.`,
  damaged: `${STATE_NAME} was damaged.`,
  older: `${STATE_NAME} was an older copy: what it had is kept, but nobody gets in by it.`,
  copy: `${STATE_NAME} was a copy: what it had is kept, but nobody gets in by it.`,
  moved: `${STATE_NAME} was moved here: all that it had is kept.`,
  'other key': `${STATE_NAME} is whole, and all that it had is kept.`,
};

const GONE = [
  'Passwords, tokens and sessions; the audit log before now; acknowledgements, maintenance windows',
  'and histories; jobs that were not heard yet. What stands in messages is told again if it still is so.',
].join(' ');

function words(style: Style, made: Recovered, missing: readonly string[]): readonly string[] {
  const { agents, isOtherKey, register, found, putOut, revoked, aside, users, usersOut } = made;
  const row = (label: string, text: string, command?: string): LabelledRow => ({
    ...{ mark: undefined, label, text, command },
  });
  const mark = {
    is: isOtherKey || register === undefined ? ('unknown' as const) : ('ok' as const),
  };
  const again = isOtherKey
    ? [...new Set([...agents.map(({ host }) => host), ...missing])]
    : missing;
  const text = isOtherKey
    ? `The server has another key: ${countOf(again.length, 'host')} must say themselves that they know it.`
    : `The server knows ${countOf(agents.length, 'host')} again; what is so there, they say when it runs.`;
  return [
    ...layoutSentence(style, { mark, text }),
    '',
    ...layoutRows(style, [
      row('was', WAS[found]),
      ...(aside === undefined ? [] : [row('aside', aside)]),
      ...(register === undefined ? [row('register', `There is no ${REGISTER_NAME}.`)] : []),
      ...(register === undefined || found === 'other key' || found === 'moved'
        ? []
        : [asOf(made, timeJson(register.writtenAt))]),
      ...agents.map(({ host, enrolledAt }) =>
        row('host', `${sayText(host)}, enrolled ${timeJson(enrolledAt)}`),
      ),
      ...putOut.map((host) => row('put out', `${sayText(host)}: the register does not have it`)),
      ...revoked.map((host) => row('revoked', `${sayText(host)}: it stays out`)),
      ...usersOut.map((name) =>
        row('taken out', `${sayText(name)}: the register has no such account`),
      ),
      ...(found === 'lost' || found === 'damaged' ? [row('gone', GONE)] : []),
    ]),
    '',
    ...layoutRows(style, [
      ...again.map((host) =>
        row(
          sayText(host),
          `holdfast server token ${sayText(host)}`,
          'there: holdfast agent enroll --again -',
        ),
      ),
      ...(found === 'other key' || found === 'moved' ? [] : [personRow(users)]),
      row('then', 'holdfast server'),
    ]),
  ];
}

function asOf({ register }: Recovered, at: string): LabelledRow {
  const text = `${REGISTER_NAME} of ${at}: who was revoked or removed after that is to be put out again`;
  return { mark: register === undefined ? undefined : { is: 'ok' }, label: 'as of', text };
}

function personRow(users: readonly string[]): LabelledRow {
  const [first] = users;
  const text =
    first === undefined
      ? 'holdfast server user add NAME --role admin'
      : `a new link for each of ${users.map((name) => sayText(name)).join(', ')} who still belongs: holdfast server user add ${sayText(first)} --role ROLE`;
  return { mark: undefined, label: 'a person', text };
}

function jsonOf(made: Recovered, missing: readonly string[]): object {
  const { found, aside = null, register, agents, putOut, revoked, isOtherKey, pin } = made;
  const { users, usersOut } = made;
  return {
    ...{ found, aside, putOut, revoked, isOtherKey, pin, users, usersOut, notKnown: missing },
    registerOf: register === undefined ? null : timeJson(register.writtenAt),
    agents: agents.map(({ agent, host, enrolledAt }) => ({
      ...{ agent, host, enrolledAt: timeJson(enrolledAt) },
    })),
  };
}
