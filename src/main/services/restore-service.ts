/** `holdfast restore --service`. */
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT, type ExitCode } from '../cli/exit-code.ts';
import type { UnixMs } from '../../base/units.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { openVaultOf } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { putOptions, requestOptions, type RestoreOptions } from '../cli/restore-act.ts';
import { codeOfPut, putJson, putWords } from '../cli/restore-words.ts';
import { type PutSnapshot, putSnapshot } from '../put-snapshot.ts';
import { fullPath } from '../cli/settings.ts';
import { chosenRun, type RestoredPart, restoreRun } from './restore-run.ts';
import { runCheck } from './service-check.ts';
import { checkOf } from './service-plan.ts';
import type { ServiceRun } from './service-runs.ts';

export interface ServiceAsked {
  readonly service: string;
  /** `latest`, an id, or its first characters. */
  readonly run: string;
  readonly target: string;
  readonly options: RestoreOptions;
}

interface RestoredService {
  readonly run: ServiceRun;
  readonly parts: readonly RestoredPart<PutSnapshot>[];
  /** Undefined where the team has none, or this configuration does not know it. */
  readonly check: HookRecord | undefined;
  readonly target: ByteString;
}

export async function restoreService(cli: Cli, asked: ServiceAsked): Promise<Answer> {
  const { service, options } = asked;
  const target = fullPath(cli, asked.target);
  const opened = await openVaultOf(cli, options);
  const { session, settings } = opened;
  const unsigned = options.unsigned ?? false;
  const run = await chosenRun(session.vault, { service, run: asked.run, unsigned });
  cli.stop.note('The restore is not whole; the same command goes on with it.');
  const progress = new LiveProgress(cli, { label: `restore ${service}`, word: 'restored' });
  try {
    const parts = await restoreRun(session, {
      ...{ run, target, inPlace: options.inPlace ?? false },
      put: ({ snapshot, target: place, isFilled }) =>
        putSnapshot(cli, opened, {
          ...{ ...putOptions(options), isFilled },
          request: {
            ...{ ...requestOptions(options), snapshot, target: place },
            onProgress: ({ entries, entriesTotal, bytes, bytesTotal }) =>
              progress.update({ entries, entriesTotal, bytes, bytesTotal }),
          },
        }),
    });
    progress.end();
    // What this machine's configuration does not say, nobody runs: restores go to other machines.
    const configured = settings.config.services?.[service];
    const own = configured === undefined ? undefined : checkOf(service, configured);
    const isPut = parts.every(({ put }) => put.report !== undefined || isPutOver(put));
    const check =
      own === undefined || !isPut ? undefined : await runCheck(own, textOfBytes(target));
    const restored: RestoredService = { run, parts, check, target };
    const now = cli.clock.now();
    return {
      code: codeOf(restored),
      say: (style) => words(restored, now, style),
      json: {
        service,
        run: run.run,
        restored: parts.map(({ dataSet, put }) => ({ dataSet, ...putJson(put) })),
        check: check ?? null,
      },
    };
  } finally {
    progress.end();
  }
}

/** Something came of it: where nobody said yes there is nothing new to check. */
function isPutOver({ over }: PutSnapshot): boolean {
  return over?.result.done !== undefined || over?.result.notDone === 'equal';
}

/** The worst of all. */
function codeOf({ parts, check }: RestoredService): ExitCode {
  const codes = parts.map(({ put }) => codeOfPut(put));
  const order: readonly ExitCode[] = [EXIT.error, EXIT.denied, EXIT.stale, EXIT.held, EXIT.gaps];
  const worst = order.find((code) => codes.includes(code));
  return worst ?? (check?.outcome === 'failed' ? EXIT.gaps : EXIT.done);
}

function words(
  { run, parts, check, target }: RestoredService,
  now: UnixMs,
  style: Style,
): readonly string[] {
  const isWhole = parts.every(({ put }) => put.isWhole);
  const isChecked = check === undefined ? '' : `, and its check ${checkWord(check)}`;
  const what = `Run ${sayText(run.run, style)} of ${sayText(run.service, style)}`;
  const text = `${what}, ${countOf(parts.length, 'data set')}, is restored in ${sayName(target, style)}${isWhole ? '' : ', but not whole'}${isChecked}.`;
  const is = !isWhole || check?.outcome === 'failed' ? 'failed' : undefined;
  const rows =
    check?.outcome === 'failed'
      ? [
          {
            mark: { is: 'failed' as const },
            label: 'check failed',
            text: sayText(check.why ?? '', style),
          },
        ]
      : [];
  return [
    ...layoutSentence(style, { mark: is === undefined ? undefined : { is }, text, tone: 'strong' }),
    ...(rows.length === 0 ? [] : ['', ...layoutRows(style, rows)]),
    ...parts.flatMap(({ put }) => ['', ...putWords(put, now, style)]),
  ];
}

export function checkWord({ outcome }: HookRecord): string {
  return outcome === 'done' ? 'passed' : 'failed';
}
