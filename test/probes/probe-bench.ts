/** What tests of probes share: a folder, tools that misbehave, and looks without a scheduler. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe, ProbeFinding } from '../../src/watch/shell/agent/probe.ts';

export const NEVER = new AbortController().signal;

export const look = (probe: Probe): Promise<ProbeFinding> => probe.look(NEVER);

const undoing = new WeakMap<TestContext, (() => unknown)[]>();

/** Done at the end of the test, the last one first: what was mounted goes before what it lies in. */
export function atEnd(t: TestContext, act: () => unknown): void {
  const known = undoing.get(t);
  if (known !== undefined) {
    known.push(act);
    return;
  }
  const acts = [act];
  undoing.set(t, acts);
  t.after(async () => {
    for (const each of acts.reverse()) await each();
  });
}

export function folder(t: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-probe-'));
  atEnd(t, () => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

export function script(dir: string, name: string, body: string): string {
  const file = path.join(dir, name);
  fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

/** A tool that prints `text` whatever it is asked. */
export function saying(dir: string, text: string, status = 0): string {
  const name = `saying-${status}-${fs.readdirSync(dir).length}`;
  fs.writeFileSync(path.join(dir, `${name}.txt`), text);
  return script(dir, name, `cat '${path.join(dir, name)}.txt'\nexit ${status}`);
}

export function mounted(t: TestContext, dir: string, ...args: readonly string[]): string {
  fs.mkdirSync(dir, { recursive: true });
  execFileSync('mount', [...args, dir], { stdio: 'pipe' });
  atEnd(t, () => execFileSync('umount', ['--lazy', dir], { stdio: 'pipe' }));
  return dir;
}

/** Waits for a condition with a generous limit. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (await isSo()) return;
    await sleep(50);
  }
  assert.fail(`it did not come to pass: ${what}`);
}

/** All that a tool may do to a probe; each must give `unreadable`, within its limit. */
export async function assertSurvivesBadTools(
  t: TestContext,
  make: (program: string, timeoutMs: number) => Probe,
): Promise<void> {
  const dir = folder(t);
  const alive = path.join(dir, 'alive');
  const bad: readonly (readonly [string, string, RegExp])[] = [
    [
      'hangs',
      script(dir, 'hangs', `sh -c 'echo $$ >${alive}; exec sleep 600' & wait`),
      /did not end within/,
    ],
    ['is killed', script(dir, 'killed', 'kill -9 $$'), /was ended by SIGKILL/],
    ['is missing', path.join(dir, 'missing'), /is not installed|is not there|no plugin/],
    [
      'may not be run',
      path.join(dir, 'alive-not'),
      /could not be started|is not installed|no plugin/,
    ],
    [
      'fails',
      script(dir, 'fails', 'echo "no idea" >&2; exit 77'),
      /no idea|ended with 77|did not print/,
    ],
    ['prints nonsense', script(dir, 'nonsense', "printf 'to\\033[31mmato\\000\\377'"), /./],
    ['prints nothing', script(dir, 'nothing', 'exit 0'), /./],
    [
      'prints without end',
      script(dir, 'endless', 'yes 1234567890 | head -c 99000000'),
      /more than/,
    ],
  ];
  fs.writeFileSync(path.join(dir, 'alive-not'), 'no program');
  for (const [what, program, why] of bad) {
    const probe = make(program, 3000);
    const begin = performance.now();
    const finding = await look(probe);
    assert.equal(finding.saw, 'unreadable', `${what}: ${finding.saw}, ${finding.why}`);
    assert.match(finding.why, why, what);
    assert.ok(!finding.why.includes('\u001b'), 'escaped');
    assert.ok(performance.now() - begin < probe.timeoutMs + 20_000, what);
  }
  const left = Number(fs.readFileSync(alive, 'utf8'));
  await until('what the tool started ended with it', () => !isRunning(left));
}

export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false; // Gone.
  }
}
