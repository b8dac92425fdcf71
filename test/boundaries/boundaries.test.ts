// Goal: no rule about who may import, call or know what has quietly stopped matching.
// Method: one violation of each rule is planted in a copy of the configuration in miniature; each
// must be reported, by its rule, in its file, and the innocent files beside it must not.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { type Overlay, overlayOf } from './overlay.ts';

const require = createRequire(import.meta.url);

const importing = (target: string): string => `import '${target}';\n`;

/** For each rule of dependency-cruiser, files that break it, and the file that makes them do. */
const IMPORTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'base-imports-nothing-above': { 'src/base/up.ts': importing('../host/clock.ts') },
  'host-imports-nothing-above': { 'src/host/up.ts': importing('../manifest/core/page.ts') },
  'manifest-imports-nothing-above': { 'src/manifest/up.ts': importing('../vault/core/group.ts') },
  'vault-imports-nothing-above': { 'src/vault/up.ts': importing('../recover/core/drill.ts') },
  'middle-imports-nothing-above': { 'src/watch/up.ts': importing('../wire/answer.ts') },
  'wire-imports-nothing-above': { 'src/wire/up.ts': importing('../main/cli/main.ts') },
  'web-imports-nothing-above': { 'src/web/up.ts': importing('../adapters/node/disk.ts') },
  'web-imports-what-is-pure': {
    'src/web/wire.ts': importing('../wire/answer.ts'),
    'src/web/shell.ts': importing('../vault/shell/take.ts'),
    'src/web/package.ts': importing('zod'),
  },
  'adapters-imports-nothing-above': {
    'src/adapters/node/up.ts': importing('../../main/cli/main.ts'),
  },
  'middle-parts-are-strangers': { 'src/recover/aside.ts': importing('../watch/core/look.ts') },
  'core-imports-core-base-host': {
    'src/vault/core/shell.ts': importing('../shell/take.ts'),
    'src/vault/core/node.ts': importing('node:fs'),
    'src/vault/core/package.ts': importing('zod'),
  },
  'base-imports-nothing': { 'src/base/package.ts': importing('zod') },
  'host-is-interfaces': { 'src/host/package.ts': importing('zod') },
  'node-only-in-adapters': {
    'src/vault/shell/node.ts': importing('node:fs'),
    'src/tell/bare.ts': importing('fs'),
    'src/wire/type-only.ts': "import type { Stats } from 'node:fs';\nexport type S = Stats;\n",
    'src/guard/dynamic.ts': "export const load = () => import('node:child_process');\n",
  },
  'packages-that-act-only-in-adapters': { 'src/truth/sql.ts': importing('better-sqlite3') },
  'adapters-only-from-main': {
    'src/vault/shell/adapter.ts': importing('../../adapters/node/disk.ts'),
  },
  'no-cycles': { 'src/manifest/core/egg.ts': importing('./hen.ts') },
  'product-knows-no-tests': {
    'src/main/sim.ts': importing('../../sim/world.ts'),
    'src/main/test.ts': importing('../base/bytes.test.ts'),
  },
  'product-needs-no-dev-packages': { 'src/main/dev.ts': importing('fast-check') },
  'rescue-stands-alone': {
    'rescue/shared.mjs': importing('../src/base/bytes.ts'),
    'rescue/package.mjs': importing('zod'),
  },
  'imports-resolve': { 'src/main/nowhere.ts': importing('./gone.ts') },
};

/** The other half of the cycle, which is reported once. */
const HEN = { 'src/manifest/core/hen.ts': importing('./egg.ts') };

/** What stands in the house as it should; no tool may object. */
const INNOCENT: Readonly<Record<string, string>> = {
  'src/base/bytes.ts': 'export const size = 1;\n',
  'src/base/bytes.test.ts': importing('node:test'),
  'src/host/clock.ts':
    "import { size } from '../base/bytes.ts';\n\nexport type Size = typeof size;\n",
  'src/manifest/core/page.ts': importing('../../host/clock.ts'),
  'src/vault/core/group.ts': importing('../../manifest/core/page.ts'),
  'src/vault/shell/take.ts': importing('../core/group.ts'),
  'src/vault/shell/take.test.ts': importing('../../adapters/node/disk.ts'),
  'src/recover/core/drill.ts': importing('../../vault/core/group.ts'),
  'src/watch/core/look.ts': importing('../../base/bytes.ts'),
  'src/wire/answer.ts': importing('zod'),
  'src/web/page.ts': importing('../watch/core/look.ts'),
  'src/adapters/node/disk.ts': importing('node:fs'),
  'src/main/cli/main.ts': importing('../../adapters/node/disk.ts'),
  'rescue/rescue.mjs': importing('node:fs'),
  'sim/world.ts': importing('../src/vault/shell/take.ts'),
};

