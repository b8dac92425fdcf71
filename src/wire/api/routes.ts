/** Every route there is. The OpenAPI document, the server and the tests go by this list. */
import type { Route } from './route.ts';
import { actRoutes } from './routes-act.ts';
import { adminRoutes } from './routes-admin.ts';
import { drillRoutes } from './routes-drills.ts';
import { exposureRoutes } from './routes-exposure.ts';
import { historyRoutes } from './routes-history.ts';
import { filesRoutes } from './routes-files.ts';
import { openRoutes } from './routes-open.ts';
import { pageRoutes } from './routes-pages.ts';
import { planRoutes } from './routes-plans.ts';
import { watchRoutes } from './routes-watch.ts';

export const ROUTES = {
  ...openRoutes,
  ...watchRoutes,
  ...exposureRoutes,
  ...historyRoutes,
  ...actRoutes,
  ...drillRoutes,
  ...adminRoutes,
  ...filesRoutes,
  ...pageRoutes,
  ...planRoutes,
} as const;

export const allRoutes: readonly Route[] = Object.values(ROUTES);
