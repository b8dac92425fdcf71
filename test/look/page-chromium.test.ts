// Goal: in a browser the page asks for nothing, fits a narrow screen, is readable in light, dark and
// print, and says that it is over when it is, with and without its script.
// Method: Debian's Chromium without a window; contrast is computed of every text as it is drawn.
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { LookAnswer } from '../../src/watch/core/look/answer.ts';
import { renderLookPage } from '../../src/watch/core/look/page-look.ts';
import { isInstalled, needs } from '../run/needs.ts';
import { FIVE, hostile } from './answer-fixture.ts';
import { Chromium } from './chromium.ts';

let chromium: Chromium | undefined;

before(() => {
  const wanted = { name: 'chromium', probe: 'chromium', purpose: '' };
  if (isInstalled(wanted)) chromium = new Chromium();
});

after(async () => {
  await chromium?.stop();
});

/** It holds until the year 2500, or it has been over since 2002. */
const HOLDS = until(unixMs(16_725_225_600_000));
const OVER = until(unixMs(1_009_843_200_000));

function until(expiresAt: UnixMs): LookAnswer {
  const answeredAt = unixMs(1_009_756_800_000);
  const hosts = FIVE.hosts.map((host) => ({ ...host, seenAt: host.seenAt && answeredAt }));
  return { ...FIVE, answeredAt, expiresAt, hosts };
}

function theChromium(t: TestContext): Chromium | undefined {
  return needs(t, 'chromium') ? chromium : undefined;
}

test('nothing is asked for but the page itself, and nothing goes wrong in it', async (t) => {
  const browser = theChromium(t);
  if (browser === undefined) return;
  for (const answer of [
    HOLDS,
    hostile(HOLDS, '"><script>document.title="hit"</script><img src=//evil.example/x>'),
  ]) {
    const { value, asked, logged } = await browser.view(renderLookPage(answer), 'document.title', {
      width: 1280,
    });
    assert.equal(asked.length, 1, asked.join('\n'));
    assert.match(asked[0] ?? '', /^file:.*page\.html$/);
    assert.equal(value, 'A look at 6 machines · Holdfast');
    assert.deepEqual(logged, []);
  }
});

test('no sideways scrolling from 320 up, whatever names are', async (t) => {
  const browser = theChromium(t);
  if (browser === undefined) return;
  const long = hostile(HOLDS, `-${'x'.repeat(300)}`);
  const over = 'document.documentElement.scrollWidth - innerWidth';
  const open = `document.querySelectorAll('details').forEach((each) => { each.open = true; }); ${over}`;
  for (const answer of [HOLDS, long, OVER]) {
    for (const width of [320, 400, 700, 761, 1280]) {
      const { value } = await browser.view(renderLookPage(answer), open, { width });
      assert.ok(Number(value) <= 0, `${value} px too wide at ${width}`);
    }
  }
});

const SHOWN = `(() => {
  const all = [...document.querySelectorAll('.asof p, .is')];
  return all.filter((each) => each.checkVisibility()).map((each) => each.innerText.replaceAll(/\\s+/g, ' ').trim()).join('|');
})()`;

test('it says as of when without its script, and with it that it is over', async (t) => {
  const browser = theChromium(t);
  if (browser === undefined) return;
  const shown = async (answer: LookAnswer, withoutScript: boolean): Promise<string> =>
    String(
      (await browser.view(renderLookPage(answer), SHOWN, { width: 1280, withoutScript })).value,
    );
  for (const withoutScript of [true, false]) {
    const said = await shown(HOLDS, withoutScript);
    assert.match(said, /^As of Mon 31 Dec 2001, 00:00 UTC/);
    assert.match(said, /It holds until .*; then all of it is unknown\.\|degraded\|unknown$/);
  }
  assert.match(
    await shown(OVER, true),
    /^As of Mon 31 Dec 2001, 00:00 UTC It holds until Tue 1 Jan 2002/,
  );
  const over = await shown(OVER, false);
  assert.match(
    over,
    /^This look is over: all that it says is unknown now\. As of Mon 31 Dec 2001, 00:00 UTC, \d+ d ago/,
  );
  assert.match(over, /was degraded/);
  assert.match(over, /was ok/);
});

/** Texts that are drawn with less than 4.5, or 3 where they are large, on what lies behind them. */
const FAINT = `(() => {
  const part = (value) => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = numbers(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  document.querySelectorAll('details').forEach((each) => { each.open = true; });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ['STYLE', 'SCRIPT'].includes(element.tagName) || !element.checkVisibility()) continue;
    count += 1;
    const [light, dark] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))].sort((one, other) => other - one);
    const contrast = (light + 0.05) / (dark + 0.05);
    const least = parseFloat(getComputedStyle(element).fontSize) >= 24 ? 3 : 4.5;
    if (contrast < least) faint.push(walker.currentNode.data.trim().slice(0, 40) + ' ' + contrast.toFixed(2));
  }
  return { count, faint };
})()`;

test('every text stands out from what lies behind it: light, dark, print, over', async (t) => {
  const browser = theChromium(t);
  if (browser === undefined) return;
  for (const answer of [HOLDS, OVER]) {
    for (const [scheme, media] of [
      ['light', 'screen'],
      ['dark', 'screen'],
      ['dark', 'print'],
    ] as const) {
      const { value } = await browser.view(renderLookPage(answer), FAINT, {
        width: 1280,
        scheme,
        media,
      });
      const { count, faint } = value as { count: number; faint: readonly string[] };
      assert.ok(count > 100, `${count} texts`);
      assert.deepEqual(faint, [], `${scheme} ${media}`);
    }
  }
});
