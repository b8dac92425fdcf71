/**
 * A vault copied to another directory: `holdfast vault copy` beside `rsync -a` and `rclone copy` of
 * the same vault, the first time and once more with nothing new. `npm run bench-copy -- --help`.
 */
import { join } from 'node:path';
import { sizeOfTree } from './compare.ts';
import { generateInput } from './generate.ts';
import { inputSpec } from './inputs.ts';
import { describeMachine } from './machine.ts';
import { type Cost, measure, warmCache } from './measure.ts';
import { start } from './process.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import { median } from './summary.ts';
import { type Command, HOLDFAST, type Site, TOOLS } from './tools.ts';

const HELP = `npm run bench-copy -- [options]

  --runs N        rounds; figures are medians (default 5)
  --scale X       share of T4 that the vault holds (default 0.2: 2 GB)
{common}

holdfast syncs each object and compares its digest; the others do neither: their time has a final
sync of the file system in it.
`;

interface Measured extends Cost {
  readonly program: Program;
  readonly act: 'first' | 'again';
  readonly run: number;
}

type Program = keyof typeof PROGRAMS;
const PROGRAMS = {
  'holdfast vault copy': (from: string, to: string): readonly string[] => [
    ...[HOLDFAST, 'vault', 'copy', from, to, '--min-free', '1GiB'],
  ],
  'rsync -a': (from: string, to: string): readonly string[] => ['rsync', '-a', `${from}/`, to],
  'rclone copy': (from: string, to: string): readonly string[] => ['rclone', 'copy', from, to],
} as const;

const OPTIONS = { runs: '5', scale: '0.2' };

async function main({ scratch, values, keep }: BenchRun<keyof typeof OPTIONS>): Promise<void> {
  const of = { runs: Number(values.runs), scale: Number(values.scale) };
  const input = scratch.directory('input');
  await generateInput(inputSpec('T4', { scale: of.scale, seed: 1 }), input, scratch);
  const home = scratch.directory('home');
  const site: Site = { input, home, target: home, backupNumber: 0, isSparse: false };
  const { prepare, save, repository } = TOOLS.holdfast;
  const prepared = prepare?.(site);
  if (prepared !== undefined) await start({ ...prepared, signal: scratch.signal }).ended;
  const saved = save(site);
  await start({ ...saved, signal: scratch.signal }).ended;
  const vault = join(home, repository);
  const vaultBytes = sizeOfTree(vault);
  const programs = Object.keys(PROGRAMS) as Program[];
  const measured: Measured[] = [];
  for (let run = 1; run <= of.runs; run++) {
    for (const [at] of programs.entries()) {
      const program = programs[(at + run - 1) % programs.length] ?? 'rsync -a';
      const to = scratch.directory('to');
      for (const act of ['first', 'again'] as const) {
        await warmCache(vault, scratch.signal);
        const { env } = saved;
        const command: Command = {
          argv: PROGRAMS[program](vault, join(to, 'vault')),
          ...(env && { env }),
        };
        const cost = await measure({ command, syncPath: to }, scratch);
        measured.push({ ...cost, program, act, run });
        say(`${run} ${program}, ${act}: ${cost.wallS.toFixed(2)} s, CPU ${cost.cpuS.toFixed(2)} s`);
      }
      await scratch.remove(to);
    }
  }
  const machine = describeMachine(scratch.root);
  const medians = mediansOf(measured);
  keep('copy', { machine, options: { ...of, vaultBytes }, medians, runs: measured });
}

function mediansOf(measured: readonly Measured[]): readonly object[] {
  const rows = (['first', 'again'] as const).flatMap((act) =>
    (Object.keys(PROGRAMS) as Program[]).map((program) => {
      const own = measured.filter((each) => each.act === act && each.program === program);
      const of = (figure: (cost: Cost) => number): number => median(own.map(figure));
      return { act, program, wallS: of(({ wallS }) => wallS), cpuS: of(({ cpuS }) => cpuS) };
    }),
  );
  for (const { act, program, wallS, cpuS } of rows) {
    say(`median ${act}, ${program}: ${wallS.toFixed(2)} s, CPU ${cpuS.toFixed(2)} s`);
  }
  return rows;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
