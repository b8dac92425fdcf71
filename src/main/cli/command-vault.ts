/** `holdfast vault check`: whether all of a vault could still be restored. */
import { type Command, Option } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount, formatRate } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatDuration } from '../../base/say-time.ts';
import { type DurationMs, MIB, type UnixMs } from '../../base/units.ts';
import { type KeyringScope, randomHex } from '../../vault/core/keyring.ts';
import type { CheckReport, CheckRequest } from '../../vault/shell/check-request.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import type { ScrubStanding } from '../../vault/core/scrub-ledger.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import { runCheck } from '../run-check.ts';
import { beginScrub, type ScrubAim, scrubKnown, type ScrubRun } from '../scrub-here.ts';
import { witnessOf } from '../vault-witness.ts';
import { nameOfPlace } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';
import { remedyRows } from './check-remedies.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { defineGc } from './command-vault-gc.ts';
import { defineHold } from './command-vault-hold.ts';
import { defineServe } from './command-vault-serve.ts';
import { defineCopy } from './command-vault-copy.ts';
import { defineRepair } from './command-vault-repair.ts';
import { defineStdio } from './command-vault-stdio.ts';
import { defineUpgrade } from './command-vault-upgrade.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson } from './json-shape.ts';
import { LiveProgress } from './live-progress.ts';
import { type Opened, openToProve, vaultOptions, writerOption } from './open.ts';
import type { Kept } from './record-proof.ts';
import { scrubRows } from './scrub-words.ts';
import type { VaultOptions } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options extends VaultOptions {
  readonly readData?: true;
  /** Percent. */
  readonly sample?: number;
  readonly seed?: string;
  /** Percent. */
  readonly rotate?: number;
  readonly budget?: DurationMs;
}

const NAMED_MAX = 20;
const RATE_BYTES_MIN = 64 * MIB;

const NOTHING_HERE = 'This vault has no snapshot that anybody vouches for: nothing was proven.';

const EXAMPLE = `
Without --read-data the structure is checked: every page of every trusted
snapshot, and that all they refer to is there. With it every byte is read,
past the page cache where the vault lies in a directory of a local disk.
--budget reads for so long what waits longest: new packs, then those never
read, then the oldest; the next one goes on there. Ends with 1 on damage.

Examples:
  holdfast vault check --vault /srv/vault
  holdfast vault check --vault /srv/vault --read-data
  holdfast vault check --vault /srv/vault --sample 5%
  holdfast vault check --vault /srv/vault --budget 10m`;

export function define(command: Command, act: Act): void {
  command
    .summary('look after a vault')
    .description('Looks after a vault.')
    .addHelpText('after', '\nExample:\n  holdfast vault check --vault /srv/vault --read-data');
  const check = command
    .command('check')
    .description('Whether all of it could still be restored; what is damaged, and what needs it.')
    .option('--read-data', 'read every byte')
    .addOption(
      new Option('--sample <share>', 'read every byte of so many of the packs').argParser(percent),
    )
    .addOption(
      new Option('--rotate <share>', 'such a share of the packs: what waits longest')
        .argParser(percent)
        .conflicts(['sample', 'readData', 'budget']),
    )
    .addOption(
      new Option('--budget <time>', 'for so long, 10m: what waits longest, and on from there')
        .argParser((text) => parseTimeLimit(text, 'vault check', '--budget'))
        .conflicts(['sample', 'readData']),
    )
    .option('--seed <text>', 'with --sample: which packs; another seed, others')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => perform(cli, options)));
  writerOption(vaultOptions(check));
  defineGc(command, act);
  defineHold(command, act);
  defineCopy(command, act);
  defineRepair(command, act);
  defineUpgrade(command, act);
  defineStdio(command, act);
  defineServe(command, act);
}

function percent(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?) *%?$/.exec(text.trim());
  const value = Number(match?.[1]);
  if (match !== null && value > 0 && value <= 100) return value;
  const message = `--sample takes a share such as 5%, not ${sayText(text)}`;
  throw new Fault('HF_USAGE', message, { command: 'vault check' });
}

