/** The step that would raise a data set at the least cost, in words that page and terminal share. */
import { formatBytes } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import type { Loss } from '../loss.ts';
import { lossWords, outageWords } from '../say-loss.ts';
import { pathWord, textWord } from './typed-line.ts';
import type { CheapestStep, DataSetView } from './view.ts';

const STEPS: Readonly<Record<CheapestStep['kind'], string>> = {
  'confirm the key sheet': 'Confirm the key sheet of',
  're-read': 'Re-read',
  drill: 'Drill',
  'back up': 'Back up',
  'copy elsewhere': 'Copy elsewhere:',
  'stream WAL': 'Stream the WAL elsewhere, from a base backup, of',
};

/** `Drill lists`, `at least 22 h becomes 14 min`, `about 3 min`. */
export function stepWords(step: CheapestStep): {
  readonly act: string;
  readonly gain: string;
  readonly cost: string;
} {
  const { kind, subject, before, after, bytes, tookMs } = step;
  const took = tookMs === undefined ? '' : `about ${formatDuration(tookMs, { detail: 'rough' })}`;
  const size = bytes === undefined ? '' : formatBytes(bytes);
  const cost = [took, size].filter((word) => word !== '').join(', ');
  return { act: `${STEPS[kind]} ${vaultWords(subject)}`, gain: gainWords(before, after), cost };
}

/** `at least 0 s` promises what was not shown: then it is a recovery point, and not more. */
function afterWords(loss: Loss): string {
  const isBare = loss.kind === 'window' && loss.atMostMs === undefined && loss.atLeastMs < 1000;
  return isBare ? 'a recovery point' : lossWords(loss);
}

function gainWords(before: CheapestStep['before'], after: CheapestStep['after']): string {
  const [lost, then] = [lossWords(before.loss), afterWords(after.loss)];
  if (lost !== then) return `${lost} becomes ${then}`;
  const [out, back] = [outageWords(before.outage), outageWords(after.outage)];
  if (out !== back) return `out ${out} becomes ${back}`;
  return `survives ${before.survives} becomes ${after.survives} more`;
}

/** A vault that nobody gave a name is called by the first figures of its id. */
export function vaultWords(vault: string): string {
  return vault.replaceAll(/([0-9a-f]{8})[0-9a-f]{24,}/g, '$1…');
}

/** What is typed for it on the machine whose data set it is; undefined where no one command does it. */
export function stepCommand(
  { kind, subject }: CheapestStep,
  { name, places }: Pick<DataSetView, 'name' | 'places'>,
): string | undefined {
  const of = `--data-set ${textWord(name)}`;
  const isOwn = !isConnected(subject);
  switch (kind) {
    case 'confirm the key sheet':
      return isOwn ? 'holdfast key sheet --confirm' : undefined;
    case 're-read':
      return isOwn ? `holdfast drill ${of} --reread` : undefined;
    case 'drill':
      return isOwn ? `holdfast drill ${of}` : undefined;
    case 'back up': {
      const path = places[0]?.path;
      return path === undefined ? undefined : `holdfast backup ${pathWord(path)}`;
    }
    case 'copy elsewhere':
    case 'stream WAL':
      return undefined;
  }
}

/** Of a team's own tool: its copies are named by it. */
function isConnected(subject: string): boolean {
  return /^(?:restic|borg|pgbackrest)[ :]/i.test(subject);
}
