/** Entry of the process in which `up` runs its server. */
import { onceFree, ParentLink } from './parent-link.ts';
import type { ServerAsk, ServerSays } from './watch-messages.ts';
import { ServerOfUp } from './server-of-up.ts';

let server: Promise<ServerOfUp> | undefined;
const parent = new ParentLink<ServerAsk, ServerSays>((ask) => {
  void take(ask).catch((error: unknown) => parent.fail(error));
});

async function take(ask: ServerAsk): Promise<void> {
  if (ask.kind === 'begin') {
    const toUp = {
      say: (says: ServerSays): void => parent.say(says),
      fail: (error: unknown): void => parent.fail(error),
    };
    server = onceFree('HF_SERVER_RUNNING', () => ServerOfUp.start(ask, toUp));
    await server;
    return;
  }
  const running = await server;
  if (ask.kind === 'agent') await running?.giveAgent(ask.directories);
  if (ask.kind === 'link') await running?.giveLink();
  if (ask.kind !== 'end') return;
  await running?.close();
  process.exit(0);
}
