/** Which snapshot a person means, on the command line. */
import os from 'node:os';
import { Option, type Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import {
  listSnapshots,
  findSnapshot,
  type ListedSnapshot,
} from '../../vault/shell/snapshot-store.ts';
import { seekSnapshot } from '../../vault/shell/newest-snapshots.ts';
import { hostsBesides, ofHost, ownNewest } from '../../vault/shell/whose-snapshot.ts';
import { fingerprintOfWriter } from '../../vault/shell/writer-store.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Cli } from './cli.ts';

export interface SnapshotOptions {
  /** Of which `latest` is meant. */
  readonly dataSet?: string;
  /** Who wrote it: the name of a host, or the first digits of a writer. */
  readonly host?: string;
  /** What this host wrote itself. */
  readonly own?: true;
  /** Whoever wrote it. */
  readonly unsigned?: true;
}

export function snapshotOptions(command: Command): Command {
  return command
    .addOption(new Option('--data-set <name>', 'latest is the newest of this data set'))
    .addOption(
      new Option('--host <name>', 'latest is the newest that this host wrote, or this writer'),
    )
    .addOption(
      new Option('--own', 'of --data-set: latest is what this host wrote itself').conflicts('host'),
    )
    .addOption(new Option('--unsigned', 'take it though nobody vouches for who wrote it'));
}

/** A run of a service is found by its id. @throws Fault HF_USAGE */
export function demandOfSnapshot({ host, own }: SnapshotOptions, command: string): void {
  if (host === undefined && own === undefined) return;
  const message = '--host and --own choose a snapshot: of a --service name the --run';
  throw new Fault('HF_USAGE', message, { command });
}

/** @throws Fault HF_SNAPSHOT_ABSENT, HF_SNAPSHOT_AMBIGUOUS, HF_SNAPSHOT_OF_OTHERS, HF_USAGE */
export async function chosenSnapshot(
  cli: Pick<Cli, 'terminal'>,
  { session, wanted }: { readonly session: VaultSession; readonly wanted: string },
  { dataSet, host, own }: SnapshotOptions,
): Promise<ListedSnapshot> {
  const { vault } = session;
  const isOfMany = host !== undefined || own === true;
  // Who else backs up a data set of that name is said with its latest: that takes them all.
  const isSaid = wanted === 'latest' && dataSet !== undefined;
  if (!isOfMany && !isSaid) {
    return seekSnapshot(vault, { wanted, ...(dataSet === undefined ? {} : { dataSet }) });
  }
  const { snapshots } = await listSnapshots(vault);
  if (own === true) {
    if (wanted !== 'latest' || dataSet === undefined) {
      const message = '--own says which latest of a --data-set is meant';
      throw new Fault('HF_USAGE', message, { command: 'restore' });
    }
    const asks = { host: os.hostname(), writer: writerHere(session), dataSet };
    const { snapshot, note } = ownNewest(vault, snapshots, asks);
    if (note !== undefined) cli.terminal.err(`${sayText(note)}\n`);
    return snapshot;
  }
  const meant = host === undefined ? snapshots : ofHost(vault, snapshots, { host, dataSet });
  const of = dataSet === undefined ? {} : { dataSet };
  const found = findSnapshot(vault, meant, { wanted, ...of });
  if (wanted === 'latest' && dataSet !== undefined && host === undefined) {
    sayWhose(cli, dataSet, hostsBesides(vault, snapshots, found));
  }
  return found;
}

/** Fingerprint of what this host signs with in this vault. */
export function writerHere({ state, tools }: VaultSession): string | undefined {
  const writer = state.readWriter();
  return writer === undefined ? undefined : fingerprintOfWriter(tools, writer);
}

function sayWhose(
  { terminal }: Pick<Cli, 'terminal'>,
  dataSet: string,
  { host, others }: ReturnType<typeof hostsBesides>,
): void {
  const [other] = others;
  if (other === undefined) return;
  const style = terminal.errorStyle;
  const names = others.slice(0, 5).map((each) => sayText(each, style));
  const more = others.length > names.length ? `, ${others.length - names.length} more` : '';
  terminal.err(
    `${sayText(dataSet, style)} is backed up by several hosts; the newest is of ${sayText(host, style)}. Of another: --host ${names.join(', ')}${more}\n`,
  );
}