async function perform(cli: Cli, options: Options): Promise<Answer> {
  const opened = await openToProve(cli, options, needsOf(options));
  const { session } = opened;
  const startedAt = cli.clock.now();
  const request = requestOf(session, options);
  const state = opened.settings.state.value;
  // Before anything is listed: what is written meanwhile is no loss.
  const witness = await witnessOf(session, state);
  const aim = aimOf(options);
  const scrub = request.readData ? await beginScrub(session, { state, aim }) : undefined;
  const { seed } = request.sample ?? {};
  const progress = new LiveProgress(cli, { label: 'vault check', word: 'read' });
  try {
    const report = await runCheck(session, {
      ...request,
      scrub: scrub?.check,
      seenBefore: witness.seen,
      onProgress: ({ packs, packsTotal, readBytes, totalBytes }) =>
        progress.update({
          entries: packs,
          entriesTotal: packsTotal,
          bytes: readBytes,
          bytesTotal: totalBytes,
        }),
    });
    const isTurn = aim.kind !== 'asked';
    const limitMs = opened.settings.config['read-within'] ?? PROOF_LIMITS.exists;
    const kept = await keptAsEvidence(opened, { report, startedAt, scrub, limitMs });
    // Of what was emptied all is read in no time: that proves nothing.
    if (report.snapshots === 0 && report.isSound && isTurn) cli.terminal.err(`${NOTHING_HERE}\n`);
    const standing = scrub === undefined ? await scrubKnown(session, state) : scrub.end();
    const unkept = kept.unkept ?? scrub?.trouble;
    const { trouble } = witness;
    return {
      code: codeOf(report, isTurn),
      say: (style) =>
        words(report, {
          ...{ style, session, seed, unkept, trouble, now: cli.clock.now() },
          scrub: { standing, limitMs },
        }),
      json: {
        ...checkJson(report, seed),
        isKept: kept.isKept || (isTurn && scrub !== undefined && scrub.trouble === undefined),
        ...(trouble === undefined ? {} : { unwitnessed: trouble }),
        ...(standing === undefined ? {} : { scrub: { ...standing, limitMs } }),
      },
    };
  } finally {
    progress.end();
  }
}

function aimOf({ rotate, budget }: Options): ScrubAim {
  if (budget !== undefined) return { kind: 'budget', ms: budget };
  return rotate === undefined ? { kind: 'asked' } : { kind: 'share', percent: rotate };
}

/** A new vault is as it should be; but a scrub of one, or of what nobody vouches for, proves nothing. */
function codeOf(report: CheckReport, isTurn: boolean): Answer['code'] {
  if (!report.isSound) return EXIT.error;
  const isUnproven = report.snapshots === 0 && (isTurn || report.untrustedSnapshots > 0);
  return isUnproven ? EXIT.gaps : EXIT.done;
}

/** The structure alone proves nothing that could be kept: then no database is opened. */
async function keptAsEvidence(
  opened: Opened,
  of: {
    readonly report: CheckReport;
    readonly startedAt: UnixMs;
    readonly scrub: ScrubRun | undefined;
    readonly limitMs: number;
  },
): Promise<Kept> {
  if (of.report.packsRead === 0) return { isKept: false, unkept: undefined };
  const { keepCheck } = await import('./record-proof.ts');
  return keepCheck(opened, of);
}

/** What lies in a pack is checked by opening it. */
function needsOf({ readData, sample, rotate, budget }: Options): KeyringScope {
  const parts = [sample, rotate, budget];
  return readData === true || parts.some((part) => part !== undefined) ? 'content' : 'names';
}

function requestOf({ tools }: VaultSession, options: Options): CheckRequest {
  const { sample, seed, readData = false, rotate, budget } = options;
  if (sample === undefined) {
    return { readData: readData || rotate !== undefined || budget !== undefined };
  }
  return { readData: true, sample: { percent: sample, seed: seed ?? randomHex(tools, 4) } };
}

interface How {
  readonly style: Style;
  readonly session: VaultSession;
  readonly now: UnixMs;
  readonly seed: string | undefined;
  /** Why it could not be kept as evidence. */
  readonly unkept: string | undefined;
  /** Why it is not known here what was in it before. */
  readonly trouble: string | undefined;
  readonly scrub: { readonly standing: ScrubStanding | undefined; readonly limitMs: number };
}

function words(
  report: CheckReport,
  { style, session, seed, unkept, trouble, scrub, now }: How,
): readonly string[] {
  const place = sayName(nameOfPlace(session.line.place), style);
  const { isSound } = report;
  const isNothing = isSound && report.snapshots === 0;
  return [
    ...layoutSentence(style, {
      mark: isNothing ? undefined : { is: isSound ? 'ok' : 'failed' },
      text: `${place} ${verdictOf(report)}.`,
      tone: 'strong',
    }),
    '',
    ...layoutRows(style, [
      ...problemRows(report, style),
      ...remedyRows(report, session, { style, now }),
      ...witnessRows(trouble, style),
      ...unkeptRows(unkept, style),
      ...unnotedRows(report, style),
      ...factRows(report, seed),
      ...scrubRows(scrub.standing, scrub.limitMs),
    ]),
  ];
}