/** Lines that a core must not compile, or that lint must refuse there. */
const IMPURE: Readonly<Record<string, string>> = {
  'src/base/process.ts': 'export const pid = process.pid;\n',
  'src/host/console.ts': "export const say = () => console.log('x');\n",
  'src/vault/core/buffer.ts': "export const bytes = Buffer.from('x');\n",
  'src/vault/core/fetch.ts': "export const got = fetch('x');\n",
  'src/vault/core/node.ts': "import 'node:fs';\nexport type { Stats } from 'node:fs';\n",
  'src/vault/core/timer.ts': 'export const timer = setTimeout(() => undefined, 1);\n',
  'src/web/read.ts': "import 'node:fs';\nexport type { Stats } from 'node:fs';\n",
  'src/vault/core/crypto.ts': 'export const id = crypto.randomUUID();\n',
};

const LINTED: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['no-restricted-globals', 'src/vault/core/date.ts', 'export const at = new Date();\n'],
  ['no-restricted-properties', 'src/vault/core/dice.ts', 'export const roll = Math.random();\n'],
  ['no-restricted-globals', 'src/base/date.ts', 'export const at = Date.now();\n'],
  ['no-restricted-globals', 'src/web/date.ts', 'export const at = new Date();\n'],
  ['no-restricted-syntax', 'src/web/later.ts', 'export async function later() {}\n'],
  ['no-restricted-syntax', 'src/vault/core/later.ts', 'export async function later() {}\n'],
  ['no-restricted-syntax', 'src/vault/core/soon.ts', 'export type Soon = Promise<void>;\n'],
  [
    '@typescript-eslint/no-floating-promises',
    'src/vault/shell/float.ts',
    'const act = async () => undefined;\nact();\n',
  ],
  [
    '@typescript-eslint/no-misused-promises',
    'src/vault/shell/misuse.ts',
    'const act = async () => true;\nif (act()) void 0;\n',
  ],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    'src/vault/shell/switch.ts',
    "export function f(kind: 'a' | 'b'): void {\n  switch (kind) {\n    case 'a':\n  }\n}\n",
  ],
  ['@typescript-eslint/only-throw-error', 'src/vault/shell/throw.ts', "throw 'text';\n"],
  [
    '@typescript-eslint/return-await',
    'src/vault/shell/return.ts',
    'const act = async () => 1;\nexport async function f() {\n  try {\n    return act();\n' +
      '  } catch {\n    return 2;\n  }\n}\n',
  ],
  ['@typescript-eslint/no-explicit-any', 'src/vault/shell/any.ts', 'export const at: any = 1;\n'],
  [
    '@typescript-eslint/no-non-null-assertion',
    'src/vault/shell/bang.ts',
    'export const f = (at: string | undefined) => at!;\n',
  ],
  [
    '@typescript-eslint/no-unnecessary-condition',
    'src/vault/shell/always.ts',
    "export const f = (at: string) => at ?? 'x';\n",
  ],
  [
    'max-lines-per-function',
    'src/vault/shell/long.ts',
    `export function long(): void {\n${'  void 0;\n'.repeat(70)}}\n`,
  ],
  [
    '@typescript-eslint/max-params',
    'src/vault/shell/many.ts',
    'export const f = (a: 1, b: 2, c: 3, d: 4) => [a, b, c, d];\n',
  ],
];

