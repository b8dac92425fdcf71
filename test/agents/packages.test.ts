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
  /** Files that load what no reader can tell, or what no walk follows. */
  readonly unknown: ReadonlySet<string>;
  /** With the file that brought it. */
  readonly packages: ReadonlyMap<string, string>;
}

function reachedFrom(entry: string, textOf: (file: string) => string): Reached {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const unknown = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const target of importsOf(file, textOf(file))) {
      if (target === undefined) unknown.add(path.relative(ROOT, file));
      else if (/^[./]/.test(target)) {
        const found = path.resolve(path.dirname(file), target);
        if (fs.existsSync(found) && found.endsWith('.ts')) waiting.push(found);
        // JavaScript, or something native, that nobody reads.
        else if (/\.(?:[cm]?js|json|node|wasm)$/.test(target))
          unknown.add(path.relative(ROOT, file));
      } else if (!isBuiltin(target)) packages.set(packageOf(target), path.relative(ROOT, file));
    }
  }
  for (const name of packages.keys()) {
    for (const needed of dependenciesOf(name)) {
      if (!packages.has(needed)) packages.set(needed, `node_modules/${name}`);
    }
  }
  return { files, packages, unknown };
}

/** What is imported for its types alone is gone when it runs. Undefined: a name that is put together. */
function importsOf(file: string, text: string): readonly (string | undefined)[] {
  const found: (string | undefined)[] = [];
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
      const isPlain = target !== undefined && ts.isStringLiteralLike(target);
      // Of a function that makes a `require` the argument is where it stands.
      if (isPlain) found.push(target.text);
      else if (!isMaker(node.expression)) found.push(undefined);
    }
    if (ts.isIdentifier(node) && LOADERS.has(node.text)) found.push(undefined);
    // Under another name its calls would look like any others.
    if (ts.isVariableDeclaration(node) && isRenamed(node)) found.push(undefined);
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

/** Other ways to load code, of which none is wanted here. */
const LOADERS: ReadonlySet<string> = new Set([
  'dlopen',
  'compileFunction',
  'runInThisContext',
  'eval',
]);

function isRenamed({ name, initializer }: ts.VariableDeclaration): boolean {
  if (initializer === undefined || (ts.isIdentifier(name) && /require/i.test(name.text)))
    return false;
  const made = ts.isCallExpression(initializer) ? initializer.expression : initializer;
  return ts.isIdentifier(made) && /^(?:require|createRequire)$/.test(made.text);
}

function isMaker(callee: ts.Expression): boolean {
  return ts.isIdentifier(callee) && callee.text === 'createRequire';
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
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
  } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const all = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const isThere = (each: string): boolean =>
    fs.existsSync(path.join(ROOT, 'node_modules', each)) ||
    fs.existsSync(path.join(folder, 'node_modules', each));
  return all.filter(isThere);
}

test(`the agent reaches at most ${PACKAGES_MAX} packages`, (t) => {
  const { files, packages, unknown } = reachedFrom(ENTRY, (file) => fs.readFileSync(file, 'utf8'));
  const list = [...packages].map(([name, by]) => `${name} (${by})`).sort();
  t.diagnostic(`${files.size} files, ${packages.size} packages: ${list.join(', ')}`);
  assert.ok(files.size > 50, 'liveness: the walk went somewhere');
  assert.ok(packages.has('zod') && packages.has('yaml'), 'liveness: it sees packages');
  assert.ok(packages.size <= PACKAGES_MAX, list.join('\n'));
  assert.deepEqual([...unknown].sort(), []);
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

test('what no reader can tell is not let pass', () => {
  const planted = path.join(ROOT, 'src/adapters/agent-spool/numbers.ts');
  const ways = [
    "const name = 'fast' + 'ify'; await import(name);\n",
    'await import(`fast$' + '{1}ify`);\n',
    'const f = requireHere(name);\n',
    "const f = createRequire(import.meta.url)(['fastify'].join(''));\n",
    "import '../../../node_modules/fastify/fastify.js';\n",
    "import native from '/opt/x/native.node';\n",
    "process.dlopen(module, 'x');\n",
    "const load = createRequire(import.meta.url); load('fastify');\n",
    "const load = require; load('fastify');\n",
  ];
  for (const way of ways) {
    const { unknown } = reachedFrom(ENTRY, (file) => {
      const text = fs.readFileSync(file, 'utf8');
      return file === planted ? text + way : text;
    });
    assert.ok(unknown.has(path.relative(ROOT, planted)), way);
  }
});
