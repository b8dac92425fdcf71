/** What the benchmarks beside the comparisons have in common: options, one scratch directory, a kept result. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Scratch } from './scratch.ts';

const HELP = `  --scratch DIR   where everything is made and removed again (default $TMPDIR, else /var/tmp)
  --no-keep       keep no result
`;

export interface BenchRun<Name extends string> {
  readonly scratch: Scratch;
  readonly values: Readonly<Record<Name, string>>;
  /** What is no option. */
  readonly parts: readonly string[];
  /** Where it is wanted: as `bench/results/DAY-NAME.json`. */
  readonly keep: (name: string, result: object) => void;
}

/** @param options with their defaults; each takes a value */
export async function runBench<Name extends string>(
  { help, options }: { readonly help: string; readonly options: Readonly<Record<Name, string>> },
  work: (run: BenchRun<Name>) => Promise<void> | void,
): Promise<void> {
  const own = Object.entries<string>(options).map(([name, value]) => {
    return [name, { type: 'string', default: value }] as const;
  });
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...Object.fromEntries(own),
      scratch: { type: 'string', default: process.env.TMPDIR ?? '/var/tmp' },
      'no-keep': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help.replace('{common}\n', HELP));
    return;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const scratch = new Scratch({ below: values.scratch, signal: stop.signal });
  try {
    await work({
      ...{ scratch, parts: positionals, values: values as unknown as Record<Name, string> },
      keep: (name, result) => {
        if (!values['no-keep']) kept(name, result);
      },
    });
  } finally {
    scratch.clear();
  }
}

function kept(name: string, result: object): void {
  const dir = fileURLToPath(new URL('results', import.meta.url));
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${new Date().toISOString().slice(0, 10)}-${name}.json`);
  // Beside the other parts of the same day.
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  writeFileSync(file, `${JSON.stringify({ ...before, ...result }, undefined, 2)}\n`);
  process.stdout.write(`kept as ${file}\n`);
}
