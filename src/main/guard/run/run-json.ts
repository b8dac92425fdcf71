/** What `guard run --json` answers. */
import { headerJson } from './run-words.ts';
import type { RunEnd } from './run-parts.ts';

export function runJson({ code, outcome, made, report, there }: RunEnd): object {
  if (there !== undefined) return there;
  return {
    ...{ code, outcome },
    ...(made === undefined ? {} : { plan: headerJson(made.header), verdict: made.verdict }),
    ...(report === undefined ? {} : { applied: { ...report, stop: report.stop?.why } }),
  };
}
