/** `holdfast vault hold`: a snapshot stays, whatever a retention says, until somebody releases it. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import type { HoldRecord } from '../../vault/core/hold-record.ts';
import { putHold, readHolds, releaseHold } from '../../vault/shell/hold-store.ts';
import { findSnapshot, listSnapshots, shortId } from '../../vault/shell/snapshot-store.ts';
import { demandKeeper } from '../gc/demand-keeper.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import { reasonOf } from './reason.ts';
import type { VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly reason?: string;
  readonly release?: true;
}

const COMMAND = 'vault hold';
const SHORT = 8;

const EXAMPLE = `
Without a SNAPSHOT it lists what is held. Each hold stands until --release ends
all holds of that snapshot. Where holdfast vault stdio serves the vault, a host
that sends to it can set holds and release none: --release works on the machine
where the vault lies.

Examples:
  holdfast vault hold 1f2e3d4c --reason "before the move"
  holdfast vault hold 1f2e3d4c --release --reason "moved, and drilled"
  holdfast vault hold`;

export function defineHold(vault: Command, act: Act): void {
  const command = vault
    .command('hold')
    .description('Keeps a snapshot whatever a retention says, or lists what is kept so.')
    .argument('[snapshot]', 'its id, or the first digits of it')
    .option('--reason <text>', 'why, for whoever finds it')
    .option('--release', 'end the holds of this snapshot')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [wanted, options]: [string | undefined, Options]) => perform(cli, wanted, options)),
    );
  writerOption(vaultOptions(command));
}

async function perform(cli: Cli, wanted: string | undefined, options: Options): Promise<Answer> {
  if (wanted === undefined) {
    if (options.release !== true && options.reason === undefined) return listed(cli, options);
    throw new Fault('HF_USAGE', 'say which SNAPSHOT', { command: COMMAND });
  }
  const example = options.release === true ? 'no longer needed' : 'before the migration';
  const reason = reasonOf(options.reason, { command: COMMAND, example });
  // A hold only keeps; taking one away is vouched for.
  const needs = options.release === true ? 'all' : 'write';
  const { session } = await openVaultOf(cli, options, needs);
  if (options.release === true) return released(session, { wanted, reason });
  const { record } = findSnapshot(session.vault, (await listSnapshots(session.vault)).snapshots, {
    wanted,
  });
  const hold = await putHold(session, { snapshot: record.id, reason });
  // Whoever forgets looks at the holds afterwards: one of both sees the other.
  // Not what was listed before: it is looked at now.
  const isThere = (await session.line.direct.list(record.name)).length > 0;
  if (!isThere) {
    const message = `${shortId(record.id)} was forgotten before this hold was there; the next vault gc brings it back, so far as nothing of it was freed`;
    throw new Fault('HF_SNAPSHOT_ABSENT', message);
  }
  return {
    code: EXIT.done,
    say: (style) =>
      layoutSentence(style, {
        mark: { is: 'ok' },
        text: `${shortId(record.id)} is held: no retention lets it go until holdfast vault hold ${shortId(record.id)} --release.`,
      }),
    json: { held: holdJson(hold) },
  };
}

async function released(
  session: VaultSession,
  { wanted, reason }: { readonly wanted: string; readonly reason: string },
): Promise<Answer> {
  demandKeeper(session.line.place, `holdfast vault hold ${wanted} --release --reason TEXT`);
  const { bySnapshot } = await readHolds(session.vault);
  const digits = wanted.toLowerCase();
  const held = [...bySnapshot].filter(([id]) => digits.length >= 4 && id.startsWith(digits));
  const [only] = held;
  if (only === undefined || held.length > 1) {
    const why =
      only === undefined
        ? `nothing holds a snapshot ${wanted}`
        : `${wanted} are the first digits of several held snapshots`;
    throw new Fault('HF_USAGE', why, { command: COMMAND });
  }
  const [snapshot, holds] = only;
  for (const { id } of holds) await releaseHold(session, { id, snapshot, reason });
  return {
    code: EXIT.done,
    say: (style) =>
      layoutSentence(style, {
        mark: { is: 'ok' },
        text: `${shortId(snapshot)} is held no more: ${countOf(holds.length, 'hold')} released.`,
      }),
    json: { released: holds.map(holdJson) },
  };
}

async function listed(cli: Cli, options: Options): Promise<Answer> {
  const { session } = await openVaultOf(cli, options, 'write');
  const { bySnapshot, problems } = await readHolds(session.vault);
  const holds = [...bySnapshot.values()].flat();
  const now = cli.clock.now();
  const columns = [
    { header: 'SNAPSHOT' },
    { header: 'SINCE' },
    { header: 'REASON', shrink: 'start' as const },
  ];
  return {
    code: problems.length > 0 ? EXIT.gaps : EXIT.done,
    say: (style) => [
      ...layoutSentence(style, {
        mark: undefined,
        text:
          holds.length === 0
            ? 'No snapshot is held.'
            : `${countOf(bySnapshot.size, 'snapshot')} held: no retention lets ${bySnapshot.size === 1 ? 'it' : 'them'} go.`,
        tone: 'strong',
      }),
      ...(holds.length === 0
        ? []
        : [
            '',
            ...layoutTable(
              style,
              columns,
              holds.map(({ snapshot, created, reason }) => [
                { text: snapshot.slice(0, SHORT) },
                { text: formatAge(now - created) },
                { text: sayText(reason, style) },
              ]),
            ),
          ]),
      ...problems.flatMap(({ object, why }) =>
        layoutSentence(style, {
          mark: { is: 'degraded' },
          text: `${object} cannot be read, and may hold any: ${sayText(why, style)}`,
        }),
      ),
    ],
    json: { holds: holds.map(holdJson), problems },
  };
}

function holdJson({ id, snapshot, created, reason }: HoldRecord): object {
  return { id, snapshot, created: timeJson(created), reason };
}
