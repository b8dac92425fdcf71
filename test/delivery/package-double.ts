/**
 * An archive that is called and laid out as `npm run package` makes them, with a program that does
 * what the installation needs of it: it takes the line of an enrolment from stdin.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

const UNITS = path.resolve(import.meta.dirname, '../../packaging/systemd');
export const LINE = `https://server.example:7431#${'p'.repeat(43)} ${'t'.repeat(43)}`;

const PROGRAM = `#!/bin/sh
# Says who it was, and keeps what came by stdin.
[ "$*" = 'agent enroll - --config /etc/holdfast/agent.yaml' ] || exit 64
umask 077
{ id -un; cat; } >"$STATE_DIRECTORY/enrolled.json"
`;

/** @returns the file */
export function makePackage(folder: string, version: string): string {
  const name = `holdfast-${version}-linux-${process.arch}`;
  const top = path.join(folder, name);
  fs.mkdirSync(path.join(top, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(top, 'bin/holdfast'), PROGRAM, { mode: 0o755 });
  fs.cpSync(UNITS, path.join(top, 'systemd'), { recursive: true });
  fs.writeFileSync(path.join(top, 'package.json'), JSON.stringify({ version }));
  const file = path.join(folder, `${name}.tar.gz`);
  execFileSync('tar', ['-C', folder, '-czf', file, name]);
  return file;
}
