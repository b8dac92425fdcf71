import type { Cli } from '../cli/cli.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal ends it in order; the next one at once. */
export function stopOf(cli: Cli): { readonly promise: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop);
    cli.stop.takeBack();
    resolve();
  };
  cli.stop.leaveToCommand();
  for (const signal of SIGNALS) process.on(signal, stop);
  return { promise, stop };
}
