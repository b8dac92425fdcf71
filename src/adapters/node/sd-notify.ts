/**
 * Tells systemd that the agent is up, and that it goes on. Node has no datagram sockets of Unix, so
 * systemd's own program says it: at most once in a quarter of the time after which it would be
 * restarted.
 */
import { startChild } from './start-child.ts';

export interface SystemdNotice {
  /** It is up: `Type=notify`. */
  readonly ready: () => void;
  /** To be called when what was seen is kept or said, and never by a timer of its own. */
  readonly alive: () => void;
}

const SHARE = 4;
/** Where no watchdog is set, nobody waits for it. */
const SILENT: SystemdNotice = { ready: () => undefined, alive: () => undefined };

/** Does nothing where systemd does not ask for it. */
export function systemdNotice(
  env: Readonly<Record<string, string | undefined>>,
  now: () => number = () => performance.now(),
): SystemdNotice {
  const { NOTIFY_SOCKET = '', WATCHDOG_USEC = '' } = env;
  if (NOTIFY_SOCKET === '') return SILENT;
  const everyMs = /^[0-9]{1,15}$/.test(WATCHDOG_USEC)
    ? Number(WATCHDOG_USEC) / 1000 / SHARE
    : undefined;
  let last: number | undefined;
  const say = (word: string): void => {
    const child = startChild('systemd-notify', [word], { env: { ...env }, stdio: 'ignore' });
    // Where it is not there, the unit is restarted, and its log says why.
    const log = (error: Error): void =>
      void process.stderr.write(`systemd-notify: ${error.message}\n`);
    if (child instanceof Error) {
      log(child);
      return;
    }
    child.on('error', log);
    child.unref();
  };
  return {
    ready: () => say('--ready'),
    alive() {
      const at = now();
      if (everyMs === undefined || (last !== undefined && at - last < everyMs)) return;
      last = at;
      say('WATCHDOG=1');
    },
  };
}
