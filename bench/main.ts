import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCampaign } from './harness.ts';
import { INPUT_NAMES, type InputName, type InputSpec, inputSpec } from './inputs.ts';
import { describeMachine } from './machine.ts';
import { Scratch } from './scratch.ts';
import { formatSummary, judge, type Run, summarise } from './summary.ts';
import { HOLDFAST, TOOL_NAMES, TOOLS, type ToolName, versionOf } from './tools.ts';

const HELP = `npm run bench -- [options]

  --input T1,T3        inputs, of ${INPUT_NAMES.join(', ')} (default T1)
  --tools a,b          of ${TOOL_NAMES.join(', ')} (default all)
  --runs N             runs; figures are medians (default 5)
  --scale X            share of the files of the input (default 1)
  --seed N             of all chance (default 1)
  --no-change          leave out the backup after a change of 1 %
  --no-settle          do not wait until the input is a minute old (tests)
  --scratch DIR        where everything is made and removed again (default $TMPDIR, else /var/tmp)
  --results DIR        where the result is kept (default bench/results)

Example: npm run bench -- --input T1 --runs 1 --scale 0.01
Restores go to a fresh ext4, which needs root; without, to a fresh directory, and the result says so.
`;

/** Input, repository and a restored copy exist at one time, and a file system has its own needs. */
const DISK_FACTOR = 3.5;

/** Above this share of the wall time, what others did is printed beside a figure. */
const DISTURBED_SHARE = 0.2;

interface Request {
  readonly inputs: readonly InputName[];
  readonly tools: readonly ToolName[];
  readonly runCount: number;
  readonly scale: number;
  readonly seed: number;
  readonly withChange: boolean;
  readonly settles: boolean;
  readonly scratchBelow: string;
  readonly results: string;
}

async function main(): Promise<void> {
  const request = parseRequest(process.argv.slice(2));
  if (request === undefined) {
    process.stdout.write(HELP);
    return;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  const scratch = new Scratch({ below: request.scratchBelow, signal: stop.signal });
  try {
    for (const input of request.inputs) await runInput(input, request, scratch);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    complain('stopped', 130);
  } finally {
    scratch.clear();
  }
}

async function runInput(name: InputName, request: Request, scratch: Scratch): Promise<void> {
  const spec = inputSpec(name, request);
  const versions = installedVersions(request.tools);
  const tools = request.tools.filter((tool) => versions[tool] !== undefined);
  requireSpace(spec, scratch);
  say(`${name}: ${spec.title}; scale ${request.scale}, seed ${request.seed}`);
  const runs: Run[] = [];
  const onRun = (run: Run): void => {
    runs.push(run);
    const isDisturbed = run.othersCpuS > DISTURBED_SHARE * run.wallS;
    const others = isDisturbed ? `  (others: ${run.othersCpuS.toFixed(1)} s CPU)` : '';
    const figures = `${run.wallS.toFixed(2)} s wall, ${run.cpuS.toFixed(1)} s CPU`;
    say(`  run ${run.run} ${run.tool} ${run.act}: ${figures}${others}`);
  };
  const generated = await runCampaign({ ...request, spec, tools, onRun }, scratch);
  const rows = summarise(runs);
  const goals = judge(rows, name);
  say(`\ninput digest ${generated.digest}\n\n${formatSummary(rows, goals)}\n`);
  const { title, tree, seed } = spec;
  const { scale } = request;
  const date = new Date().toISOString();
  const result = {
    format: 1,
    date,
    input: { name, title, scale, seed, fileCount: tree.fileCount, ...generated },
    runCount: request.runCount,
    machine: describeMachine(scratch.root),
    freshFileSystem: scratch.freshKind,
    holdfastForm: process.env.HOLDFAST_SHIPPED === '' ? 'checkout' : 'shipped',
    versions,
    medians: rows,
    goals,
    runs,
  };
  mkdirSync(request.results, { recursive: true });
  const file = join(request.results, `${date.slice(0, 10)}-${name}.json`);
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  say(`kept as ${file}`);
}

/** Names what is not there; a comparison that silently lost a column would flatter. */
function installedVersions(tools: readonly ToolName[]): Partial<Record<ToolName, string>> {
  const found: Partial<Record<ToolName, string>> = {};
  for (const name of tools) {
    const version = versionOf(TOOLS[name]);
    if (version === undefined && name === 'holdfast' && existsSync(HOLDFAST)) {
      throw new Error('bin/holdfast does not start: run `npm run build`, or set HOLDFAST_SHIPPED=');
    }
    if (version === undefined) say(`note: ${name} is not there and is left out`);
    else found[name] = version;
  }
  return found;
}

function requireSpace(spec: InputSpec, scratch: Scratch): void {
  const { fileCount, sizeMedianBytes, sizeSpread } = spec.tree;
  const treeBytes = fileCount * (sizeMedianBytes * Math.exp(sizeSpread ** 2 / 2) + 4096);
  const neededBytes = DISK_FACTOR * Math.max(treeBytes, spec.imageSizeBytes ?? 0);
  if (scratch.freeBytes >= neededBytes) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const free = gigabytes(scratch.freeBytes);
  throw new Error(`${spec.name} needs ${gigabytes(neededBytes)}, free are ${free}: use --scratch`);
}

function parseRequest(args: string[]): Request | undefined {
  const { values } = parseArgs({
    args,
    options: {
      input: { type: 'string', default: 'T1' },
      tools: { type: 'string', default: TOOL_NAMES.join(',') },
      runs: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      'no-change': { type: 'boolean', default: false },
      'no-settle': { type: 'boolean', default: false },
      scratch: { type: 'string', default: defaultScratch() },
      results: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    inputs: namesIn(values.input, INPUT_NAMES),
    tools: namesIn(values.tools, TOOL_NAMES),
    runCount: Math.max(1, Math.round(positive(values.runs))),
    scale: positive(values.scale),
    seed: positive(values.seed),
    withChange: !values['no-change'],
    settles: !values['no-settle'],
    scratchBelow: values.scratch,
    results: values.results,
  };
}

function namesIn<T extends string>(list: string, known: readonly T[]): T[] {
  return list.split(',').map((word) => {
    const name = known.find((candidate) => candidate === word);
    if (name === undefined) throw new Error(`"${word}" is none of ${known.join(', ')}`);
    return name;
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`"${text}" is not a positive number`);
}

function defaultScratch(): string {
  // Not /tmp, which is often memory.
  return process.env.TMPDIR ?? '/var/tmp';
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(message: string, exitCode: number): void {
  process.stderr.write(`bench: ${message}\n`);
  process.exitCode = exitCode;
}

await main().catch((error: unknown) => {
  complain(error instanceof Error ? error.message : String(error), 1);
});
