// Goal: the rules of the house that no type can say hold in every file, and so do the documents.
// Method: each rule first finds what was planted for it, and spares what only looks like it; then
// all rules read the checkout.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withErrorsTable } from '../../scripts/errors-doc.ts';
import { deadLinksIn } from './links.ts';
import { findingsIn, LINES_MAX, RULES } from './rules.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const read = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8');

interface Dependencies {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const sources = ['src', 'rescue', 'test', 'sim', 'bench', 'scripts']
  .flatMap((folder) => fs.globSync(`${folder}/**/*.{ts,mjs}`, { cwd: ROOT }))
  .filter((file) => !/^test\/(?:golden|tidy|boundaries)\//.test(file));
const documents = [
  ...fs.globSync('*.md', { cwd: ROOT }),
  ...fs.globSync('{docs,bench,test,src,web}/**/*.md', { cwd: ROOT }),
];

for (const rule of RULES) {
  test(`rule ${rule.name} finds what is planted, and only that`, () => {
    const { plantedIn = 'src/vault/core/planted.ts' } = rule;
    const found = (line: string): boolean =>
      findingsIn(plantedIn, line).some((finding) => finding.rule === rule.name);
    assert.ok(rule.planted.length > 0, 'a rule without a planted violation proves nothing');
    for (const line of rule.planted) assert.ok(found(line), `not found: ${line}`);
    for (const line of rule.allowed) assert.ok(!found(line), `found, and is right: ${line}`);
  });
}

test('rules hold where they are said to hold', () => {
  const rulesIn = (file: string, line: string): readonly string[] =>
    findingsIn(file, line).map((finding) => finding.rule);
  assert.deepEqual(rulesIn('src/adapters/node/clock.ts', 'Date.now()'), []);
  assert.deepEqual(rulesIn('src/main/cli/main.ts', 'Date.now()'), ['clock']);
  assert.deepEqual(rulesIn('src/adapters/node/files.ts', 'fs.rmSync(at)'), ['removal']);
  assert.deepEqual(rulesIn('src/adapters/node/files.ts', 'fs.renameSync(a, b)'), []);
  assert.deepEqual(rulesIn('src/base/bytes.ts', 'raw as Digest'), []);
  assert.deepEqual(rulesIn('src/base/other.test.ts', "rmSync('/tmp/x')"), []);
});

test(`a file of more than ${LINES_MAX} lines is found`, () => {
  const text = 'x\n'.repeat(LINES_MAX);
  assert.deepEqual(findingsIn('src/base/long.ts', text), []);
  assert.equal(findingsIn('src/base/long.ts', `${text}x`)[0]?.rule, 'length');
  assert.deepEqual(findingsIn('docs/long.md', `${text}x`), []);
});

test('a link that leads nowhere is found', () => {
  const texts = new Map([
    ['docs/a.md', '# A\n## Two words, here\n'],
    ['docs', ''],
  ]);
  const targets = {
    exists: (at: string) => texts.has(at),
    textOf: (at: string) => texts.get(at) ?? '',
  };
  const dead = (text: string): readonly string[] =>
    deadLinksIn('docs/b.md', text, targets).map((link) => link.target);
  assert.deepEqual(
    dead('[a](a.md) [a](./a.md#two-words-here) [d](../docs) [w](https://x.org)'),
    [],
  );
  assert.deepEqual(dead('[b](c.md) and [r](../a.md)'), ['c.md', '../a.md']);
  assert.deepEqual(dead('[a](a.md#three)'), ['a.md#three']);
  assert.deepEqual(dead('`[b](c.md)` and\n```\n[b](c.md)\n```\n'), []);
  assert.deepEqual(dead('<img src="pic.svg">\n\n[x]: gone.md\n'), ['gone.md', 'pic.svg']);
});

test('the checkout keeps the rules', () => {
  assert.ok(sources.length > 0, 'no source was read');
  const instead = new Map(RULES.map((rule) => [rule.name, rule.instead]));
  const said = sources
    .flatMap((file) => findingsIn(file, read(file)))
    .map((f) => `${f.file}:${f.line} ${f.rule}: ${f.text} (use ${instead.get(f.rule) ?? 'parts'})`);
  assert.ok(said.length === 0, `\n${said.join('\n')}`);
});

test('every relative link of a document leads somewhere', () => {
  const targets = {
    exists: (at: string) => fs.existsSync(path.join(ROOT, at)),
    textOf: (at: string) => read(at),
  };
  const dead = documents.flatMap((file) => deadLinksIn(file, read(file), targets));
  const said = dead.map((link) => `${link.file}: ${link.target}`);
  assert.ok(said.length === 0, `\n${said.join('\n')}`);
});

test('package-lock.json holds every package that another one names', () => {
  // A registry that lacks packages for other systems makes npm leave them out of the list, and then
  // `npm ci` refuses the list on every machine.
  const { packages } = JSON.parse(read('package-lock.json')) as {
    readonly packages: Readonly<Record<string, Dependencies>>;
  };
  const absent = Object.entries(packages).flatMap(([at, needs]) =>
    Object.keys({ ...needs.dependencies, ...needs.optionalDependencies })
      .filter(
        (name) =>
          !(`node_modules/${name}` in packages) && !(`${at}/node_modules/${name}` in packages),
      )
      .map((name) => `${at} names ${name}`),
  );
  assert.deepEqual(absent, []);
});

test('docs/errors.md lists the catalogue, all of it and nothing else', () => {
  const text = read('docs/errors.md');
  assert.ok(text === withErrorsTable(text), 'run `npm run errors-doc`');
});
