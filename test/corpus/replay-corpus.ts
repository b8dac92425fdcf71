/**
 * `npm run replay-corpus [HALF|NAME...]`: each recorded history judged with nothing configured: how
 * often it would have asked, about what, and by which rule.
 */
import { type Half, HALVES } from './days.ts';
import { describe, type Measured, measureAll, summaryOf } from './measure.ts';

const wanted = process.argv.slice(2);
const isWanted = (name: string, half: Half): boolean =>
  wanted.length === 0 || wanted.includes(name) || wanted.includes(half);

const all: Measured[] = [];
for (const each of measureAll(isWanted)) {
  all.push(each);
  process.stdout.write(`${describe(each).join('\n')}\n`);
}
for (const half of HALVES) {
  const sum = summaryOf(half, all);
  if (sum.runs > 0)
    process.stdout.write(`${describe({ ...sum, name: 'together', unasked: [] })[0] ?? ''}\n`);
}
