/** `holdfast drill --service`: a run restored to scratch, all together, and the team's check on it. */
import os from 'node:os';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatDuration } from '../../base/say-time.ts';
import { durationMs } from '../../base/units.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { openVaultOf } from '../cli/open.ts';
import { bytesOfText, textOfBytes } from '../cli/places.ts';
import { fullPath, type VaultOptions } from '../cli/settings.ts';
import { directVault, type VaultSession } from '../vault-session.ts';
import { keepServiceDrill, type ServiceDrilled } from './keep-service-drill.ts';
import { chosenRun, restoreRun } from './restore-run.ts';
import { runRestore } from '../run-restore.ts';
import { runCheck } from './service-check.ts';
import { checkOf, serviceNamed } from './service-plan.ts';
import type { ServiceRun } from './service-runs.ts';

export interface ServiceDrillAsked {
  readonly service: string;
  readonly run: string;
  readonly options: VaultOptions & { readonly scratch?: string; readonly unsigned?: true };
}

/** Of the free space, what a drill may take; what an entry costs beside its bytes. */
const SHARE_MAX = 1 / 5;
const ENTRY_COST = 4096;

/** @throws Fault HF_USAGE, HF_SNAPSHOT_ABSENT, HF_DISK_FULL where it would take too much */
export async function drillService(cli: Cli, asked: ServiceDrillAsked): Promise<Answer> {
  const { service, options } = asked;
  const opened = await openVaultOf(cli, options);
  const { session, settings } = opened;
  const check = checkOf(service, serviceNamed(settings, service, 'drill'));
  const vault = directVault(session);
  const wanted = { service, run: asked.run, unsigned: options.unsigned ?? false };
  const run = await chosenRun(vault, wanted);
  const usual = byteString(`${settings.state.value}/scratch`);
  const scratch = options.scratch === undefined ? usual : fullPath(cli, options.scratch);
  cli.stop.note(`Nothing was proven. What was restored so far lies in ${sayName(scratch)}.`);
  session.disk.makeDir(scratch);
  demandRoom(session, scratch, run);
  const progress = new LiveProgress(cli, { label: `drill ${service}`, word: 'restored' });
  try {
    const drilled = await inScratch(scratch, bytesOfText(`drill-${run.run}`), async (target) => {
      const startedAt = session.clock.now();
      const started = session.clock.monotonic();
      const index = await loadIndex(vault);
      const parts = await restoreRun(session, {
        ...{ run, target, inPlace: false },
        put: async ({ snapshot, target: place }) =>
          runRestore(
            session,
            {
              ...{ snapshot, target: place, unsigned: wanted.unsigned, sync: true },
              onProgress: ({ entries, entriesTotal, bytes, bytesTotal }) =>
                progress.update({ entries, entriesTotal, bytes, bytesTotal }),
            },
            index,
          ),
      });
      const checked = check === undefined ? undefined : await runCheck(check, textOfBytes(target));
      const took = durationMs(session.clock.monotonic() - started);
      const isWhole = parts.every(({ put: report }) => report.isWhole);
      const isPassed = isWhole && checked?.outcome !== 'failed';
      return { run, parts, check: checked, startedAt, took, isPassed };
    });
    const unkept = await keepServiceDrill(opened, { drilled, scratch });
    return answer(drilled, unkept);
  } finally {
    progress.end();
  }
}

function answer(drilled: ServiceDrilled, unkept: string | undefined): Answer {
  const { run, parts, check, took, isPassed } = drilled;
  const hasGaps = parts.some(({ put: report }) => report.gapCount > 0);
  return {
    code: !isPassed ? EXIT.error : hasGaps || check === undefined ? EXIT.gaps : EXIT.done,
    say: (style) => words(drilled, { unkept, style }),
    json: {
      service: run.service,
      run: run.run,
      isPassed,
      check: check ?? null,
      durationMs: took,
      isKept: unkept === undefined,
      dataSets: parts.map(({ dataSet, put: report }) => ({
        dataSet,
        snapshot: report.snapshot,
        isWhole: report.isWhole,
        entries: report.entries,
        bytes: report.bytes,
        gapCount: report.gapCount,
        failures: report.failureCount,
      })),
    },
  };
}

/** @throws Fault HF_DISK_FULL: nothing can be checked without being there */
function demandRoom({ disk }: VaultSession, scratch: ByteString, run: ServiceRun): void {
  const roots = run.snapshots.flatMap(({ content }) => content.roots);
  const bytes = Number(roots.reduce((sum, root) => sum + root.bytes, 0n));
  const entries = roots.reduce((sum, root) => sum + root.entries, 0);
  const { freeBytes } = disk.space(scratch);
  if (bytes + ENTRY_COST * entries <= freeBytes * SHARE_MAX) return;
  const path = textOfBytes(scratch);
  const message = `a drill of ${run.service} takes ${formatBytes(bytes)}, more than a fifth of what is free in ${path}; name another place with --scratch`;
  throw new Fault('HF_DISK_FULL', message, { path });
}

/** What was put there goes, whatever happened. */
async function inScratch<T>(
  scratch: ByteString,
  name: ByteString,
  act: (target: ByteString) => Promise<T>,
): Promise<T> {
  const ports = { source: nodeSource(), tree: nodeTreeWriter() };
  const parent = ports.source.openRoot(scratch);
  try {
    return await act(byteString(`${scratch}/${name}`));
  } finally {
    removeTree(ports, parent, name);
    ports.source.closeDir(parent);
  }
}

function words(
  { run, parts, check, took, isPassed }: ServiceDrilled,
  { unkept, style }: { readonly unkept: string | undefined; readonly style: Style },
): readonly string[] {
  const what = `Run ${sayText(run.run, style)} of ${sayText(run.service, style)}`;
  const checked =
    check === undefined
      ? 'there is no check of the team to say whether it works'
      : 'its check passed';
  const text = isPassed
    ? `${what} was restored to scratch in ${formatDuration(took)}, and ${checked}.`
    : `The drill of ${what.toLowerCase()} on ${os.hostname()} failed: do not rely on it.`;
  const is = !isPassed ? 'failed' : check === undefined ? 'degraded' : 'ok';
  const failed = { is: 'failed' as const };
  const rows: LabelledRow[] = parts.map(({ dataSet, put: report }) => ({
    mark: report.isWhole ? undefined : failed,
    label: sayText(dataSet, style),
    text: `${countOf(report.entries, 'entry', 'entries')}, ${formatBytes(report.bytes)}${report.isWhole ? '' : `, ${countOf(report.failureCount, 'failure')}`}`,
  }));
  if (check?.outcome === 'failed') {
    rows.unshift({ mark: failed, label: 'check failed', text: sayText(check.why ?? '', style) });
  }
  if (unkept !== undefined) {
    const why = `not kept as evidence: ${sayText(unkept, style)}`;
    rows.push({ mark: { is: 'degraded' }, label: 'proof', text: why });
  }
  return [
    ...layoutSentence(style, { mark: { is }, text, tone: 'strong' }),
    '',
    ...layoutRows(style, rows),
  ];
}
