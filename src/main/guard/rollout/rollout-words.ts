/** What is said when a rollout has ended: a sentence, then each host, worst first. */
import type { Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../../base/say-rows.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { EXIT, type ExitCode } from '../../cli/exit-code.ts';
import type { ReportedTarget, RolloutReport } from './rollout-run.ts';

const ENDS: Readonly<Record<RolloutReport['end'], string>> = {
  done: '',
  canary: 'It ended there: a canary must be well.',
  failures: 'It ended there: more are not done than --max-failures allows.',
  check: 'It ended there: the check of health failed.',
  stopped: 'It was stopped.',
};
const RANK = { failed: 0, held: 1, 'not-begun': 2, done: 3 } as const;

export function* rolloutWords(report: RolloutReport, style: Style): Iterable<string> {
  const { targets, end, id, tookMs, health } = report;
  const count = (outcome: ReportedTarget['outcome']): number =>
    targets.filter((target) => target.outcome === outcome).length;
  const [done, notBegun] = [count('done'), count('not-begun')];
  const [failed, held] = [count('failed'), count('held')];
  const parts = [
    `${done} of ${countOf(targets.length, 'target')} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(held > 0 ? [`${held} held`] : []),
    ...(notBegun > 0 ? [`${notBegun} not begun`] : []),
  ];
  const text = `${id}: ${parts.join(', ')}, in ${formatDuration(tookMs)}. ${ENDS[end]}`.trim();
  const isWell = end === 'done' && failed + held === 0;
  yield* layoutSentence(style, { mark: { is: isWell ? 'ok' : 'failed' }, text });
  if (health !== undefined) {
    yield* layoutSentence(style, { mark: { is: 'failed' }, text: `Health: ${health}.` });
  }
  const worst = [...targets].sort((a, b) => RANK[a.outcome] - RANK[b.outcome]);
  yield* layoutRows(style, worst.map(targetRow));
}

function targetRow({ name, outcome, sentence, pooled, tookMs }: ReportedTarget): LabelledRow {
  const mark = {
    done: 'ok',
    failed: 'failed',
    held: 'degraded',
    'not-begun': 'unknown',
  } as const;
  const took = tookMs === undefined ? '' : `, in ${formatDuration(tookMs)}`;
  const said = outcome === 'not-begun' ? 'not begun: as it was' : `${sentence}${took}`;
  const out = pooled ? '' : '; it is out of service: its after hook has not run';
  return {
    mark: { is: mark[outcome] },
    label: sayText(name, { utf8: true }),
    text: `${said}${out}`,
  };
}

export function rolloutJson({ id, end, tookMs, targets, health }: RolloutReport): object {
  return { rollout: id, end, tookMs, targets, ...(health === undefined ? {} : { health }) };
}

/** 0: all are done. Held or denied targets say so by themselves; here they are failures. */
export function rolloutCode({ end, targets }: RolloutReport): ExitCode {
  const isWell = end === 'done' && targets.every(({ outcome }) => outcome === 'done');
  return isWell ? EXIT.done : EXIT.error;
}
