/** A program in the place of ssh: it takes the host from its arguments and plays what it is told. */
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface FakeSsh {
  readonly dir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly remove: () => void;
}

/** @param hosts shell text by host; what ssh was given stands in `$ARGS` */
export function fakeSsh(hosts: Readonly<Record<string, string>>): FakeSsh {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-fake-ssh-'));
  const program = path.join(dir, 'ssh');
  const cases = Object.entries(hosts).map(([host, text]) => `${host}) ${text} ;;`);
  const lines = [
    '#!/bin/sh',
    'ARGS="$*"',
    'while [ "$1" != -- ]; do shift; done',
    'case "$2" in',
    ...cases,
    'esac',
  ];
  fs.writeFileSync(program, `${lines.join('\n')}\n`, { mode: 0o700 });
  return {
    dir,
    environment: { PATH: process.env.PATH, HOLDFAST_SSH: program },
    remove: () => fs.rmSync(dir, { recursive: true }),
  };
}
