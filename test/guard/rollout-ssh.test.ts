// Goal: several targets on other machines are synced at once over ssh, each by its own connection;
// one that cannot be is named, and the others are whole.
// Method: a real sshd; the targets are directories there, one of them a file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Bench } from '../cli/run-cli.ts';
import { canStartSshd, startSshd } from '../ssh/sshd-fixture.ts';

const bench = new Bench();
after(() => bench.remove());

test('twelve targets over ssh, five at once, one of which is no directory', async (t) => {
  if (!canStartSshd(t)) return;
  const sshd = await startSshd();
  try {
    const programs = path.join(import.meta.dirname, '../../bin');
    const session = bench.write(
      'session.sh',
      `HOLDFAST_STATE=${bench.at('far-state')} PATH=${programs}:$PATH exec sh -c "$SSH_ORIGINAL_COMMAND"`,
    );
    sshd.authorize(`command="sh ${session}"`);
    const env = { HOLDFAST_SSH: sshd.environment.HOLDFAST_SSH ?? '', HOLDFAST_PASSPHRASE: 'x' };
    assert.equal(bench.run(['init'], { env }).status, 0);
    for (let at = 0; at < 50; at++) bench.write(`src/d${at % 5}/f${at}`);
    const targets = Array.from({ length: 12 }, (_, at) => bench.at(`t${at}`));
    for (const [at, target] of targets.entries()) {
      if (at === 7) fs.writeFileSync(target, 'no directory');
      else fs.mkdirSync(target);
    }
    const places = targets.map((target) => `${sshd.host}:${sshd.port}:${target}`);
    const args = ['sync', bench.at('src'), ...places, '--batch', '5', '--max-failures', '1'];
    const { status, said } = bench.json(args, { env });
    assert.equal(status, 1, 'one was not done');
    assert.equal(said.end, 'done', JSON.stringify(said));
    const ends = said.targets as readonly { outcome: string; sentence: string }[];
    for (const [at, { outcome, sentence }] of ends.entries()) {
      assert.equal(outcome, at === 7 ? 'held' : 'done', sentence);
      if (at === 7) continue;
      assert.match(
        sentence,
        /^55 added/,
        'what came is said, though nobody was sent its operations',
      );
      for (let nth = 0; nth < 50; nth++) {
        assert.ok(fs.existsSync(path.join(targets[at] ?? '', `d${nth % 5}`, `f${nth}`)));
      }
    }
    const again = bench.json(
      args.filter((each) => each !== places[7]),
      { env },
    );
    assert.equal(again.status, 0, 'nothing to do');
  } finally {
    await sshd.stop();
  }
});
