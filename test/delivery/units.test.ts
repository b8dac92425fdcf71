// Goal: the units give the agent no more than its level needs: `look` is exposed to 2.0 at most by
// systemd's own measure, `keep` adds one capability and nothing else, `act` is off by itself.
// Method: systemd-analyze rates the very files that are delivered, offline; the drop-in is laid over
// the unit as systemd would.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { needs } from '../run/needs.ts';

const UNITS = path.resolve(import.meta.dirname, '../../packaging/systemd');
const LOOK_MAX = 2.0;

function scratchWithUnits(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-units-'));
  for (const name of fs.readdirSync(UNITS)) {
    if (!name.endsWith('.conf')) fs.copyFileSync(path.join(UNITS, name), path.join(dir, name));
  }
  return dir;
}

function exposureOf(file: string): number {
  const args = ['security', '--offline=true', '--no-pager', file];
  const ran = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [, exposure] = /Overall exposure level for [^:]+: ([0-9.]+) /.exec(ran.stdout) ?? [];
  assert.ok(exposure !== undefined, `${ran.stdout}${ran.stderr}`);
  return Number(exposure);
}

const linesOf = (name: string): readonly string[] =>
  fs.readFileSync(path.join(UNITS, name), 'utf8').split('\n');

test('the agent at level look is exposed to 2.0 at most, and less than without its sandbox', (t) => {
  if (!needs(t, 'systemd')) return;
  const dir = scratchWithUnits();
  try {
    const file = path.join(dir, 'holdfast-agent.service');
    const exposure = exposureOf(file);
    t.diagnostic(
      `look: ${exposure}; server: ${exposureOf(path.join(dir, 'holdfast-server.service'))}`,
    );
    assert.ok(exposure <= LOOK_MAX, `${exposure}`);
    // The measure sees what it is relied on to see.
    const bare = fs
      .readFileSync(file, 'utf8')
      .replaceAll(/^(?:SystemCallFilter|ProtectSystem)=.*$/gm, '');
    fs.writeFileSync(file, bare);
    assert.ok(exposureOf(file) > LOOK_MAX);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});

test('keep is look with one capability, act is root with a list of them', (t) => {
  if (!needs(t, 'systemd')) return;
  const dir = scratchWithUnits();
  try {
    const dropIn = path.join(dir, 'holdfast-agent.service.d');
    fs.mkdirSync(dropIn);
    fs.copyFileSync(path.join(UNITS, 'holdfast-agent-keep.conf'), path.join(dropIn, 'keep.conf'));
    const keep = exposureOf(path.join(dir, 'holdfast-agent.service'));
    const act = exposureOf(path.join(dir, 'holdfast-act@.service'));
    t.diagnostic(`keep: ${keep}; act: ${act}`);
    const settings = linesOf('holdfast-agent-keep.conf').filter((line) => /^[A-Z]\w+=/.test(line));
    const names = settings.map((line) => line.replace(/=.*/, '')).sort();
    assert.deepEqual(names, [
      'AmbientCapabilities',
      'CapabilityBoundingSet',
      'MemoryHigh',
      'MemoryMax',
    ]);
    for (const line of settings.filter((each) => each.includes('Capabilit'))) {
      assert.match(line, /=CAP_DAC_READ_SEARCH$/);
    }
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});

test('the agent is nobody but holdfast in two groups, and a start that fails is tried again', () => {
  const lines = linesOf('holdfast-agent.service');
  for (const line of [
    ...['User=holdfast', 'SupplementaryGroups=adm systemd-journal', 'CapabilityBoundingSet='],
    ...['Restart=always', 'StartLimitIntervalSec=0', 'IOSchedulingClass=idle'],
    ...['StateDirectory=holdfast/agent', 'NoNewPrivileges=yes', 'ProtectSystem=strict'],
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test('each command of a unit is where the packages put it', () => {
  for (const name of fs.readdirSync(UNITS).filter((each) => each.endsWith('.service'))) {
    const starts = linesOf(name).filter((line) => line.startsWith('Exec'));
    assert.equal(starts.length, 1, name);
    assert.match(
      starts[0] ?? '',
      /^ExecStart=\/opt\/holdfast\/bin\/holdfast (?:agent|server)\b/,
      name,
    );
  }
});
