/** What is delivered, as one directory: the program, its Node, what it needs of npm, units, documents. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

export const ROOT = path.dirname(path.dirname(import.meta.dirname));

export interface Release {
  readonly version: string;
  /** As Node names it: x64, arm64. */
  readonly arch: string;
  /** Seconds since 1970: every time in what is delivered. */
  readonly epochS: number;
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** Of npm's packages: what only compilers, editors and other systems read. */
const LEFT_OUT = [
  /\.(?:d\.[cm]?ts|map|markdown|ts|cts|mts|tsbuildinfo|gyp|gypi|c|cc|cpp|h|hpp)$/i,
  /^\.|\/\./,
  /(?:^|\/)(?:test|tests|__tests__|benchmarks?|examples?|\.github)\//i,
];
/** Below a package: sources of what is there compiled. */
const LEFT_OUT_OF: Readonly<Record<string, RegExp>> = {
  'better-sqlite3': /^(?:deps|src|build)\/|^prebuilds\/(?!linux-ARCH\.node$)/,
  koffi: /^(?:vendor|doc|lib\/native)\/|^src\/(?!.*\.[cm]?js$)/,
  '@koromix/koffi-linux-x64': /^musl_/,
  '@koromix/koffi-linux-arm64': /^musl_/,
};
/** Node, which is delivered as bin/node; headers for whoever compiles. */
const NOT_DELIVERED = /^(?:node-linux-\w+|node-addon-api)$/;

/** @returns the directory, `holdfast-VERSION-linux-ARCH` below `scratch` */
export function stage(scratch: string, release: Release): string {
  const top = path.join(scratch, nameOf(release));
  fs.mkdirSync(path.join(top, 'bin'), { recursive: true });
  copy('packaging/holdfast.sh', path.join(top, 'bin/holdfast'), 0o755);
  copy(`node_modules/node-linux-${release.arch}/bin/node`, path.join(top, 'bin/node'), 0o755);
  const isWanted = (name: string): boolean => !name.endsWith('.map');
  copyTree('dist', path.join(top, 'dist'), isWanted);
  for (const name of productionPackages()) copyPackage(name, top, release);
  // What every vault is given, so that it can be read without Holdfast.
  for (const name of ['vault', 'manifest']) {
    copy(`docs/format/${name}.md`, path.join(top, `docs/format/${name}.md`), 0o644);
  }
  for (const name of ['rescue.mjs', 'rescue.py']) {
    copy(`rescue/${name}`, path.join(top, 'rescue', name), 0o644);
  }
  copyTree('docs/operating', path.join(top, 'docs/operating'), (name) => name.endsWith('.md'));
  copyTree('packaging/systemd', path.join(top, 'systemd'), () => true);
  copyTree('packaging/sysusers.d', path.join(top, 'sysusers.d'), () => true);
  copy('LICENSE', path.join(top, 'LICENSE'), 0o644);
  copy(`node_modules/node-linux-${release.arch}/LICENSE`, path.join(top, 'LICENSE.node'), 0o644);
  const about = { name: 'holdfast', version: release.version, type: 'module' };
  fs.writeFileSync(path.join(top, 'package.json'), `${JSON.stringify(about)}\n`);
  settle(top, release.epochS);
  return top;
}

export const nameOf = ({ version, arch }: Release): string => `holdfast-${version}-linux-${arch}`;

/** Paths below node_modules of what running needs, on this kind of machine. */
function productionPackages(): readonly string[] {
  const lock = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(lock.packages)
    .filter(([at, { dev, link }]) => at !== '' && dev !== true && link !== true)
    .map(([at]) => at.replace(/^node_modules\//, ''))
    .filter((name) => !NOT_DELIVERED.test(name))
    .filter((name) => fs.existsSync(path.join(ROOT, 'node_modules', name, 'package.json')));
}

function copyPackage(name: string, top: string, { arch }: Release): void {
  const own = LEFT_OUT_OF[name]?.source.replace('ARCH', arch);
  const isLeftOut = own === undefined ? undefined : new RegExp(own);
  const isWanted = (file: string): boolean =>
    !file.startsWith('node_modules/') &&
    isLeftOut?.test(file) !== true &&
    !LEFT_OUT.some((pattern) => pattern.test(file));
  copyTree(`node_modules/${name}`, path.join(top, 'node_modules', name), isWanted);
}

function copyTree(from: string, to: string, isWanted: (name: string) => boolean): void {
  const base = path.join(ROOT, from);
  for (const name of fs.readdirSync(base, { recursive: true, encoding: 'utf8' }).sort()) {
    const isFile = fs.lstatSync(path.join(base, name)).isFile();
    if (isFile && isWanted(name)) copy(path.join(from, name), path.join(to, name), 0o644);
  }
}

function copy(from: string, to: string, mode: number): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(path.join(ROOT, from), to);
  fs.chmodSync(to, mode);
}

/** One time and one set of modes, whatever the umask and the clock of who builds it. */
export function settle(top: string, epochS: number): void {
  const names = fs.readdirSync(top, { recursive: true, encoding: 'utf8' });
  for (const name of [...names.map((each) => path.join(top, each)), top]) {
    const stat = fs.lstatSync(name);
    if (stat.isDirectory()) fs.chmodSync(name, 0o755);
    fs.lutimesSync(name, epochS, epochS);
  }
}

/** @throws where it fails, with what it said */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const ran = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', ...env },
    maxBuffer: 64 << 20,
  });
  if (ran.status === 0) return ran.stdout;
  throw new Error(`${program}: ${ran.error?.message ?? ''}${ran.stderr.slice(-2000)}`);
}
