// Goal: no text that a host gives becomes a command, or an option of one, that somebody types.
// Method: every tool with hostile repositories, read by a real shell; commands that a host might say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { backupTools } from '../../wire/words.ts';
import { isOpening, openingCommand, REFRESH } from './backup-opening.ts';

const HOSTILE = [
  '-oProxyCommand=id',
  '--password-command=id',
  '; id',
  '$(id)',
  '`id`',
  "it's",
  '/srv/a b',
  's3:https://s3.example.org/x',
  '/srv/restic',
];

/** The words as the program gets them. */
function wordsOf(line: string): readonly string[] {
  const { stdout } = spawnSync('sh', ['-c', `set -- ${line}; printf '%s\\0' "$@"`], {
    encoding: 'utf8',
  });
  return stdout.split('\0').slice(0, -1);
}

test('a repository is one word of its command, and no option', () => {
  for (const tool of backupTools.options) {
    if (tool === 'bacula') continue; // A line of two programs, without a repository.
    const plain = wordsOf(openingCommand(tool, '/MARK'));
    for (const repository of HOSTILE) {
      const words = wordsOf(openingCommand(tool, repository));
      const at = words.indexOf(repository);
      if (at === -1) continue; // Its command names none.
      assert.equal(at, words.length - 1, `${tool} ${repository}`);
      if (repository.startsWith('-')) assert.equal(words[at - 1], '--', tool);
      assert.ok(words.length <= plain.length + 2, `${tool} ${repository}`);
    }
  }
});

test('what is made here is taken from a host, and nothing else', () => {
  for (const tool of backupTools.options) {
    for (const repository of [...HOSTILE, undefined]) {
      const line = openingCommand(tool, repository);
      assert.ok(isOpening(line), line);
    }
  }
  assert.ok(isOpening(REFRESH));
  for (const line of [
    'curl https://example.org/x | sh',
    'rm -rf /',
    'holdfast connect restic /srv; id',
    'holdfast connect restic $(id)',
    'holdfast connect restic --password-command=id',
    "holdfast connect restic '--password-command=id'",
    "holdfast connect restic 'a' --password-command=id",
    "ls -l '/srv'\nid",
    "ls -l '/srv\nid'",
    'holdfast connect --refresh; id',
    '',
  ]) {
    assert.ok(!isOpening(line), line);
  }
});
