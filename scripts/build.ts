// The published form (`npm run build`): dist/ has the folders of src/, as JavaScript. Run it with
// HOLDFAST_SHIPPED=1 bin/holdfast.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

const ROOT = path.dirname(import.meta.dirname);
const SOURCE = path.join(ROOT, 'src');
const TARGET = path.join(ROOT, 'dist');

/** tsc rewrites imports, but not the file of `new Worker(new URL('./x.ts', import.meta.url))`. */
const FILE_URL = /(new URL\(\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g;
const LEFT_OVER = /['"]\.{1,2}\/[^'"\s]+\.ts['"]/;

function compile(): boolean {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '--project', path.join(ROOT, 'tsconfig.build.json')];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

/** What is loaded by its path and is no TypeScript, such as the rescue reader. */
function copyOthers(): void {
  for (const file of fs.globSync('**/*', { cwd: SOURCE })) {
    const from = path.join(SOURCE, file);
    if (!fs.statSync(from).isFile() || file.endsWith('.ts')) continue;
    fs.mkdirSync(path.dirname(path.join(TARGET, file)), { recursive: true });
    fs.copyFileSync(from, path.join(TARGET, file));
  }
}

/** @returns files that still name a `.ts` file and would not find it */
function rewriteUrls(): readonly string[] {
  const broken: string[] = [];
  for (const file of fs.globSync('**/*.js', { cwd: TARGET })) {
    const at = path.join(TARGET, file);
    const old = fs.readFileSync(at, 'utf8');
    const text = old.replaceAll(FILE_URL, '$1.js$2');
    if (text !== old) fs.writeFileSync(at, text);
    if (LEFT_OVER.test(text)) broken.push(file);
  }
  return broken;
}

fs.rmSync(TARGET, { recursive: true, force: true });
const isCompiled = compile();
if (isCompiled) copyOthers();
const broken = isCompiled ? rewriteUrls() : [];
for (const file of broken) {
  process.stderr.write(
    `build: dist/${file} names a .ts file in a way that build.ts does not know\n`,
  );
}
if (!isCompiled || broken.length > 0) process.exitCode = 1;
else process.stdout.write('build: dist/ is ready (HOLDFAST_SHIPPED=1 bin/holdfast)\n');
