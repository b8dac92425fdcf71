// Goal: every text can be read in light, dark and print, and the style sheet has nothing that no page uses.
// Method: WCAG contrast computed from the values themselves; classes of the sheet looked for in the sources.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import test from 'node:test';

const STYLE = fs.readFileSync(new URL('./style.css', import.meta.url), 'utf8');

function colours(block: string): ReadonlyMap<string, string> {
  const found = block.matchAll(/--([\w-]+): (#[0-9a-f]{3,6});/g);
  return new Map([...found].map(([, name = '', value = '']) => [name, value]));
}

const [light = new Map(), dark = new Map(), print = new Map()] = [
  ...STYLE.matchAll(/:root \{([^}]*)\}/g),
].map(([, block = '']) => colours(block));

function luminance(colour: string): number {
  const wide = colour.length === 4 ? colour.replaceAll(/[0-9a-f]/g, '$&$&') : colour;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(wide.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

const TEXTS = ['ink', 'ink-2', 'ink-3', 'accent', 'ok', 'degraded', 'failed', 'unknown'];
/** Text, and what it stands on. */
const PAIRS: readonly (readonly [string, string])[] = [
  ...TEXTS.map((text) => [text, 'paper'] as const),
  ...['ink', 'ink-2', 'ok', 'degraded', 'failed', 'unknown'].map(
    (text) => [text, 'sunken'] as const,
  ),
  ...['ink', 'ink-2', 'failed'].map((text) => [text, 'failed-wash'] as const),
  ...['ink', 'ink-2', 'degraded'].map((text) => [text, 'degraded-wash'] as const),
  ...['ink', 'ink-2', 'unknown'].map((text) => [text, 'unknown-wash'] as const),
  ...['ink', 'ink-2', 'accent'].map((text) => [text, 'accent-wash'] as const),
  ['on-accent', 'accent'],
  ['ink', 'raised'],
];
const SHAPES = ['edge', 'degraded-fill', 'failed-fill', 'ok', 'unknown', 'focus'];

for (const [name, own] of [
  ['light', light],
  ['dark', dark],
  ['print', print],
] as const) {
  test(`${name}: each text has 4.5:1, each shape 3:1`, () => {
    const of = (key: string): string => own.get(key) ?? light.get(key) ?? '';
    for (const [text, ground] of PAIRS) {
      const ratio = contrast(of(text), of(ground));
      assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`);
    }
    for (const shape of SHAPES) {
      const ratio = contrast(of(shape), of('paper'));
      assert.ok(ratio >= 3, `${shape}: ${ratio.toFixed(2)}`);
    }
  });
}

test('each class of the style sheet stands in a page', () => {
  const here = new URL('.', import.meta.url);
  const files = fs.readdirSync(here).filter((file) => /(?<!\.test)\.ts$|\.js$/.test(file));
  const pages = files.map((file) => fs.readFileSync(new URL(file, here), 'utf8')).join('\n');
  const rules = STYLE.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\{[^{}]*\}/g, ' ');
  const classes = [...rules.matchAll(/\.([a-z][\w-]*)/g)].map(([, name = '']) => name);
  const unused = [...new Set(classes)].filter(
    (name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(pages),
  );
  assert.deepEqual(unused, []);
});
