/**
 * What guarding costs. `npm run bench-guard -- PART...`; each part is a worker of its own, so that
 * its memory is its own: `guard-PART-worker.ts`.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './machine.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { median } from './summary.ts';

const HELP = `npm run bench-guard -- [options] [part...]

  judge           a plan of many operations: written, judged, sealed; read back and checked

  undo            a directory of many files, deleted by guard run -- rm -r, and put back

  --files N       of undo (default 500000)
  --ops N         operations of a plan (default 1000000)
  --runs N        rounds; figures are medians (default 3)
{common}
`;

const OPTIONS = { ops: '1000000', files: '500000', runs: '3' };
type Run = BenchRun<keyof typeof OPTIONS>;

const GOALS = { undoWallS: 1, wallS: 10, rssBytes: 300 * 1024 * 1024 };
const OWN_RULE = "op.op == 'delete' && op.path.startsWith('srv/tree/000001/')";

interface Used {
  readonly cpuS: number;
  readonly rssPeakBytes: number;
}

/** Figures of one part, by name; seconds and bytes. */
type Figures = Readonly<Record<string, number>>;
type Part = (scratch: Scratch, of: { readonly ops: number; readonly files: number }) => Figures;

const PARTS: Readonly<Record<string, Part>> = {
  judge: (scratch, { ops }) => {
    const plain = judged(scratch, ops, '');
    const own = judged(scratch, ops, OWN_RULE);
    return {
      madeWallS: plain.wallS,
      madeCpuS: plain.made.cpuS,
      madeRssPeakBytes: plain.made.rssPeakBytes,
      checkedCpuS: plain.checked.cpuS - plain.made.cpuS,
      rssPeakBytes: plain.checked.rssPeakBytes,
      ownRuleCpuS: own.made.cpuS - plain.made.cpuS,
    };
  },
  undo: (scratch, { files }) => {
    const worker = fileURLToPath(new URL('guard-undo-worker.ts', import.meta.url));
    const argv = [worker, scratch.root, String(files)];
    return JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as Figures;
  },
};

interface Judged {
  readonly wallS: number;
  readonly made: Used;
  readonly checked: Used;
}

function judged(scratch: Scratch, ops: number, rule: string): Judged {
  const worker = fileURLToPath(new URL('guard-judge-worker.ts', import.meta.url));
  const argv = [worker, scratch.root, String(ops), rule];
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as Judged;
}

async function main({ scratch, parts, values, keep }: Run): Promise<void> {
  const wanted = parts.length === 0 ? Object.keys(PARTS) : parts;
  const of = { ops: Number(values.ops), files: Number(values.files), runs: Number(values.runs) };
  const figures = wanted.map((name) => [name, medians(scratch, name, of)] as const);
  tell({ scratch, of, figures: Object.fromEntries(figures), keep });
}

function medians(
  scratch: Scratch,
  name: string,
  of: { readonly ops: number; readonly files: number; readonly runs: number },
): Figures {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`no part ${name}: ${Object.keys(PARTS).join(', ')}`);
  const runs = Array.from({ length: of.runs }, () => part(scratch, of));
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((figure) => [figure, median(runs.map((run) => run[figure] ?? Number.NaN))]),
  );
}

function tell(told: {
  readonly scratch: Scratch;
  readonly of: object;
  readonly figures: Readonly<Record<string, Figures>>;
  readonly keep: Run['keep'];
}): void {
  const { scratch, of, figures, keep } = told;
  const { madeWallS = 0, madeRssPeakBytes = 0 } = figures.judge ?? {};
  const { undoneWallS } = figures.undo ?? {};
  const goals = {
    ...(figures.judge === undefined
      ? {}
      : {
          judgeWall: { limitS: GOALS.wallS, isMet: madeWallS <= GOALS.wallS },
          judgeRss: { limitBytes: GOALS.rssBytes, isMet: madeRssPeakBytes <= GOALS.rssBytes },
        }),
    ...(undoneWallS === undefined
      ? {}
      : { undoWall: { limitS: GOALS.undoWallS, isMet: undoneWallS <= GOALS.undoWallS } }),
  };
  process.stdout.write(`${JSON.stringify({ figures, goals }, undefined, 2)}\n`);
  const machine = describeMachine(scratch.root);
  keep('guard', { format: 1, date: new Date().toISOString(), ...of, machine, figures, goals });
}

await runBench({ help: HELP, options: OPTIONS }, main);
