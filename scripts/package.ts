// What is delivered (`npm run package`): packages/ gets a tarball, a .deb and an .rpm with Node inside,
// and SHA256SUMS. The same commit gives the same bytes.
// `npm run package -- --only=tarball,deb --out=DIRECTORY --no-build --quick` does a part of it; quick: packed
// with little effort.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeDeb, makeRpm, makeTarball } from './package/archives.ts';
import { floorsOf, GLIBC_FLOOR, isNewer } from './package/glibc.ts';
import { type Release, ROOT, run, settle, stage } from './package/stage.ts';

const FORMS = ['tarball', 'deb', 'rpm'] as const;
type Form = (typeof FORMS)[number];

const say = (line: string): boolean => process.stdout.write(`package: ${line}\n`);

function optionOf(name: string): string | undefined {
  const given = process.argv.find((word) => word.startsWith(`--${name}=`));
  return given?.slice(name.length + 3);
}

function releaseHere(): Release {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const given = process.env.SOURCE_DATE_EPOCH ?? '';
  const epoch = given === '' ? run('git', ['-C', ROOT, 'log', '-1', '--format=%ct']) : given;
  return { version, arch: process.arch, epochS: Number(epoch) };
}

/** In PATH, or nowhere. */
function programNamed(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
}

/** @throws where what is staged would not run on the oldest system that it is for */
function demandFloor(top: string): void {
  for (const { file, glibc, isKnown } of floorsOf(top)) {
    if (!isNewer(glibc, GLIBC_FLOOR)) continue;
    if (!isKnown) throw new Error(`${file} needs glibc ${glibc}; the floor is ${GLIBC_FLOOR}`);
    say(`${file} needs glibc ${glibc}: the server and the ledger want it, the agent does not`);
  }
}

/** @throws where it does not start */
function demandStarts(top: string, { version }: Release): void {
  const said = run(path.join(top, 'bin/holdfast'), ['--version']).trim();
  if (said !== `holdfast ${version}`) throw new Error(`what was staged calls itself ${said}`);
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  // A file too few of these would only show as something that is quietly not kept.
  const each = `for (const name of ${JSON.stringify(Object.keys(dependencies))}) await import(name);`;
  const load = path.join(top, 'load.mjs');
  const database = `import Database from 'better-sqlite3'; new Database(':memory:').close();`;
  fs.writeFileSync(load, `${each}\n${database}\n`);
  run(path.join(top, 'bin/node'), [load]);
  fs.unlinkSync(load);
}

function makeOne(form: Form, made: Parameters<typeof makeDeb>[0]): string | undefined {
  if (form === 'tarball') return makeTarball(made);
  const needed = form === 'deb' ? 'dpkg-deb' : 'rpmbuild';
  const program = programNamed(needed);
  if (program === undefined) {
    say(`${form}: skipped, ${needed} is not installed (Debian: apt install dpkg rpm)`);
    return undefined;
  }
  return form === 'deb' ? makeDeb(made) : makeRpm(made, program);
}

function main(): void {
  const only = optionOf('only')?.split(',') ?? [...FORMS];
  const isQuick = process.argv.includes('--quick');
  const out = path.resolve(optionOf('out') ?? path.join(ROOT, 'packages'));
  if (!process.argv.includes('--no-build')) {
    run(process.execPath, [path.join(ROOT, 'scripts/build.ts')]);
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-package-'));
  try {
    const release = releaseHere();
    const top = stage(scratch, release);
    demandFloor(top);
    demandStarts(top, release);
    settle(top, release.epochS);
    fs.mkdirSync(out, { recursive: true });
    const sums: string[] = [];
    for (const form of FORMS.filter((each) => only.includes(each))) {
      const file = makeOne(form, { top, out, release, isQuick });
      if (file === undefined) continue;
      const digest = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
      sums.push(`${digest}  ${path.basename(file)}\n`);
      say(`${file} (${Math.round(fs.statSync(file).size / 1e6)} MB)`);
    }
    fs.writeFileSync(path.join(out, 'SHA256SUMS'), sums.join(''));
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}

main();
