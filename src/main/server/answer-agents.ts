/** Agents of a server, looked after on its machine. */
import { auditChange } from '../../access/shell/access-parts.ts';
import type { ServerState } from '../../adapters/sqlite/open-server-state.ts';
import type { EnrolledAgent } from '../../adapters/sqlite/revocations.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatInstant } from '../../base/say-time.ts';
import type { AgentsOptions, RevokeOptions, ServerOptions } from '../cli/server-options.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { REASON_MAX } from '../cli/reason.ts';
import { timeJson } from '../cli/json-shape.ts';
import { takeOutOfRegister } from './agent-register.ts';
import { openOwnState } from './own-state.ts';
import { serverPlace } from './server-place.ts';

const BY = { who: 'root', from: 'terminal' };
const COLUMNS = [
  { header: 'HOST', shrink: 'ends', widthMin: 12 },
  { header: 'LEVEL' },
  { header: 'STATE' },
  { header: 'ENROLLED', shrink: 'start', widthMin: 10 },
  { header: 'AGENT' },
] as const;

/** @throws Fault HF_SERVER_STATE */
export function answerAgents(cli: Cli, options: AgentsOptions): Promise<Answer> {
  return withState(cli, options, async (state) => {
    const all = await state.enrolled();
    const shown = all
      .filter(({ isRevoked }) => !isRevoked || options.revoked === true)
      .sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0));
    const agents = shown.map((each) => ({
      ...{ host: each.host, agent: each.agent, level: each.level, version: each.version },
      ...{ enrolledAt: timeJson(each.enrolledAt), state: stateOf(each) },
    }));
    const say = (style: Style): readonly string[] =>
      shown.length === 0
        ? ['No host is enrolled: holdfast server token HOST.']
        : layoutTable(style, COLUMNS, shown.map(rowOf(cli)));
    return { code: EXIT.done, say, json: { agents } };
  });
}

function rowOf(cli: Cli) {
  return (each: EnrolledAgent) => [
    { text: sayText(each.host) },
    { text: each.level },
    { text: stateOf(each) },
    { text: formatInstant(each.enrolledAt, cli.clock.now()) },
    { text: each.agent },
  ];
}

function stateOf({ isRevoked, isToBeRevoked, silentFrom }: EnrolledAgent): string {
  if (isRevoked) return 'revoked';
  if (isToBeRevoked) return 'is being revoked';
  return silentFrom === undefined ? 'enrolled' : 'silent';
}

/** @throws Fault HF_AGENT_UNKNOWN, HF_SERVER_STATE */
export function answerRevoke(
  cli: Cli,
  { named, options }: { readonly named: string; readonly options: RevokeOptions },
): Promise<Answer> {
  const { reason = 'revoked on the terminal' } = options;
  if (reason === '' || reason.length > REASON_MAX) {
    throw new Fault('HF_USAGE', `--reason is a text of 1 to ${REASON_MAX} characters`, {
      command: 'server revoke',
    });
  }
  return withState(cli, options, async (state, directory) => {
    const known = (await state.enrolled()).filter(({ isRevoked }) => !isRevoked);
    const found =
      known.find(({ agent }) => agent === named) ?? known.find(({ host }) => host === named);
    if (found === undefined) {
      throw new Fault('HF_AGENT_UNKNOWN', `no agent of ${sayText(named)} is enrolled`);
    }
    const { agent, host } = found;
    const revocation = { agent, reason, at: cli.clock.now() };
    const said = { act: 'agent-revoked', subject: host, detail: { agent, reason } };
    await state.commit([{ do: 'ask-revocation', revocation }, auditChange(cli.clock, BY, said)]);
    // Should the state be lost before a server has done it, this one does not come back with it.
    const audit = await state.auditHead();
    takeOutOfRegister(directory, { agent, audit, writtenAt: cli.clock.now() });
    const say = [
      `Nothing more is taken from ${sayText(host)} (${agent}); what it said turns unknown.`,
      `Enrolled anew it belongs again: holdfast server token ${sayText(host)}`,
    ];
    return { code: EXIT.done, say: () => say, json: { host, agent, reason } };
  });
}

async function withState(
  cli: Cli,
  options: ServerOptions,
  act: (state: ServerState, directory: string) => Promise<Answer>,
): Promise<Answer> {
  const { directory } = await serverPlace(cli, options);
  const state = await openOwnState(directory);
  try {
    return await act(state, directory);
  } finally {
    await state.close();
  }
}
