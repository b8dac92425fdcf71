// Who may import whom (docs/ARCHITECTURE.md). A test plants one violation of each rule and sees it
// found (test/boundaries), because a rule that matches nothing fails in silence.

const TESTS = '[.]test[.]ts$';
const MIDDLE = ['truth', 'guard', 'recover', 'watch', 'tell', 'access'];

/** From the bottom up; those of one level do not import each other. */
const LEVELS = [
  ['base'],
  ['host'],
  ['manifest'],
  ['vault'],
  MIDDLE,
  ['wire'],
  ['web'],
  ['adapters'],
  ['main'],
];

const folder = (parts) => `^src/(?:${parts.join('|')})/`;

/** One rule for each level: nothing in it imports what stands above it. */
const upward = LEVELS.slice(0, -1).map((level, at) => ({
  name: `${level.length > 1 ? 'middle' : level[0]}-imports-nothing-above`,
  severity: 'error',
  comment:
    'Imports point down: base < host < manifest < vault < middle < wire < web < adapters < main.',
  from: { path: folder(level), pathNot: TESTS },
  to: { path: folder(LEVELS.slice(at + 1).flat()) },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'middle-parts-are-strangers',
      severity: 'error',
      comment:
        'What truth, guard, recover, watch, tell and access share stands in base: Evidence and Plan.',
      from: { path: `^src/(${MIDDLE.join('|')})/` },
      to: { path: folder(MIDDLE), pathNot: '^src/$1/' },
    },
    {
      name: 'core-imports-core-base-host',
      severity: 'error',
      comment: 'A core decides from data. Who acts (a shell, an adapter) is not its business.',
      from: { path: '^src/[^/]+/core/', pathNot: TESTS },
      to: { pathNot: ['^src/(?:base|host)/', '^src/[^/]+/core/'] },
    },
    {
      name: 'web-imports-what-is-pure',
      severity: 'error',
      comment: 'A page is a text made of data: nothing that a page is made with acts.',
      from: { path: '^src/web/', pathNot: TESTS },
      to: { pathNot: ['^src/(?:base|web)/', '^src/[^/]+/core/'] },
    },
    {
      name: 'base-imports-nothing',
      severity: 'error',
      comment: 'base stands on the language alone.',
      from: { path: '^src/base/', pathNot: TESTS },
      to: { pathNot: '^src/base/' },
    },
    {
      name: 'host-is-interfaces',
      severity: 'error',
      comment: 'Ports name the world; they do not touch it.',
      from: { path: '^src/host/', pathNot: TESTS },
      to: { pathNot: '^src/(?:base|host)/' },
    },
    {
      name: 'node-only-in-adapters',
      severity: 'error',
      comment: 'The world comes in by ports, so that a simulation can stand in for it.',
      from: { path: '^src/', pathNot: ['^src/(?:adapters|main)/', TESTS] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages-that-act-only-in-adapters',
      severity: 'error',
      comment: 'Native code, a database and a command line are outside things; they have adapters.',
      from: { path: '^src/', pathNot: ['^src/(?:adapters|main)/', TESTS] },
      to: { path: 'node_modules/(?:better-sqlite3|kysely|koffi|commander)/' },
    },
    {
      name: 'adapters-only-from-main',
      severity: 'error',
      comment: 'Composition is the one place that knows which adapter stands behind a port.',
      from: { path: '^src/', pathNot: ['^src/(?:adapters|main)/', TESTS] },
      to: { path: '^src/adapters/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or a third is missing.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'product-knows-no-tests',
      severity: 'error',
      comment: 'What ships does not depend on what proves it.',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: ['^(?:test|sim|bench|scripts)/', TESTS] },
    },
    {
      name: 'product-needs-no-dev-packages',
      severity: 'error',
      comment: 'An installation has no devDependencies.',
      from: { path: '^src/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'rescue-stands-alone',
      severity: 'error',
      comment:
        'The rescue reader lies in a vault by itself, and is a second reading of the format.',
      from: { path: '^rescue/', pathNot: TESTS },
      to: { dependencyTypesNot: ['core'] },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      comment: 'An import that is not found escapes every other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:dist|[.]holdfast)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
