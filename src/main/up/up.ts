/** `holdfast up` as the command line calls it. */
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { type StateLock, takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayMessage, sayName } from '../../base/say-name.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import type { UpOptions } from '../cli/up-options.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { readSettings, type Settings } from '../cli/settings.ts';
import { hostFacts } from '../run-backup.ts';
import { stepBack } from '../step-back.ts';
import { nameOfPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';
import type { Copies } from './copies/copies.ts';
import { copiesOfUp } from './copies/copies-of-up.ts';
import { openOrMakeVault } from './local-vault.ts';
import { type UpOutcome, Rounds } from './rounds.ts';
import { removeScratchNow } from './scratch.ts';
import { elsewhereWords } from '../cli/backup-words.ts';
import { dataSetsElsewhere } from '../estate/data-sets-here.ts';
import { type Target, targetsOf } from './targets.ts';
import { upJson } from './up-json.ts';
import { SilentScreen, TerminalScreen } from './up-screen.ts';
import { UpStop } from './up-stop.ts';
import type { WatchScreen } from './up-view.ts';
import { UpWork } from './up-work.ts';
import { Watch } from './watch/watch.ts';
import type { WatchView } from './watch/watch-words.ts';

interface Asked {
  readonly cli: Cli;
  readonly settings: Settings;
  readonly options: UpOptions;
  readonly targets: readonly Target[];
  readonly copies: Copies;
  /** Where what is said goes, as soon as there is a screen. */
  readonly tell: { screen?: WatchScreen };
}

export async function runUp(of: {
  readonly cli: Cli;
  readonly paths: readonly string[];
  readonly options: UpOptions;
}): Promise<Answer> {
  const { cli, paths, options } = of;
  const settings = await readSettings(cli, options);
  const targets = targetsOf(cli, settings, paths);
  const elsewhere = paths.length > 0 ? [] : dataSetsElsewhere(settings.config);
  const [, ...notHere] = elsewhereWords(elsewhere, cli.terminal.style);
  if (notHere.length > 0) cli.terminal.err(`${notHere.join('\n')}\n`);
  const state = settings.state.value;
  const { disk } = nodePorts();
  const isNewState = disk.list(state) === undefined;
  disk.makeDir(state);
  const lock = lockState(settings);
  try {
    const tell: Asked['tell'] = {};
    // Before anybody watches: its agent is to know what is promised.
    const copies = copiesOfUp(cli, settings, (standing) => tell.screen?.watched(standing));
    const asked = { cli, settings, options, targets, copies, tell };
    if (options.once === true) {
      await stepBack();
      const outcome = await runLocked(asked, isNewState);
      return answerOf(outcome, { once: true, isLive: cli.terminal.isLive });
    }
    const outcome = await runWatched(asked, isNewState);
    return answerOf(outcome, { once: false, isLive: cli.terminal.isLive });
  } finally {
    lock.release();
  }
}

/** Server and agent are made first: what keeps watch does not step back behind others. */
async function runWatched(asked: Asked, isNewState: boolean): Promise<UpOutcome> {
  const { cli, settings, tell } = asked;
  const state = textOfBytes(settings.state.value);
  nodePorts().disk.makeDir(byteString(`${settings.state.value}/server`));
  const watch = new Watch({
    clock: cli.clock,
    ...{ state, configFile: settings.configFile, host: hostFacts(cli.clock.now()).name },
    showEnv: showEnvOf(settings),
    onNews: (standing) => tell.screen?.watched(standing),
    onLog: (line) => {
      if (tell.screen !== undefined) tell.screen.note(line);
      else cli.terminal.err(`${sayMessage(line)}\n`);
    },
  });
  // What holds nothing that is to be put back ends by itself when this process does.
  const forget = cli.stop.onStop(() => watch.abandon());
  try {
    await stepBack();
    await watch.ready();
    const link = cli.terminal.isLive && !cli.wantsJson ? await watch.link() : undefined;
    const view = (): WatchView => ({ ...watch.view(), ...(link === undefined ? {} : { link }) });
    return await runLocked(asked, isNewState, view);
  } finally {
    forget();
    await watch.stop();
  }
}

/** A secret that was typed is nobody's: then what lies in the vault is not seen by the watching. */
function showEnvOf(settings: Settings): Readonly<Record<string, string>> {
  const { state, vault, keyFile, passphraseFile, configFile } = settings;
  return {
    HOLDFAST_STATE: textOfBytes(state.value),
    HOLDFAST_VAULT: vault === undefined ? '' : textOfBytes(nameOfPlace(vault.value)),
    ...(keyFile === undefined ? {} : { HOLDFAST_KEY_FILE: textOfBytes(keyFile.value) }),
    ...(passphraseFile === undefined
      ? {}
      : { HOLDFAST_PASSPHRASE_FILE: textOfBytes(passphraseFile.value) }),
    ...(configFile === undefined ? {} : { HOLDFAST_CONFIG: configFile }),
  };
}

/** Two that share a state would write one chain of snapshots, and take away each other's scratch. */
function lockState({ state }: Settings): StateLock {
  const place = textOfBytes(state.value);
  const lock = takeStateLock(`${place}/up.lock`);
  if ('release' in lock) return lock;
  const { heldBy } = lock;
  const who = typeof heldBy === 'number' ? `process ${heldBy}` : heldBy;
  const message = `another holdfast up, ${who}, works with the state in ${place}`;
  throw new Fault('HF_UP_RUNNING', message, { path: place });
}

async function runLocked(
  asked: Asked,
  isNewState: boolean,
  watch: () => WatchView | undefined = () => undefined,
): Promise<UpOutcome> {
  const { cli, settings, options, targets, copies, tell } = asked;
  const state = settings.state.value;
  const opened = await openOrMakeVault(cli, settings, options);
  const ledger = await openLedger(textOfBytes(byteString(`${state}/state.db`)));
  try {
    await ledger.noteVault(
      opened.session.vault.id,
      nameOfPlace(opened.session.line.place),
      cli.clock.now(),
    );
    const screen = cli.wantsJson ? new SilentScreen(cli) : new TerminalScreen(cli, opened);
    tell.screen = screen;
    const step = (text: string): void => screen.step(text);
    const work = new UpWork({
      ...{ cli, opened, ledger, targets, isNewState, step },
      ...{ minFree: options.minFree, watch, copies },
    });
    const { clean, look, protect, room, scrub, view } = work;
    const stop = new UpStop(cli.stop);
    cli.stop.note('What was kept before is as it was; no scratch is left.');
    cli.stop.onStop(() => removeScratchNow(state));
    cli.stop.onStop(() => copies.abandon());
    const ports = { clock: cli.clock, stop, screen, clean, look, protect, room, scrub, view };
    const rounds = new Rounds(ports, targets);
    if (options.once !== true) {
      copies.start();
      return await rounds.run(false);
    }
    const outcome = await rounds.run(true);
    const areWhole = await copies.once();
    const seen = { ...outcome.view, copies: copies.view() };
    return { ...outcome, view: seen, hasFailed: outcome.hasFailed || !areWhole };
  } finally {
    await copies.stop();
    await ledger.close();
  }
}

/** What it found has been printed, round by round. Who stops it gets 0: that is no failure. */
function answerOf(
  { view, hasFailed, hasGaps }: UpOutcome,
  { once, isLive }: { readonly once: boolean; readonly isLive: boolean },
): Answer {
  const json = upJson(view);
  if (once) {
    const code = hasFailed ? EXIT.error : hasGaps ? EXIT.gaps : EXIT.done;
    return { code, say: () => (code === EXIT.done ? [] : [`Exit ${code}: ${WHY[code]}.`]), json };
  }
  const kept = (style: Style): string =>
    `Stopped. What was kept lies in ${sayName(view.vault.path, style)}.`;
  // The terminal has echoed ^C.
  return { code: EXIT.done, say: (style) => [...(isLive ? [''] : []), kept(style)], json };
}

const WHY = { [EXIT.error]: 'not everything is proven', [EXIT.gaps]: 'kept with gaps' } as const;
