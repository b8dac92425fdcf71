/**
 * What guarding costs. `npm run bench-guard -- PART...`; each part is a worker of its own, so that
 * its memory is its own: `guard-PART-worker.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import { Scratch } from './scratch.ts';
import { median } from './summary.ts';

const HELP = `npm run bench-guard -- [options] [part...]

  judge           a plan of many operations: written, judged, sealed; read back and checked

  undo            a directory of many files, deleted by guard run -- rm -r, and put back

  --files N       of undo (default 500000)
  --ops N         operations of a plan (default 1000000)
  --runs N        rounds; figures are medians (default 3)
  --scratch DIR   where everything is made and removed again (default $TMPDIR, else /var/tmp)
  --no-keep       keep no result
`;

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

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ops: { type: 'string', default: '1000000' },
      files: { type: 'string', default: '500000' },
      runs: { type: 'string', default: '3' },
      scratch: { type: 'string', default: process.env.TMPDIR ?? '/var/tmp' },
      'no-keep': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const wanted = positionals.length === 0 ? Object.keys(PARTS) : positionals;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const scratch = new Scratch({ below: values.scratch, signal: stop.signal });
  const of = { ops: Number(values.ops), files: Number(values.files), runs: Number(values.runs) };
  try {
    const figures = wanted.map((name) => [name, medians(scratch, name, of)] as const);
    tell({ scratch, of, figures: Object.fromEntries(figures), isKept: !values['no-keep'] });
  } finally {
    scratch.clear();
  }
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
  readonly isKept: boolean;
}): void {
  const { scratch, of, figures, isKept } = told;
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
  if (!isKept) return;
  const date = new Date().toISOString();
  const results = fileURLToPath(new URL('results', import.meta.url));
  mkdirSync(results, { recursive: true });
  const file = join(results, `${date.slice(0, 10)}-guard.json`);
  const kept = { format: 1, date, ...of, machine: describeMachine(scratch.root), figures, goals };
  writeFileSync(file, `${JSON.stringify(kept, undefined, 2)}\n`);
  process.stdout.write(`kept as ${file}\n`);
}

await main();
