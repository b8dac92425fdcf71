/** `holdfast vault hold`: a snapshot stays, whatever a retention says, until somebody releases it. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import type { HoldRecord } from '../../vault/core/hold-record.ts';
import type { UnixMs } from '../../base/units.ts';
import { isKeptForUndo } from '../../vault/core/snapshot-content.ts';
import {
  putHold,
  readHolds,
  releaseHold,
  releasedUndos,
  undoHoldOf,
} from '../../vault/shell/hold-store.ts';
import { listSummed } from '../../vault/shell/known-snapshots.ts';
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

What holdfast undo --reclaim put into a vault is held for the undo of its plan.
--release of it, or of the PLAN, ends that: the next vault gc lets it go, and
that plan can then be undone no more.

Examples:
  holdfast vault hold 1f2e3d4c --reason "before the move"
  holdfast vault hold 1f2e3d4c --release --reason "moved, and drilled"
  holdfast vault hold p-0a1b2c3d --release --reason "nobody missed it"
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
  if (only === undefined) {
    const undos = await undosOf(session, digits);
    if (undos.length > 0) return releasedUndo(session, undos, reason);
  }
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

interface KeptUndo {
  readonly snapshot: string;
  /** The name under which it was taken: `undo of PLAN`. */
  readonly dataSet: string;
  readonly since: UnixMs;
}

/** What `undo --reclaim` put there and nobody released; of what this key does not open nothing. */
async function undosIn(session: VaultSession): Promise<readonly KeptUndo[]> {
  const { snapshots } = await listSummed(session);
  const kept: KeptUndo[] = [];
  for (const { record, content } of snapshots) {
    try {
      const said = content();
      if (!isKeptForUndo(said)) continue;
      kept.push({ snapshot: record.id, dataSet: said.dataSet, since: record.time });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  const ids = kept.map(({ snapshot }) => snapshot);
  const released = await releasedUndos(session.vault, ids);
  return kept.filter(({ snapshot }) => !released.has(snapshot));
}

const OF_PLAN = 'undo of ';

/**
 * @param wanted first digits of a snapshot's id, or of a plan: of that all
 * @throws Fault HF_USAGE where more than one plan begins so
 */
async function undosOf(session: VaultSession, wanted: string): Promise<readonly KeptUndo[]> {
  const undos = await undosIn(session);
  if (wanted.startsWith('p-')) {
    const ofPlans = undos.filter(({ dataSet }) => dataSet.startsWith(`${OF_PLAN}${wanted}`));
    if (new Set(ofPlans.map(planOf)).size <= 1) return ofPlans;
    throw new Fault('HF_USAGE', `more than one plan is called ${wanted}`, { command: COMMAND });
  }
  const found = undos.filter(({ snapshot }) => wanted.length >= 4 && snapshot.startsWith(wanted));
  return found.length === 1 ? found : [];
}

/** Of several places of one plan each has a number behind it. */
function planOf({ dataSet }: KeptUndo): string {
  return dataSet.slice(OF_PLAN.length).split(' ', 1).join();
}

async function releasedUndo(
  session: VaultSession,
  undos: readonly KeptUndo[],
  reason: string,
): Promise<Answer> {
  for (const { snapshot } of undos) {
    await releaseHold(session, { ...undoHoldOf(snapshot), reason });
  }
  const what = undos.map(({ dataSet }) => dataSet.slice(OF_PLAN.length)).join(', ');
  return {
    code: EXIT.done,
    say: (style) =>
      layoutSentence(style, {
        mark: { is: 'ok' },
        text: `What ${sayText(what, style)} set aside is held no more: the next holdfast vault gc with a retention lets it go, and it can be undone until then.`,
      }),
    json: { released: undos.map(({ snapshot }) => ({ snapshot, kind: 'undo' })) },
  };
}

async function listed(cli: Cli, options: Options): Promise<Answer> {
  const { session } = await openVaultOf(cli, options, 'write');
  const { bySnapshot, problems } = await readHolds(session.vault);
  const holds = [...bySnapshot.values()].flat();
  const undos = await undosIn(session);
  const held = new Set([...bySnapshot.keys(), ...undos.map(({ snapshot }) => snapshot)]);
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
          held.size === 0
            ? 'No snapshot is held.'
            : `${countOf(held.size, 'snapshot')} held: no retention lets ${held.size === 1 ? 'it' : 'them'} go.`,
        tone: 'strong',
      }),
      ...(held.size === 0
        ? []
        : [
            '',
            ...layoutTable(
              style,
              columns,
              [
                ...holds,
                ...undos.map(({ snapshot, since, dataSet }) => ({
                  ...{ snapshot, created: since },
                  reason: `${dataSet}: what it set aside; --release lets it go`,
                })),
              ].map(({ snapshot, created, reason }) => [
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
    json: {
      holds: holds.map(holdJson),
      undos: undos.map(({ since, ...undo }) => ({ ...undo, since: timeJson(since) })),
      problems,
    },
  };
}

function holdJson({ id, snapshot, created, reason }: HoldRecord): object {
  return { id, snapshot, created: timeJson(created), reason };
}
