/** What would be lost, as lines that need nothing to be read. */
import { isoTimeOf } from '../../../base/iso-time.ts';
import { formatCount } from '../../../base/say-quantity.ts';
import { formatInstant } from '../../../base/say-time.ts';
import type { UnixMs } from '../../../base/units.ts';
import { sentenceOf } from '../exposure/sentence.ts';
import type { DataSetView, ExposureView } from '../exposure/view.ts';
import { lossWords, outageWords } from '../say-loss.ts';

const FALLS_MAX = 60;
const SETS_MAX = 1000;

export function exposureText({ falls, dataSets }: ExposureView, at: UnixMs): string {
  const sentences = falls.slice(0, FALLS_MAX).map((fall) => {
    return `- ${sentenceOf(fall)
      .map(({ text }) => text)
      .join('')} ${survivesWords(fall.survives)}`;
  });
  const sets = dataSets.slice(0, SETS_MAX).map((each) => setLine(each, at));
  return [
    `As of ${isoTimeOf(at)}. What is lost has grown since by the time that has passed.`,
    '',
    ...(sentences.length === 0 ? ['Nobody had said yet what lies on any host.'] : sentences),
    ...moreOf(falls.length - sentences.length, 'other failures cost no more'),
    '',
    'Each data set: lost by the worst single failure, out, best recovery point',
    ...sets,
    ...moreOf(dataSets.length - sets.length, 'more data sets'),
    '',
  ].join('\n');
}

function moreOf(count: number, words: string): readonly string[] {
  return count <= 0 ? [] : [`- ${formatCount(count)} ${words}`];
}

function survivesWords(survives: number | undefined): string {
  return survives === undefined ? '' : `Survives ${survives} more.`;
}

function setLine({ name, worst, best, isSeen }: DataSetView, at: UnixMs): string {
  const point =
    best === undefined
      ? 'in no recovery point'
      : `point of ${formatInstant(best.coveredUpTo, at)} in ${best.vault}, ${best.isProven ? 'proven' : 'not proven'}`;
  const seen = isSeen ? '' : '; not seen lately';
  if (worst === undefined) {
    return `- ${name}: ${isSeen ? 'no known failure takes it' : 'unknown'}; ${point}${seen}`;
  }
  return `- ${name}: ${lossWords(worst.loss)}; out ${outageWords(worst.outage)}; ${point}${seen}`;
}
