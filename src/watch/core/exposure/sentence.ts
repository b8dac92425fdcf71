/** The sentence that leads a page: `If hv3 died now, at least 22 h of Bugzilla would be lost, ...` */
import { formatCount } from '../../../base/say-quantity.ts';
import { formatInterval } from '../../../base/say-time.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';
import type { FailureDomain } from '../domain.ts';
import type { ExposureToAll } from './rows.ts';
import { severityOf } from '../loss.ts';
import { lastWords } from '../say-loss.ts';
import type { Fall, SentencePart } from './view.ts';

const text = (words: string): SentencePart => ({ kind: 'text', text: words });
const name = (words: string): SentencePart => ({ kind: 'name', text: words });

/** What happens to a domain, as the subject of a sentence. */
export function ifGone(domain: FailureDomain): readonly SentencePart[] {
  switch (domain.kind) {
    case 'disk':
      return [text('disk '), name(domain.disk), text(' of '), name(domain.host), text(' died')];
    case 'host':
      return [name(domain.host), text(' died')];
    case 'group':
      return [name(`${domain.of} ${domain.name}`), text(' were lost')];
    case 'volume':
      return [text(`${domain.of} `), name(domain.name), text(' failed')];
    case 'directory': {
      const path = name(`${domain.host}:${utf8Of(domain.path)}`);
      return domain.spared.length > 0
        ? [text('the files in '), path, text(' were deleted')]
        : [path, text(' were deleted')];
    }
    case 'key':
      return [text('key '), name(domain.key), text(' were lost')];
    case 'credential': {
      const who = domain.who === '' ? domain.credential : domain.who;
      return [text('the root key of '), name(who), text(' were used to delete')];
    }
  }
}

/**
 * What would be lost of the worst of it, what would be out the longest, and how many more are hit.
 * What is unknown is said to be, and never left to silence.
 */
export function sentenceOf({ domain, hits }: Fall): readonly SentencePart[] {
  const [worst] = hits.filter(({ loss }) => loss.kind !== 'nothing');
  const lead = [text('If '), ...ifGone(domain), text(' now, ')];
  if (worst === undefined) return [...lead, text('nothing would be lost.')];
  const longest = longestOut(hits);
  const named = new Set([worst.dataSet, ...(longest === undefined ? [] : [longest.dataSet])]);
  const others = hits.filter(
    ({ dataSet, loss }) => !named.has(dataSet) && loss.kind !== 'nothing',
  ).length;
  return [
    ...lead,
    ...lostOf(worst),
    ...(longest === undefined ? [] : [text(', '), ...outOf(longest)]),
    ...(others === 0 ? [] : [text(`, and ${formatCount(others)} more would be hit`)]),
    text('.'),
  ];
}

function lostOf({ dataSet, loss }: ExposureToAll): readonly SentencePart[] {
  const of = [text(' of '), name(dataSet), text(' would be lost')];
  switch (loss.kind) {
    case 'nothing':
      return [{ kind: 'lost', text: 'nothing' }, ...of];
    case 'window':
      return [{ kind: 'lost', text: lastWords(loss) }, ...of];
    case 'unknown':
      return [
        text('what would be lost of '),
        name(dataSet),
        text(' is '),
        { kind: 'unknown', text: 'unknown' },
      ];
    case 'all':
      return [{ kind: 'lost', text: 'all' }, ...of];
  }
}

/** Of those that come back; what is gone for good is not out. */
function longestOut(hits: readonly ExposureToAll[]): ExposureToAll | undefined {
  const spanOf = ({ loss, outage }: ExposureToAll): number =>
    severityOf(loss) > 1 || outage.kind !== 'interval' ? -1 : (outage.atMostMs ?? outage.atLeastMs);
  const [first] = [...hits].sort((one, other) => spanOf(other) - spanOf(one));
  return first !== undefined && spanOf(first) > 0 ? first : undefined;
}

function outOf({ dataSet, outage }: ExposureToAll): readonly SentencePart[] {
  if (outage.kind !== 'interval') return [];
  return [name(dataSet), text(' would be out for '), { kind: 'out', text: formatInterval(outage) }];
}
