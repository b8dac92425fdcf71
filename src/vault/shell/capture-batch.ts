import { byteString } from '../../base/bytes.ts';
import { STAT_CACHED } from '../../host/source.ts';
import type { CaptureResult } from './capture-work.ts';
import { ALONE } from './capture-work.ts';
import type { Crew } from './crew.ts';
import type { BatchItem } from './walk-item.ts';

/** A batch by one worker; each file in it that has several chunks by whoever is free. */
export async function captureBatch(
  crew: Pick<Crew, 'capture'>,
  items: readonly BatchItem[],
): Promise<CaptureResult> {
  const together = await crew.capture(items);
  const asked = items.map((item, at) =>
    together.outcomes[at] === ALONE ? crew.capture([item]) : undefined,
  );
  if (asked.every((one) => one === undefined)) return together;
  return joined(together, await Promise.all(asked));
}

/** @param alone results of one item each, at the place of that item */
function joined(
  together: CaptureResult,
  alone: readonly (CaptureResult | undefined)[],
): CaptureResult {
  const { lengths, stats, outcomes } = together;
  const texts: string[] = [];
  const problems = [...together.problems];
  const lists = [...together.lists];
  let { readBytes } = together;
  let at = 0;
  for (const [item, one] of alone.entries()) {
    const length = lengths[item] ?? 0;
    texts.push(together.text.slice(at, at + length));
    at += length;
    if (one === undefined) continue;
    texts.push(one.text);
    lengths[item] = one.text.length;
    stats.set(one.stats, item * STAT_CACHED);
    outcomes[item] = one.outcomes[0] ?? 0;
    problems.push(...one.problems.map((problem) => ({ ...problem, item })));
    lists.push(...one.lists);
    readBytes += one.readBytes;
  }
  return { text: byteString(texts.join('')), lengths, stats, outcomes, problems, lists, readBytes };
}
