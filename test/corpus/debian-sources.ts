/** Source packages of Debian, by an apt whose lists and caches are its own: that of the machine is not touched. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { run } from './record-tools.ts';

/** What one mirror lacks of the one is had from the other. */
const SUITES = ['sid', 'trixie'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export class DebianSources {
  readonly #dir: string;
  readonly #options: readonly string[];

  constructor(dir: string) {
    this.#dir = dir;
    for (const made of ['state/lists/partial', 'cache/archives/partial']) {
      fs.mkdirSync(path.join(dir, made), { recursive: true });
    }
    const list = path.join(dir, 'sources.list');
    const from = `deb-src [signed-by=${KEYRING}] http://deb.debian.org/debian`;
    fs.writeFileSync(list, SUITES.map((suite) => `${from} ${suite} main\n`).join(''));
    this.#options = [
      `Dir::Etc::SourceList=${list}`,
      'Dir::Etc::SourceParts=/dev/null',
      `Dir::State=${path.join(dir, 'state')}`,
      'Dir::State::status=/dev/null',
      `Dir::Cache=${path.join(dir, 'cache')}`,
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    run('apt-get', [...this.#options, 'update']);
  }

  /** Names of the binary packages that it builds. */
  binariesOf(name: string): readonly string[] {
    const shown = run('apt-cache', [...this.#options, 'showsrc', '--only-source', name]);
    const [, list = ''] = /^Binary: (.*)$/m.exec(shown) ?? [];
    return list.split(', ').filter((each) => each !== '');
  }

  /** The archive of its upstream. */
  tarOf(name: string): string {
    const archive = this.#fetched(name, '--tar-only', /\.orig\.tar\.\w+$/);
    if (archive === undefined) throw new Error(`${name} has no archive of its upstream`);
    return archive;
  }

  /** What Debian says of each of its versions, newest first; empty where it keeps that otherwise. */
  changelogOf(name: string): string {
    const archive = this.#fetched(name, '--diff-only', /\.debian\.tar\.\w+$/);
    if (archive === undefined) return '';
    return run('tar', ['-xOf', archive, 'debian/changelog']);
  }

  #fetched(name: string, part: string, wanted: RegExp): string | undefined {
    const into = path.join(this.#dir, name);
    fs.mkdirSync(into, { recursive: true });
    for (const suite of SUITES) {
      const of = ['source', '--download-only', part, `${name}/${suite}`];
      spawnSync('apt-get', [...this.#options, ...of], { cwd: into, stdio: 'ignore' });
      const file = fs.readdirSync(into).find((each) => wanted.test(each));
      if (file !== undefined) return path.join(into, file);
    }
    return undefined;
  }
}
