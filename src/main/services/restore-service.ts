/** `holdfast restore --service`. */
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { openVaultOf } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import type { RestoreOptions } from '../cli/restore-act.ts';
import { isComplete, restoreJson, restoreWords } from '../cli/restore-words.ts';
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
  readonly parts: readonly RestoredPart[];
  /** Undefined where the team has none, or this configuration does not know it. */
  readonly check: HookRecord | undefined;
  readonly target: ByteString;
}

export async function restoreService(cli: Cli, asked: ServiceAsked): Promise<Answer> {
  const { service, options } = asked;
  const target = fullPath(cli, asked.target);
  const { session, settings } = await openVaultOf(cli, options);
  const unsigned = options.unsigned ?? false;
  const run = await chosenRun(session.vault, { service, run: asked.run, unsigned });
  cli.stop.note('The restore is not whole; the same command goes on with it.');
  const progress = new LiveProgress(cli, { label: `restore ${service}`, word: 'restored' });
  try {
    const parts = await restoreRun(session, {
      run,
      target,
      options: {
        first: options.first === undefined ? undefined : gitignoreExcludes(options.first),
        inPlace: options.inPlace ?? false,
        owners: options.ownerNames === true ? 'names' : 'ids',
        unsigned,
        sync: options.sync ?? true,
      },
      onProgress: (_, { entries, entriesTotal, bytes, bytesTotal }) =>
        progress.update({ entries, entriesTotal, bytes, bytesTotal }),
    });
    progress.end();
    // What this machine's configuration does not say, nobody runs: restores go to other machines.
    const configured = settings.config.services?.[service];
    const own = configured === undefined ? undefined : checkOf(service, configured);
    const check = own === undefined ? undefined : await runCheck(own, textOfBytes(target));
    const restored: RestoredService = { run, parts, check, target };
    const isGood = parts.every(isComplete) && check?.outcome !== 'failed';
    return {
      code: isGood ? EXIT.done : EXIT.gaps,
      say: (style) => words(restored, style),
      json: {
        service,
        run: run.run,
        restored: parts.map((part) => ({ dataSet: part.dataSet, ...restoreJson(part) })),
        check: check ?? null,
      },
    };
  } finally {
    progress.end();
  }
}

function words({ run, parts, check, target }: RestoredService, style: Style): readonly string[] {
  const isWhole = parts.every(({ report }) => report.isWhole);
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
    ...parts.flatMap((part) => ['', ...restoreWords(part, style)]),
  ];
}

export function checkWord({ outcome }: HookRecord): string {
  return outcome === 'done' ? 'passed' : 'failed';
}
