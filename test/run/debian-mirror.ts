import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface DebianMirror {
  readonly suite: string;
  readonly uri: string;
}

/** The mirror that this machine's own apt uses for its own release; undefined where it is no Debian. */
export function debianMirror(): DebianMirror | undefined {
  const asked = spawnSync(
    'apt-get',
    ['indextargets', 'Created-By: Packages', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)'],
    { encoding: 'utf8' },
  );
  if (asked.status !== 0) return undefined;
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1];
  for (const line of asked.stdout.split('\n')) {
    const [uri = '', release, component] = line.split(' ');
    if (suite !== undefined && release === suite && component === 'main') return { suite, uri };
  }
  return undefined;
}

/** Asks the mirror for the smallest file that every one has, by apt's own way to it. */
export function isMirrorThere(): boolean {
  const mirror = debianMirror();
  if (mirror === undefined) return false;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirror-'));
  try {
    const url = `${mirror.uri}dists/${mirror.suite}/Release`;
    const args = ['-o', 'Acquire::Retries=0', 'download-file', url, path.join(folder, 'Release')];
    const got = spawnSync('/usr/lib/apt/apt-helper', args, { stdio: 'ignore', timeout: 20_000 });
    return got.status === 0;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
