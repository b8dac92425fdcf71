// Makes a checkout runnable: packages installed as package-lock.json says, and a Node that can run
// TypeScript. Every npm script and bin/holdfast go through it, so it depends on nothing and runs on
// Node 18 and later. Alone it installs what running needs; `bootstrap.mjs SCRIPT ARGUMENT...` also
// installs what development needs, and runs SCRIPT with that Node.
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const LOCK_WAIT_MS_MAX = 10 * 60_000;

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
/** Written by npm when an installation is complete, and only then. */
const installedList = path.join(modules, '.package-lock.json');
/** Link to the Node that was found to work; bin/holdfast starts it without asking again. */
const chosenNode = path.join(modules, '.holdfast-node');

class Unable extends Error {}

/** What stands where, in a list of npm's: path to package. */
const packagesOf = (file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages;

const installedPackages = () => (fs.existsSync(installedList) ? packagesOf(installedList) : {});

/**
 * Packages that are wanted and not there in the wanted version; those of other platforms aside.
 *
 * @param {boolean} forDevelopment also those that only check, test and build need
 */
function missingPackages(forDevelopment) {
  const installed = installedPackages();
  return Object.entries(packagesOf(path.join(root, 'package-lock.json')))
    .filter(([at, wanted]) => at !== '' && !wanted.optional && !wanted.link)
    .filter(([, wanted]) => forDevelopment || !wanted.dev)
    .filter(([at, wanted]) => installed[at]?.version !== wanted.version)
    .map(([at]) => at);
}

/** Prefers the npm that runs us: it is there, and the user chose it. */
function npmCommand() {
  const viaNpm = process.env.npm_execpath;
  if (viaNpm?.endsWith('npm-cli.js')) return [process.execPath, viaNpm];
  return ['npm'];
}

function install(forDevelopment) {
  const [program, ...before] = npmCommand();
  // A checkout that was made for development once stays one.
  const withDev = forDevelopment || Object.values(installedPackages()).some(({ dev }) => dev);
  const which = withDev ? '--include=dev' : '--omit=dev';
  process.stderr.write(
    `holdfast: installing its packages into node_modules (npm ci ${which}; a minute or so, once)\n`,
  );
  // Nothing we depend on needs an install script, so none may run one.
  const flags = [which, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const run = spawnSync(program, [...before, 'ci', ...flags, '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    // A user's npm settings for other work must not change what is installed here.
    env: { ...process.env, npm_config_omit: '', NODE_ENV: '', npm_config_engine_strict: 'false' },
  });
  if (run.error?.code === 'ENOENT') {
    throw new Unable('npm is not installed. On Debian: apt install npm. Then run this again.');
  }
  if (run.status !== 0) {
    process.stderr.write(`${run.stdout}${run.stderr}`);
    throw new Unable(
      `npm ci failed (above). It needs to write ${root} and to reach ${
        process.env.npm_config_registry ?? 'the npm registry'
      }. When that is so, run this again; what was half installed is replaced.`,
    );
  }
}

/** The major version of the Node at `file`; undefined where it cannot run here (another libc). */
function majorOf(file) {
  const run = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  const major = /^v(\d+)\./.exec(run.stdout ?? '')?.[1];
  return run.status === 0 && major !== undefined ? Number(major) : undefined;
}

function nodesInPath() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((at) => at !== '');
  return folders
    .map((at) => path.join(at, 'node'))
    .filter((file) => !file.startsWith(modules) && fs.existsSync(file));
}

function chooseNode() {
  const own = path.join(modules, `node-linux-${process.arch}`, 'bin', 'node');
  const candidates = [own, process.execPath, ...nodesInPath()];
  for (const file of candidates) {
    if (!fs.existsSync(file) || (majorOf(file) ?? 0) < NODE_MAJOR_MIN) continue;
    return file;
  }
  throw new Unable(
    `no Node.js ${NODE_MAJOR_MIN} for ${process.platform} ${process.arch} (this is ${
      process.version
    }, and the one that comes with the packages is not for this system or does not start). ` +
      `Install Node.js ${NODE_MAJOR_MIN} or newer, put it first in PATH, and run this again.`,
  );
}

/** The link is relative inside the checkout, so that a checkout can be moved. */
function rememberNode(file) {
  const isOwn = file.startsWith(modules + path.sep);
  const target = isOwn ? path.relative(modules, file) : file;
  const draft = `${chosenNode}.${process.pid}`;
  fs.symlinkSync(target, draft);
  fs.renameSync(draft, chosenNode);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two installations into one folder would destroy each other. */
function withLock(act) {
  const lock = path.join(root, '.bootstrap.lock');
  const giveUpAt = Date.now() + LOCK_WAIT_MS_MAX;
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = fs.existsSync(lock) ? Number(fs.readFileSync(lock, 'utf8')) : 0;
    if (holder > 0 && !isAlive(holder)) fs.rmSync(lock, { force: true });
    if (Date.now() > giveUpAt) {
      throw new Unable(`process ${holder} has been installing for long; if not so, remove ${lock}`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    return act();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

function isSettled() {
  const lockFile = path.join(root, 'package-lock.json');
  return (
    fs.existsSync(chosenNode) &&
    fs.existsSync(installedList) &&
    fs.statSync(installedList).mtimeMs >= fs.statSync(lockFile).mtimeMs
  );
}

/** Says that the list was compared, whatever the times of a fresh clone looked like. */
function markCompared() {
  const now = new Date();
  fs.utimesSync(installedList, now, now);
}

/** @returns the path of a Node that runs this checkout; installs what is missing first */
function bootstrap(forDevelopment) {
  const isComplete = isSettled() && (!forDevelopment || missingPackages(true).length === 0);
  if (isComplete) return fs.realpathSync(chosenNode);
  try {
    return withLock(() => {
      if (missingPackages(forDevelopment).length > 0) install(forDevelopment);
      const node = chooseNode();
      rememberNode(node);
      markCompared();
      return fs.realpathSync(node);
    });
  } catch (error) {
    // Another user's checkout, already complete: it can be run, though nothing can be noted in it.
    const isForeign = error.code === 'EACCES' || error.code === 'EROFS' || error.code === 'EPERM';
    if (!isForeign) throw error;
    if (missingPackages(forDevelopment).length === 0) return chooseNode();
    throw new Unable(`${root} needs its packages, and you may not write there: ${error.message}`);
  }
}

function runScript(node, [script, ...rest]) {
  const child = spawn(node, [path.resolve(root, script), ...rest], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}`,
    },
  });
  // Ctrl-C reaches the child by itself (one process group); a kill of this process does not.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

function main() {
  const wanted = process.argv.slice(2);
  try {
    const node = bootstrap(wanted.length > 0);
    if (wanted.length > 0) runScript(node, wanted);
  } catch (error) {
    if (!(error instanceof Unable)) throw error;
    process.stderr.write(`holdfast: ${error.message}\n`);
    process.exitCode = 1;
  }
}

main();