function verdictOf(report: CheckReport): string {
  const { isSound, snapshots, packs, packsRead, goneSnapshots, untrustedSnapshots } = report;
  const said = countOf(snapshots, 'snapshot');
  const read =
    packsRead === 0
      ? 'no content was read (--read-data)'
      : packsRead < packs
        ? `${formatCount(packsRead)} of ${countOf(packs, 'pack')} read`
        : 'every byte read';
  const damaged = report.affectedSnapshots.length;
  if (isSound && snapshots === 0) {
    return untrustedSnapshots > 0
      ? 'holds no snapshot that anybody vouches for: nothing was proven'
      : 'holds no snapshots yet: there is nothing to prove';
  }
  if (isSound) return `is sound: ${said}, ${read}`;
  if (goneSnapshots > 0 && snapshots === 0)
    return 'has lost its snapshots: it had some, and has none';
  if (goneSnapshots > 0) {
    const gone =
      goneSnapshots === 1
        ? '1 snapshot that it had is'
        : `${formatCount(goneSnapshots)} snapshots that it had are`;
    const more =
      damaged > 0 ? `, and ${formatCount(damaged)} of those would not come back whole` : '';
    return `is damaged: ${gone} gone; it has ${formatCount(snapshots)}${more}`;
  }
  return `is damaged: ${formatCount(damaged)} of ${said} would not come back whole`;
}

function witnessRows(trouble: string | undefined, style: Style): readonly LabelledRow[] {
  if (trouble === undefined) return [];
  const text = `what was in it before is not known here: ${sayText(trouble, style)}`;
  return [{ mark: { is: 'degraded' }, label: 'before', text }];
}

function unkeptRows(unkept: string | undefined, style: Style): readonly LabelledRow[] {
  if (unkept === undefined) return [];
  const text = `not kept as evidence, so exposure does not know of it: ${sayText(unkept, style)}`;
  return [{ mark: { is: 'degraded' }, label: 'proof', text }];
}

function unnotedRows({ unnoted }: CheckReport, style: Style): readonly LabelledRow[] {
  if (unnoted === undefined) return [];
  const text = `the next backup will not store what is damaged anew: ${sayText(unnoted, style)}`;
  return [{ mark: { is: 'degraded' }, label: 'noted', text }];
}

function problemRows(report: CheckReport, style: Style): readonly LabelledRow[] {
  const failed = { is: 'failed' as const };
  const rows: LabelledRow[] = report.findings.slice(0, NAMED_MAX).map(({ grade, object, why }) => ({
    mark: grade === 'damaged' ? failed : { is: 'degraded' },
    label: grade,
    text: shorter(sayText(why.startsWith(`${object}: `) ? why : `${object}: ${why}`, style)),
  }));
  const more = report.findingCount - rows.length;
  if (more > 0) rows.push({ mark: failed, label: 'findings', text: `${formatCount(more)} more` });
  const affected = report.affected.slice(0, NAMED_MAX);
  for (const { snapshot, path, why } of affected) {
    const what = path === '' ? 'all' : sayName(path, style);
    const text = shorter(`${what} of ${shortId(snapshot)}: ${sayText(why, style)}`);
    rows.push({ mark: failed, label: 'would be lost', text });
  }
  const others = report.affectedCount - affected.length;
  if (others > 0) {
    rows.push({ mark: failed, label: 'would be lost', text: `${formatCount(others)} more` });
  }
  return rows;
}

/** Half a digest finds the file as well, and leaves room for what is the matter with it. */
function shorter(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{16})[0-9a-f]{16,48}\b/g, '$1');
}

function factRows(report: CheckReport, seed: string | undefined): readonly LabelledRow[] {
  const row = (label: string, text: string): LabelledRow => ({ mark: undefined, label, text });
  const objects = `${countOf(report.objects, 'object')} in ${countOf(report.groups, 'group')}`;
  const took = formatDuration(report.durationMs);
  const rows = [
    row('holds', `${countOf(report.entries, 'entry', 'entries')} of all snapshots; ${objects}`),
    row('looked', `${took}, ${formatBytes(report.readBytes)} read${rateOf(report)}`),
  ];
  if (seed !== undefined) rows.push(row('sample', `seed ${seed}`));
  if (report.snapshotsLeft > 0) {
    const text = `${countOf(report.snapshotsLeft, 'snapshot')} for want of time: the newest come first`;
    rows.push(row('not looked at', text));
  }
  if (report.untrustedSnapshots > 0) {
    const text = `${countOf(report.untrustedSnapshots, 'snapshot')} of writers nobody vouches for, not looked into`;
    rows.push(row('not looked at', text));
  }
  return rows;
}

/** From little a rate is noise. */
function rateOf({ readBytes, rateBytesPerS }: CheckReport): string {
  return readBytes < RATE_BYTES_MIN ? '' : `, ${formatRate(rateBytesPerS, 'down')}`;
}

function checkJson(report: CheckReport, seed: string | undefined): object {
  return {
    ...report,
    ...(seed === undefined ? {} : { seed }),
    affected: report.affected.map(({ snapshot, path, why }) => ({
      snapshot,
      ...bytesJson('path', path),
      why,
    })),
  };
}
