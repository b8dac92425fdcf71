// Only what needs types, and what Biome cannot name. Everything else is Biome's, tsc's or tidy's.
import tseslint from 'typescript-eslint';

const CLOCK = 'Time comes in by the Clock port.';
const DICE = 'Chance comes in by the Random port.';

/** Errors that get lost, and types that lie. */
const typeAware = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true },
  ],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
};

const size = {
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  '@typescript-eslint/max-params': ['error', { max: 3 }],
};

/** The compiler keeps Node out of core; these two are in the language itself. */
const pureTime = {
  'no-restricted-globals': ['error', { name: 'Date', message: CLOCK }],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: DICE },
    { object: 'globalThis', property: 'Date', message: CLOCK },
  ],
};

const synchronous = {
  'no-restricted-syntax': [
    'error',
    { selector: ':function[async=true]', message: 'core is synchronous: data in, data out.' },
    { selector: 'AwaitExpression', message: 'core is synchronous: data in, data out.' },
    { selector: 'Identifier[name="Promise"]', message: 'core is synchronous: no Promise.' },
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.holdfast/', 'test/golden/', 'test/compat/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['{src,rescue,test,sim,bench,scripts}/**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: typeAware,
  },
  { files: ['src/**/*.ts'], ignores: ['**/*.test.ts'], rules: size },
  {
    // Fault's constructor: code, message, facts, and the options every Error takes.
    files: ['src/base/fault.ts'],
    rules: { '@typescript-eslint/max-params': ['error', { max: 4 }] },
  },
  {
    files: ['src/{base,host,web}/**/*.ts', 'src/*/core/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: pureTime,
  },
  { files: ['src/{web,*/core}/**/*.ts'], ignores: ['**/*.test.ts'], rules: synchronous },
  {
    // node:test's own `test()` and `t.test()` return promises that its runner awaits.
    files: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: [
                'test',
                'it',
                'describe',
                'suite',
                'before',
                'after',
                'beforeEach',
                'afterEach',
              ],
            },
          ],
        },
      ],
    },
  },
);