/** Lines that the same rules must let pass, where they are right. */
const UNLINTED: Readonly<Record<string, string>> = {
  'src/adapters/node/clock.ts': 'export const now = () => Date.now();\n',
  'src/host/later.ts': 'export type Later = () => Promise<void>;\n',
  'src/vault/core/date.test.ts':
    "import { test } from 'node:test';\n\ntest('at', async () => {\n  await Promise.resolve(Date.now());\n});\n",
  'src/vault/core/math.ts': 'export const half = Math.floor(0.5);\n',
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

interface LintedFile {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

let overlay: Overlay;
before(() => {
  const planted = Object.fromEntries(Object.values(IMPORTS).flatMap(Object.entries<string>));
  const linted = Object.fromEntries(LINTED.map(([, file, text]) => [file, text]));
  const unused = { 'src/base/unused.ts': 'export const lonely = 1;\n' };
  overlay = overlayOf({
    ...INNOCENT,
    ...HEN,
    ...planted,
    ...IMPURE,
    ...linted,
    ...UNLINTED,
    ...unused,
  });
});
after(() => overlay.remove());

test('every import rule has its violation planted', () => {
  const config = require('../../.dependency-cruiser.cjs') as {
    readonly forbidden: readonly { readonly name: string }[];
  };
  const names = config.forbidden.map((rule) => rule.name).sort();
  assert.deepEqual(Object.keys(IMPORTS).sort(), names);
});

test('dependency-cruiser sees every forbidden import, and no other', () => {
  const said = overlay.run('depcruise', '--output-type=json', 'src', 'sim', 'rescue');
  const { summary } = JSON.parse(said) as { summary: { violations: readonly Violation[] } };
  const seen = new Set(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`));
  for (const [rule, files] of Object.entries(IMPORTS)) {
    for (const file of Object.keys(files)) {
      assert.ok(seen.has(`${rule}: ${file}`), `${rule} does not see ${file}`);
    }
  }
  const accused = summary.violations.filter(({ from }) => from in INNOCENT);
  assert.deepEqual(accused, []);
});

test('the compiler refuses everything impure in a core', () => {
  const said = overlay.run('tsc', '--project', 'tsconfig.core.json', '--incremental', 'false');
  for (const file of Object.keys(IMPURE)) assert.match(said, new RegExp(`^${file}\\(`, 'm'));
  for (const file of ['src/vault/core/group.ts', 'src/host/clock.ts', 'src/vault/core/math.ts']) {
    assert.doesNotMatch(said, new RegExp(`^${file}\\(`, 'm'));
  }
});

test('the compiler holds the strictness that the code relies on', () => {
  const strict = overlayOf({
    'src/a.ts': 'export const first = (all: string[]): string => all[0];\n',
    'src/b.ts': 'export const at: { x?: number } = { x: undefined };\n',
    'src/c.ts': 'export enum Kind {\n  A,\n}\n',
    'src/d.ts':
      "import { PathLike } from 'node:fs';\nexport const f = (at: PathLike): PathLike => at;\n",
    'src/e.ts': 'export const f = (at) => at;\n',
    'src/fine.ts': 'export const pid: number = process.pid;\n',
  });
  try {
    const said = strict.run('tsc', '--project', 'tsconfig.json', '--incremental', 'false');
    const files = [...said.matchAll(/^(src\/\w+\.ts)\(/gm)].map((match) => match[1]);
    assert.deepEqual(
      [...new Set(files)].sort(),
      ['a', 'b', 'c', 'd', 'e'].map((n) => `src/${n}.ts`),
    );
  } finally {
    strict.remove();
  }
});

test('eslint sees each rule broken, where the rule is meant to hold', () => {
  const said = overlay.run('eslint', '--format=json', 'src');
  const results = JSON.parse(said) as readonly LintedFile[];
  const messagesOf = (file: string): readonly string[] =>
    results
      .filter((result) => result.filePath.endsWith(`/${file}`))
      .flatMap((result) => result.messages.map(({ ruleId, message }) => ruleId ?? message));
  for (const [rule, file] of LINTED) {
    assert.ok(messagesOf(file).includes(rule), `${rule} does not see ${file}: ${messagesOf(file)}`);
  }
  for (const file of Object.keys({ ...INNOCENT, ...UNLINTED })) {
    assert.deepEqual(messagesOf(file), [], file);
  }
});

test('knip sees what nobody uses', () => {
  const said = overlay.run(
    'knip',
    '--no-progress',
    '--include',
    'files,exports',
    '--no-config-hints',
  );
  assert.match(said, /src\/base\/unused\.ts/);
  assert.doesNotMatch(said, /src\/adapters\/node\/disk\.ts/);
});

test('biome sees a layout that is not ours', () => {
  const layout = overlayOf({
    'src/wide.ts': 'export const  text = "x"\n',
    'src/fine.ts': "export const text = 'x';\n",
  });
  try {
    const said = layout.run('biome', 'format', '--colors=off', '--reporter=json', 'src');
    assert.match(said, /src\/wide\.ts/);
    assert.doesNotMatch(said, /src\/fine\.ts/);
  } finally {
    layout.remove();
  }
});
