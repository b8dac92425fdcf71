// Goal: what stays in memory on every host for months reaches at most five npm packages, those that
// they depend on counted. Method: from the agent's entry along every import, also dynamic ones,
// `require` and files started as children; packages then along their package.json. A planted import
// shows that the walk sees one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

const ROOT = path.join(import.meta.dirname, '../..');
const ENTRY = path.join(ROOT, 'src/main/agent/entry.ts');
const PACKAGES_MAX = 5;
/** An agent that loads one of these has become something else. */
const NEVER = ['fastify', 'nodemailer', 'better-sqlite3', 'kysely', 'commander', 'prom-client'];

interface Reached {
  readonly files: ReadonlySet<string>;
  /** With the file that brought it. */
  readonly packages: ReadonlyMap<string, string>;
}

function reachedFrom(entry: string, textOf: (file: string) => string): Reached {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const target of importsOf(file, textOf(file))) {
      if (target.startsWith('.')) {
        const found = path.resolve(path.dirname(file), target);
        if (fs.existsSync(found) && found.endsWith('.ts')) waiting.push(found);
      } else if (!isBuiltin(target)) packages.set(packageOf(target), path.relative(ROOT, file));
    }
  }
  for (const name of packages.keys()) {
    for (const needed of dependenciesOf(name)) {
      if (!packages.has(needed)) packages.set(needed, `node_modules/${name}`);
    }
  }
  return { files, packages };
}

/** What is imported for its types alone is gone when it runs. */
function importsOf(file: string, text: string): readonly string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const isType = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      const target = node.moduleSpecifier;
      if (!isType && target !== undefined && ts.isStringLiteral(target)) found.push(target.text);
      return;
    }
    if (ts.isCallExpression(node) && isLoad(node.expression)) {
      const [target] = node.arguments;
      if (target !== undefined && ts.isStringLiteral(target)) found.push(target.text);
    }
    // A file that is started as a child or as a thread.
    if (ts.isStringLiteral(node) && /^\.{1,2}\/.*\.ts$/.test(node.text)) found.push(node.text);
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

/** `import(..)`, `require(..)`, `createRequire(..)(..)`. */
function isLoad(callee: ts.Expression): boolean {
  if (ts.isCallExpression(callee)) return isLoad(callee.expression);
  const isNamed = ts.isIdentifier(callee) && /require/i.test(callee.text);
  return isNamed || callee.kind === ts.SyntaxKind.ImportKeyword;
}

function isBuiltin(target: string): boolean {
  return target.startsWith('node:') || builtinModules.includes(target);
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Those that are installed: of a native package the one for this machine. */
function dependenciesOf(name: string): readonly string[] {
  const folder = path.join(ROOT, 'node_modules', name);
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  const all = Object.keys({ ...dependencies, ...optionalDependencies });
  return all.filter((each) => fs.existsSync(path.join(ROOT, 'node_modules', each)));
}

test(`the agent reaches at most ${PACKAGES_MAX} packages`, (t) => {
  const { files, packages } = reachedFrom(ENTRY, (file) => fs.readFileSync(file, 'utf8'));
  const list = [...packages].map(([name, by]) => `${name} (${by})`).sort();
  t.diagnostic(`${files.size} files, ${packages.size} packages: ${list.join(', ')}`);
  assert.ok(files.size > 50, 'liveness: the walk went somewhere');
  assert.ok(packages.has('zod') && packages.has('yaml'), 'liveness: it sees packages');
  assert.ok(packages.size <= PACKAGES_MAX, list.join('\n'));
  for (const name of NEVER) assert.ok(!packages.has(name), `${name} by ${packages.get(name)}`);
});

test('the walk sees what is imported anywhere, in any way', () => {
  const planted = path.join(ROOT, 'src/adapters/agent-spool/numbers.ts');
  const ways = [
    "import 'fastify';\n",
    "export * from 'fastify';\n",
    "export const f = () => import('fastify');\n",
    "const f = requireHere('fastify');\n",
    "const f = createRequire(import.meta.url)('fastify');\n",
    "const child = new URL('../http/https-server.ts', import.meta.url);\n",
  ];
  for (const way of ways) {
    const { packages } = reachedFrom(ENTRY, (file) => {
      const text = fs.readFileSync(file, 'utf8');
      return file === planted ? text + way : text;
    });
    assert.ok(packages.has('fastify'), way);
    assert.ok(packages.size > PACKAGES_MAX, 'what it depends on is counted');
  }
});
